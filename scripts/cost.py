"""What a study cost: seconds and memory per rule, from the benchmark files Snakemake wrote.

    python -m scripts.cost --benchmarks results/mini/benchmarks --seconds reference/mini/seconds.json

Prints two Markdown tables: by rule, and by training seed, or by chain where there are chains, with what all of them
share in a row of its own.
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
CHAIN = re.compile(r"-c(\d+)(?=-|$)")  # of a model or corpus, and of what is done with it; no name holds a hyphen


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmarks", type=Path, required=True)
    parser.add_argument("--seconds", type=Path)
    return parser.parse_args(argv)


def number_of(job: str, mark: re.Pattern[str]) -> str:
    """The seed or chain that a job is of; none of what is done once for all."""
    found = mark.search(job)
    return found[1] if found else ""


def by_unit(rules: Timings) -> list[str]:
    """A table of seconds: a column per rule, a row per chain, or training seed; first what is done once for all."""
    every = [job for jobs in rules.values() for job in jobs]
    what, mark = ("chain", CHAIN) if any(CHAIN.search(job) for job in every) else ("seed", SEED)
    numbers = sorted({number_of(job, mark) for job in every}, key=lambda number: int(number or -1))
    lines = [f"| seconds for | {' | '.join(rules)} | in all |", "|---" + "|---:" * (len(rules) + 1) + "|"]
    for number in numbers:
        sums = [
            fsum(row.get("s", 0) for job, row in jobs.items() if number_of(job, mark) == number)
            for jobs in rules.values()
        ]
        name = f"{what} {number}" if number else f"every {what}, once"
        lines.append(f"| {' | '.join([name, *(f'{value:.0f}' for value in (*sums, fsum(sums)))])} |")
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
    print("\n" + "\n".join(by_unit(rules)))
    if args.seconds:
        write_json(args.seconds, seconds(rules))


if __name__ == "__main__":
    run(main)
