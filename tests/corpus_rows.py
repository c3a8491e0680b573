"""For the tests of corpora: graded traces, corpus rows, and a corpus made from them by its kind or by the program."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from micota.common.records import Record, read_json, read_jsonl, write_json, write_jsonl
from micota.corpora.counts import Counts
from micota.corpora.kinds import REASONS
from micota.corpora.kinds.kind import Made
from scripts import corpus as script

PROBLEMS = {f"train/{i}": f"{i}+1?" for i in range(8)}


def graded(problem: str, **changes: Any) -> Record:
    """A correct, finished trace, with changes."""
    row = {
        "id": problem,
        "sample": 0,
        "sampler": "ta",
        "dataset": "train",
        "prompt": "p",
        "completion": f"\\boxed{{{problem}}}",
    }
    row |= {"finish_reason": "stop", "n_tokens": 10, "seed": 0, "answer": "1", "extracted": "1", "correct": True}
    return row | {"reason": "equal", "verdicts": {}} | changes


def rows_of(pairs: list[tuple[int, int]]) -> list[Record]:
    """Corpus rows from problems and lengths; a problem may have several."""
    return [
        {**graded(f"train/{problem}"), "sample": n, "problem": "?", "n_tokens": tokens}
        for n, (problem, tokens) in enumerate(pairs)
    ]


def each_kept(rows: Iterable[Record]) -> Made:
    for row in rows:
        yield row, None
    return {}


def passed(made: Made) -> tuple[list[Record], Counts]:
    """The rows that a kind keeps, and the counts of all that it read."""
    counts = Counts("made", REASONS)
    return list(counts.kept(made)), counts


def write_problems(path: Path) -> Path:
    write_jsonl(path, [{"id": id, "problem": text, "answer": "1", "source": "s"} for id, text in PROBLEMS.items()])
    return path


def write_corpora(folder: Path, corpora: dict[str, list[Record]], problems: int = 10) -> None:
    """Corpora with their counts; of so many problems those without a row were not solved."""
    for name, rows in corpora.items():
        write_jsonl(folder / f"{name}.jsonl", rows)
        _, counts = passed(each_kept(rows))
        counts.dropped["incorrect"] += problems - len(rows)
        write_json(folder / f"{name}.counts.json", counts.as_record())


def run_script(folder: Path, *flags: str) -> tuple[list[Record], Any]:
    """What scripts/corpus.py makes of the flags: rows and counts."""
    script.main([*flags, "--out", f"{folder}/made.jsonl", "--counts", f"{folder}/made.counts.json"])
    return list(read_jsonl(folder / "made.jsonl")), read_json(folder / "made.counts.json")
