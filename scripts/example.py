"""Take the README's example from a finished run: one problem and its CoT in each corpus.

    python -m scripts.example --out reference/mini/example.json --corpora results/mini/corpora/{short,mid,long}.jsonl

The problem is not chosen by taste: it is the first one of the first corpus that every corpus holds.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from micota.common.cli import run
from micota.common.contracts import corpus_rows
from micota.common.errors import DataError
from micota.common.files import by_name
from micota.common.records import Record, write_json


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, nargs="+", required=True, help="in the order to show, with their names")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Write the example."""
    args = parse_args(argv)
    corpora = by_name(args.corpora)
    write_json(args.out, example({name: list(corpus_rows(path)) for name, path in corpora.items()}))


def example(corpora: Mapping[str, Sequence[Record]]) -> Record:
    """The problem and its first trace in each corpus; UserError if no problem is in all of them."""
    first, *others = corpora.values()
    held = [{row["id"] for row in rows} for rows in others]
    chosen = next((row for row in first if all(row["id"] in ids for ids in held)), None)
    if chosen is None:
        raise DataError(f"no problem is in all of the corpora {', '.join(corpora)}")
    traces = {name: next(row for row in rows if row["id"] == chosen["id"]) for name, rows in corpora.items()}
    kept = ("sampler", "n_tokens", "completion")
    return {
        "id": chosen["id"],
        "problem": chosen["problem"],
        "traces": {name: {key: row[key] for key in kept} for name, row in traces.items()},
    }


if __name__ == "__main__":
    run(main)
