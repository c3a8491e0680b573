"""Check a study's results: every file against its seal and the manifest, every record against its contract.

    python -m scripts.check_results --results results/mini --figures figures/mini

Says what was looked at; each fault is a line that names the file and what to do, and the exit status is then 1. Also of
a folder that `scripts.logs unpack` made, which holds the records of a study without its models.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import Parser, run
from micota.common.errors import MissingFile
from micota.provenance.check import check_results


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, required=True, help="the study's folder of results")
    parser.add_argument("--figures", type=Path, help="that of its figures (default: figures/{name of the results})")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    if not args.results.is_dir():
        raise MissingFile(f"{args.results}: no such folder: run the study first")
    checked = check_results(args.results, args.figures or Path("figures") / args.results.name)
    for fault in checked.faults:
        print(f"error: {fault}", file=sys.stderr)
    print(f"{args.results}: looked at {', '.join(f'{count} {what}' for what, count in checked.counts.items())}")
    print(f"{args.results}: {len(checked.faults)} faults" if checked.faults else f"{args.results}: as it was made")
    if checked.faults:
        sys.exit(1)


if __name__ == "__main__":
    run(main)
