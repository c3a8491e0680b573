"""Follow a run of Snakemake: one line a job, with how far it is and about how long it still takes.

    snakemake --cores 2 ... 2>&1 | python -m scripts.follow --seconds reference/mini/seconds.json

The time left is that of a schedule of the jobs left on this run's cores, in which each takes what it took in the
reference run, times the pace of this run: what its finished jobs took, by what they were expected to take. From the
first sign of trouble on, every line of Snakemake's is passed through; its full log is in .snakemake/log/.
"""

import argparse
import io
import json
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from math import ceil, fsum
from pathlib import Path
from statistics import median
from typing import Any

from micota.common.cli import run
from micota.common.records import read_json
from micota.planning.jobs import Job, schedule

STAMP = re.compile(r"^\[(?P<moment>\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4})\]$")
STARTED = re.compile(r"^(?:local)?(?:checkpoint|rule|Job) (?P<job>\d+): (?P<message>.+)$", re.IGNORECASE)
FINISHED = re.compile(r"^Finished jobid: (?P<job>\d+) \(Rule: (?P<rule>\w+)\)")
COUNT = re.compile(r"^(?P<rule>[a-z_]+) +(?P<count>\d+)$")
CORES = re.compile(r"^Provided cores: (?P<cores>\d+)")
GRAPH = re.compile(r"^micota: jobs in (?P<path>.+)$")  # rules/common.smk says so
SAID = "micota: "
QUIET = ("Reason:", "    reason:", "    input:", "    output:", "    log:", "Complete log(s):")  # names of files
HEAD = re.compile(r"^  [A-Z][\w ()]+: ")  # what Snakemake says of its own start: paths and names that mean nothing
TROUBLE = re.compile(r"error|exception|traceback|cannot|missing", re.IGNORECASE)
NUMBERED = re.compile(r"-[sm]\d+")  # the seed of a student, the mask of a merge: alike in any study
UNKNOWN_RULE = 2.0  # seconds, for a rule the reference run did not time
ENOUGH = 10.0  # seconds of finished jobs, by the reference, before a pace is told
MOST = 300  # jobs; of more, their work alone is looked at: scheduling them anew at each line would take time

Seconds = Mapping[str, float | Mapping[str, float]]  # rule -> seconds of a job, or of each by its name


class Run:
    """What is known of a run so far; moments in seconds."""

    def __init__(self, seconds: Seconds) -> None:
        self.seconds = {rule: by_name(jobs) for rule, jobs in seconds.items()}
        self.cores = 1
        self.counts: dict[str, int] = {}  # rule -> jobs of this run
        self.jobs: dict[int, dict[str, Any]] = {}  # its graph: rule, name, threads and needs of each job
        self.before = 0  # jobs that were done in an earlier run
        self.started: dict[int, float] = {}
        self.took: dict[int, tuple[str, float]] = {}  # finished job -> its rule and seconds

    @property
    def total(self) -> int:
        return self.before + sum(self.counts.values())

    @property
    def finished(self) -> int:
        return self.before + len(self.took)

    def read_graph(self, path: Path) -> None:
        """Take over what Snakemake's side has written of its jobs."""
        graph = read_json(path)
        self.before = graph["before"]
        self.jobs = {job["number"]: job for job in graph["jobs"]}

    def expected(self, rule: str, number: int) -> float:
        """Seconds of a job in the reference run; of one that is not named there, the median of its rule's."""
        known = self.seconds.get(rule)
        name = plain(self.jobs[number]["name"]) if number in self.jobs else ""
        return known.get(name, median(known.values())) if known else UNKNOWN_RULE

    def pace(self) -> float | None:
        """Seconds that this run takes for one of the reference run's; None as long as too little is finished."""
        timed = [(number, rule, took) for number, (rule, took) in self.took.items() if rule in self.seconds]
        expected = fsum(self.expected(rule, number) for number, rule, _ in timed)
        took = fsum(took for _, _, took in timed)
        return took / expected if expected > ENOUGH and took > 0 else None

    def left(self, now: float) -> float | None:
        """Seconds to the end of the run."""
        pace = self.pace()
        if pace is None:
            return None
        if not self.jobs or len(self.jobs) > MOST:
            left = Counter(self.counts) - Counter(rule for rule, _ in self.took.values())
            return pace * fsum(self.expected(rule, -1) * count for rule, count in left.items()) / self.cores
        jobs, seconds, threads = [], {}, {}
        for number, job in self.jobs.items():
            if number not in self.took:
                needs = tuple(other for other in job["needs"] if other not in self.took)
                jobs.append(Job(number, job["rule"], {}, needs))
                threads[number] = (job["threads"], 0)
                running = now - self.started.get(number, now)
                seconds[number] = max(pace * self.expected(job["rule"], number) - running, 0.0)
        return max((end for _, end in schedule(jobs, seconds, threads, (self.cores, 0)).values()), default=0.0)


def follow(lines: Iterable[str], seconds: Seconds, clock: Callable[[], float] = time.monotonic) -> Iterator[str]:
    """Yield what to show for Snakemake's output."""
    begin = clock()
    state = Run(seconds)
    now, trouble = 0.0, False
    for line in lines:
        line = line.rstrip("\n")
        if trouble:
            yield line
        elif match := STAMP.match(line):
            now = datetime.strptime(match["moment"], "%a %b %d %H:%M:%S %Y").timestamp()
        elif match := STARTED.match(line):
            state.started[int(match["job"])] = now
            yield f"[{state.finished:3d} of {state.total} jobs] {match['message']}{in_words(state.left(now))}"
        elif match := FINISHED.match(line):
            job = int(match["job"])
            state.took[job] = (match["rule"], now - state.started.get(job, now))
        elif match := CORES.match(line):
            state.cores = int(match["cores"])
        elif match := COUNT.match(line):
            if match["rule"] != "total":
                state.counts[match["rule"]] = int(match["count"])
        elif match := GRAPH.match(line):
            state.read_graph(Path(match["path"]))
        elif line.startswith((SAID, "Nothing to be done")):
            yield line
        elif TROUBLE.search(line) and not line.startswith(QUIET) and not HEAD.match(line):
            trouble = True
            yield line
    if not trouble or state.took:
        yield f"{len(state.took)} jobs in {(clock() - begin) / 60:.1f} min"


def plain(job: str) -> str:
    """A job's name without its seeds."""
    return NUMBERED.sub("", job)


def by_name(seconds: float | Mapping[str, float]) -> dict[str, float]:
    """The seconds of a rule's jobs, by their names without seeds."""
    return {plain(job): took for job, took in seconds.items()} if isinstance(seconds, Mapping) else {"": seconds}


def in_words(seconds: float | None) -> str:
    return "" if seconds is None else f"  (about {max(1, ceil(seconds / 60))} min left)"


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=Path, help="JSON: what a reference run took: rule -> job -> seconds")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    stopped: list[int] = []  # by Ctrl-C, which Snakemake gets too: what its jobs then say is of no use
    signal.signal(signal.SIGINT, lambda number, _: stopped.append(number))
    seconds = json.loads(args.seconds.read_text()) if args.seconds and args.seconds.is_file() else {}
    # Whatever the locale: Snakemake writes UTF-8, and a line that can't be read or shown must not hide an error.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    for line in follow(io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace"), seconds):
        if not stopped:
            print(line, flush=True)
    if stopped:
        print("stopped: run it again, finished jobs are kept", flush=True)


if __name__ == "__main__":
    run(main)
