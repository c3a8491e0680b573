"""What a study cost: seconds and memory per rule, from the benchmark files Snakemake wrote.

    python -m scripts.cost --benchmarks results/mini/benchmarks --seconds reference/mini/seconds.json

Prints two Markdown tables: by rule, and by training seed, with what all seeds share in a row of its own.
`--seconds` writes rule -> job -> seconds, which scripts/follow.py estimates with.
"""

import argparse
import csv
import re
from collections.abc import Sequence
from math import fsum
from pathlib import Path
from statistics import fmean

from micota.common.cli import UserError, run
from micota.common.records import write_json
from micota.common.tables import DASH

SEED = re.compile(r"-s(\d+)(?:-\d+)?$")  # of a student, and of a shard of its traces


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
            seed = SEED.search(path.stem)
            rows = [
                {**row, "job": path.stem, "seed": seed[1] if seed else ""}
                for row in csv.DictReader(handle, delimiter="\t")
            ]
            found.setdefault(path.parent.name, []).extend(rows)
    if not found:
        raise UserError(f"{folder}: no benchmark files; run the study first")
    return found


def number(text: str) -> float | None:
    """A cell of a benchmark file; Snakemake writes NA or - where a job ended before it could be sampled."""
    return None if text in ("", "-", "NA") else float(text)


def numbers(rows: Sequence[dict[str, str]], column: str) -> list[float]:
    return [value for row in rows if (value := number(row[column])) is not None]


def by_seed(rules: dict[str, list[dict[str, str]]]) -> list[str]:
    """A table of seconds: a column per rule, a row per training seed; first what is done once for all of them."""
    seeds = sorted({row["seed"] for rows in rules.values() for row in rows}, key=lambda seed: int(seed or -1))
    lines = [f"| seconds for | {' | '.join(rules)} | in all |", "|---" + "|---:" * (len(rules) + 1) + "|"]
    for seed in seeds:
        sums = [fsum(numbers([row for row in rows if row["seed"] == seed], "s")) for rows in rules.values()]
        cells = [f"seed {seed}" if seed else "every seed, once", *(f"{value:.0f}" for value in (*sums, fsum(sums)))]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    rules = measured(args.benchmarks)
    print("| rule | jobs | seconds a job | seconds in all | largest memory (MB) |")
    print("|---|---:|---:|---:|---:|")
    for rule, rows in rules.items():
        seconds, memory = numbers(rows, "s"), numbers(rows, "max_rss")
        times = (f"{fmean(seconds):.1f}", f"{fsum(seconds):.0f}") if seconds else (DASH, DASH)
        cells = (rule, str(len(rows)), *times, f"{max(memory):.0f}" if memory else DASH)
        print(f"| {' | '.join(cells)} |")
    print("\n" + "\n".join(by_seed(rules)))
    if args.seconds:
        taken = {
            rule: {row["job"]: value for row in rows if (value := number(row["s"])) is not None}
            for rule, rows in rules.items()
        }
        write_json(args.seconds, {rule: seconds for rule, seconds in taken.items() if seconds})


if __name__ == "__main__":
    run(main)
