"""What a study cost: seconds and memory per rule, from the benchmark files Snakemake wrote.

    python -m scripts.cost --benchmarks results/mini/benchmarks --seconds reference/mini/seconds.json

Prints a Markdown table; `--seconds` writes rule -> mean seconds a job, which scripts/follow.py estimates with.
"""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from micota.cli import UserError, run
from micota.records import write_json


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmarks", type=Path, required=True)
    parser.add_argument("--seconds", type=Path)
    return parser.parse_args(argv)


def measured(folder: Path) -> dict[str, list[dict[str, str]]]:
    """Rule -> the benchmark row of each of its jobs."""
    found: dict[str, list[dict[str, str]]] = {}
    for path in sorted(folder.glob("*/*.tsv")):
        with path.open() as handle:
            found.setdefault(path.parent.name, []).extend(csv.DictReader(handle, delimiter="\t"))
    if not found:
        raise UserError(f"{folder}: no benchmark files; run the study first")
    return found


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    rules = measured(args.benchmarks)
    print("| rule | jobs | seconds a job | seconds in all | largest memory (MB) |")
    print("|---|---:|---:|---:|---:|")
    for rule, rows in rules.items():
        seconds = [float(row["s"]) for row in rows]
        memory = max(float(row["max_rss"]) for row in rows if row["max_rss"] not in ("-", "NA"))
        print(f"| {rule} | {len(rows)} | {fmean(seconds):.1f} | {sum(seconds):.0f} | {memory:.0f} |")
    if args.seconds:
        write_json(args.seconds, {rule: round(fmean(float(r["s"]) for r in rows), 1) for rule, rows in rules.items()})


if __name__ == "__main__":
    run(main)
