"""One of the tables of benchmarks/growth.py, from the files that its other stages leave: `main(["main"])`."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

ENTRIES = [
    {"model": "one", "base": "one", "corpus": "base", "seed": 0},
    {"model": "other", "base": "one", "corpus": "mid", "seed": 0},
]
FILES = {
    "corpora": [Path("one.jsonl"), Path("other.jsonl")],
    "graded": [Path("graded/one.jsonl"), Path("graded/other.jsonl")],
    "problems": [Path("problems.jsonl")],
    "judged": [],
}
SETTINGS: dict[str, dict[str, Any]] = {
    "lengths": {"corpora": [{"own": name, "name": name, "chain": None} for name in ("one", "other")]},
    "main": {"entries": ENTRIES, "benchmarks": ["set"], "proposed": "mid"},
    "scores": {"entries": ENTRIES, "rules": {"set": "string"}},
}


def main(argv: Sequence[str]) -> None:
    (table,) = argv
    import_module(f"micota.results.tables.{table}").make(FILES, Path("tables"), **SETTINGS[table])
