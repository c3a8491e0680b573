"""Turn a data set into problem records.

    python -m scripts.problems --dataset math500 --loader math500 --path math500.jsonl --out OUT.jsonl
    python -m scripts.problems --dataset train --loader math12k --hub hiyouga/math12k --split train --revision COMMIT \\
        --out OUT.jsonl
    python -m scripts.problems --dataset easy --loader arithmetic \\
        --options '{"part": "test", "count": 500, "seed": 1, "operations": [2], "bound": 299}' --out OUT.jsonl

Rows come from a local JSON Lines file or from the Hugging Face Hub at a pinned revision; a set read whole must have
its published number of rows and the content that its loader knows (or `--sha256`). `--limit` takes a seeded random
sample, in the order of the source. An id is `{dataset}/{row}`, the row's index in the source, whatever the limit.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.cli import json_flag, run
from micota.datasets import LOADERS, Home, load
from micota.records import write_jsonl


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", required=True, help="the name of the data set in this study, used in ids")
    parser.add_argument("--loader", required=True, choices=LOADERS, help="which kind of rows to expect")
    home = parser.add_mutually_exclusive_group()
    home.add_argument("--path", type=Path, help="a local JSON Lines file")
    home.add_argument("--hub", metavar="REPO", help="a data set on the Hub (default: the loader's home)")
    parser.add_argument("--config", help="configuration of the data set on the Hub")
    parser.add_argument("--split", help="split on the Hub; for a local file, the split it should be, to check its rows")
    parser.add_argument("--revision", help="commit of the data set on the Hub")
    parser.add_argument("--limit", type=int, help="keep a random sample of this many problems")
    parser.add_argument("--seed", type=int, default=0, help="seed of that sample")
    parser.add_argument("--options", type=json_flag, default={}, help="options of the arithmetic loader, a JSON object")
    parser.add_argument("--sha256", help="content of the whole set, where it is not the one that the loader knows")
    parser.add_argument("--out", type=Path, required=True, help="problem records, JSON Lines")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Load, sample, write."""
    args = parse_args(argv)
    home = Home(args.path, args.hub, args.config, args.split, args.revision)
    found = load(args.dataset, args.loader, home, args.options, args.limit, args.seed, args.sha256)
    count = write_jsonl(args.out, found)
    print(f"{args.dataset}: {count} problems")


if __name__ == "__main__":
    run(main)
