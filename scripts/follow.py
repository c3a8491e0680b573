"""Follow a run of Snakemake: one line a job, with how far it is and about how long it still takes.

    snakemake --cores 2 ... 2>&1 | python -m scripts.follow --seconds reference/mini/seconds.json

The time left is the work left (seconds a rule took in the reference run) at the pace of this run so far. From the
first sign of trouble on, every line of Snakemake's is passed through; its full log is in .snakemake/log/.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import fsum
from pathlib import Path

from micota.cli import run

STARTED = re.compile(r"^(?:local)?(?:checkpoint|rule|Job) (?P<job>\d+): (?P<message>.+)$", re.IGNORECASE)
FINISHED = re.compile(r"^Finished jobid: \d+ \(Rule: (?P<rule>\w+)\)")
COUNT = re.compile(r"^(?P<rule>[a-z_]+) +(?P<count>\d+)$")
TROUBLE = re.compile(r"error|exception|traceback|cannot|missing", re.IGNORECASE)
UNKNOWN_RULE = 2.0  # seconds, for a rule the reference run did not time


def follow(
    lines: Iterable[str], seconds: dict[str, float], clock: Callable[[], float] = time.monotonic
) -> Iterator[str]:
    """Yield what to show for Snakemake's output."""
    begin = clock()
    work: dict[str, int] = {}
    done, finished, trouble = 0.0, 0, False
    for line in lines:
        line = line.rstrip("\n")
        if trouble:
            yield line
        elif match := STARTED.match(line):
            left = time_left(work, seconds, done, clock() - begin)
            yield f"[{finished:3d} of {sum(work.values())} jobs] {match['message']}{left}"
        elif match := FINISHED.match(line):
            finished += 1
            done += seconds.get(match["rule"], UNKNOWN_RULE)
        elif match := COUNT.match(line):
            if match["rule"] != "total":
                work[match["rule"]] = int(match["count"])
        elif line.startswith("Nothing to be done"):
            yield line
        elif TROUBLE.search(line) and not line.startswith("Reason:"):
            trouble = True
            yield line
    yield f"{finished} jobs in {(clock() - begin) / 60:.1f} min"


def time_left(work: dict[str, int], seconds: dict[str, float], done: float, elapsed: float) -> str:
    """The work left at the pace so far; nothing before a twentieth of the work is done."""
    total = fsum(seconds.get(rule, UNKNOWN_RULE) * count for rule, count in work.items())
    if not total or done < total / 20:
        return ""
    return f"  (about {max(1, round((total - done) / done * elapsed / 60))} min left)"


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=Path, help="JSON: rule -> seconds a job took in a reference run")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    seconds = json.loads(args.seconds.read_text()) if args.seconds and args.seconds.is_file() else {}
    for line in follow(sys.stdin, seconds):
        print(line, flush=True)


if __name__ == "__main__":
    run(main)
