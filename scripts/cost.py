"""What a study cost: seconds and memory per rule, from the benchmark files Snakemake wrote.

    python -m scripts.cost --benchmarks results/mini/benchmarks --seconds reference/mini/seconds.json

Prints two Markdown tables: by rule, and by training seed, with what all seeds share in a row of its own.
`--seconds` writes rule -> job -> seconds, which scripts/follow.py estimates with.
"""

import argparse
import re
from collections.abc import Sequence
from math import fsum
from pathlib import Path
from statistics import fmean

from micota.common.cli import run
from micota.common.errors import DataError
from micota.common.records import write_json
from micota.common.tables import DASH
from micota.common.timings import Timings, read_timings, seconds

SEED = re.compile(r"-s(\d+)(?:-\d+)?$")  # of a student, and of a shard of its traces


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmarks", type=Path, required=True)
    parser.add_argument("--seconds", type=Path)
    return parser.parse_args(argv)


def seed_of(job: str) -> str:
    """The training seed of a student's job; none of what is done once for all seeds."""
    found = SEED.search(job)
    return found[1] if found else ""


def by_seed(rules: Timings) -> list[str]:
    """A table of seconds: a column per rule, a row per training seed; first what is done once for all of them."""
    seeds = sorted({seed_of(job) for jobs in rules.values() for job in jobs}, key=lambda seed: int(seed or -1))
    lines = [f"| seconds for | {' | '.join(rules)} | in all |", "|---" + "|---:" * (len(rules) + 1) + "|"]
    for seed in seeds:
        sums = [fsum(row.get("s", 0) for job, row in jobs.items() if seed_of(job) == seed) for jobs in rules.values()]
        cells = [f"seed {seed}" if seed else "every seed, once", *(f"{value:.0f}" for value in (*sums, fsum(sums)))]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    rules = read_timings(args.benchmarks)
    if not rules:
        raise DataError(f"{args.benchmarks}: no benchmark files; run the study first")
    print("| rule | jobs | seconds a job | seconds in all | largest memory (MB) |")
    print("|---|---:|---:|---:|---:|")
    for rule, jobs in rules.items():
        taken, memory = ([row[name] for row in jobs.values() if name in row] for name in ("s", "max_rss"))
        times = (f"{fmean(taken):.1f}", f"{fsum(taken):.0f}") if taken else (DASH, DASH)
        cells = (rule, str(len(jobs)), *times, f"{max(memory):.0f}" if memory else DASH)
        print(f"| {' | '.join(cells)} |")
    print("\n" + "\n".join(by_seed(rules)))
    if args.seconds:
        write_json(args.seconds, seconds(rules))


if __name__ == "__main__":
    run(main)
