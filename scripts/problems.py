"""Turn a data set into problem records.

    python -m scripts.problems --dataset math500 --loader math500 --path math500.jsonl --out OUT.jsonl
    python -m scripts.problems --dataset train --loader math12k --hub hiyouga/math12k --split train --revision COMMIT \\
        --out OUT.jsonl
    python -m scripts.problems --dataset easy --loader arithmetic \\
        --options '{"part": "test", "count": 500, "seed": 1, "operations": [2], "bound": 299}' --out OUT.jsonl

Rows come from a local file (JSON Lines, JSON array, CSV, TSV or Parquet, also gzipped) or from the Hugging Face Hub at
a pinned revision; a set read whole must have its published number of rows and the content that its loader knows (or
`--sha256`). `--leave-out` names rows that are no problems here. `--limit` takes a seeded random sample, in the order of
the source. An id is `{dataset}/{row}`, the row's index in the source, whatever the limit.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import json_flag, run
from micota.common.records import write_json, write_jsonl
from micota.problems.datasets import LOADERS, Home, load
from micota.problems.datasets.leaving_out import LeaveOut


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", required=True, help="the name of the data set in this study, used in ids")
    parser.add_argument("--loader", required=True, choices=LOADERS, help="which kind of rows to expect")
    home = parser.add_mutually_exclusive_group()
    home.add_argument(
        "--path", type=Path, help="a local file: JSON Lines, a JSON array, CSV, TSV or Parquet, also gzipped"
    )
    home.add_argument("--hub", metavar="REPO", help="a data set on the Hub (default: the loader's home)")
    parser.add_argument("--config", help="configuration of the data set on the Hub")
    parser.add_argument("--split", help="split on the Hub; for a local file, the split it should be, to check its rows")
    parser.add_argument("--revision", help="commit of the data set on the Hub")
    parser.add_argument("--limit", type=int, help="keep a random sample of this many problems")
    parser.add_argument("--seed", type=int, default=0, help="seed of that sample")
    parser.add_argument("--options", type=json_flag, default={}, help="options of the arithmetic loader, a JSON object")
    parser.add_argument("--leave-out", type=json_flag, default={}, help="the set's block `leave_out`, a JSON object")
    parser.add_argument("--counts", type=Path, help="how many rows were kept, and left out by rule, JSON")
    parser.add_argument("--sha256", help="content of the whole set, where it is not the one that the loader knows")
    parser.add_argument("--out", type=Path, required=True, help="problem records, JSON Lines")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Load, sample, write."""
    args = parse_args(argv)
    home = Home(args.path, args.hub, args.config, args.split, args.revision)
    leave_out = LeaveOut(**args.leave_out)
    found = load(args.dataset, args.loader, home, args.options, args.limit, args.seed, args.sha256, leave_out)
    count = write_jsonl(args.out, found)
    left_out = dict(sorted(leave_out.counts.items()))
    if args.counts:
        write_json(args.counts, {"problems": count, "left_out": left_out})
    print(f"{args.dataset}: {count} problems" + (f", rows left out: {left_out}" if left_out else ""))


if __name__ == "__main__":
    run(main)
