"""Time-line of a finished run: a bar per job, how many jobs ran at once, and the chain of jobs that made it so long.

    python -m benchmarks.timeline --benchmarks results/mini/benchmarks --cores 2 --out-stem figures/mini/timeline

Read from Snakemake's own log (`--log`, by default the newest in .snakemake/log with a finished job), which has start,
end, outputs and updated inputs of every job: a job waited for those jobs whose outputs are its inputs. Times are whole
seconds. The benchmark files add CPU seconds; Snakemake takes them every half minute only, so they are a lower bound.
"""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from micota.common.cli import run
from micota.common.errors import UserError
from micota.provenance.manifest import costs
from micota.results.looks import BAD, GREYS
from micota.results.plots import save, subplots

STAMP = re.compile(r"\[(\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4})\]")
STARTED = re.compile(r"Job (\d+): (.*)")
FINISHED = re.compile(r"Finished jobid: (\d+) \(Rule: (\w+)\)")
REASONS = {"outputs": "Missing output files: ", "inputs": "Input files updated by another job: "}
PATH, REST = BAD, GREYS[2]  # on the chain, and not


@dataclass(frozen=True)
class Job:
    """One job; seconds since the first job's start."""

    rule: str
    label: str
    start: float
    end: float
    after: tuple[int, ...]  # jobs it needed that ran in this run

    @property
    def seconds(self) -> float:
        return self.end - self.start


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, help="of Snakemake")
    parser.add_argument("--benchmarks", type=Path, help="results/{study}/benchmarks, for CPU seconds")
    parser.add_argument("--cores", type=int, default=2, help="that the run was given")
    parser.add_argument("--out-stem", required=True, help="where to write the figure, without the ending")
    return parser.parse_args(argv)


def newest_log(folder: Path = Path(".snakemake/log")) -> Path:
    """The newest log in which a job finished."""
    for path in sorted(folder.glob("*.snakemake.log"), reverse=True):
        if FINISHED.search(path.read_text(encoding="utf-8")):
            return path
    raise UserError(f"{folder}: no log of a run with a finished job; name one with --log")


def files_of(reason: str, kind: str) -> list[str]:
    """The files that a job's reason names as missing outputs, or as inputs that another job made."""
    parts = [part.removeprefix(REASONS[kind]) for part in reason.split("; ") if part.startswith(REASONS[kind])]
    return parts[0].split(", ") if parts else []


def read_jobs(log: Path) -> dict[int, Job]:
    """Job number -> job, of all that finished; what they needed by the files named in their reasons."""
    moment = datetime.min
    started: dict[int, tuple[datetime, str]] = {}
    reasons: dict[int, str] = {}
    ended: dict[int, tuple[datetime, str]] = {}
    number = None
    for line in log.read_text(encoding="utf-8").splitlines():
        if match := STAMP.fullmatch(line):
            moment = datetime.strptime(match[1], "%a %b %d %H:%M:%S %Y")
        elif match := STARTED.match(line):
            number = int(match[1])
            started[number] = moment, match[2]
        elif line.startswith("Reason: ") and number is not None:
            reasons[number] = line.removeprefix("Reason: ")
        elif match := FINISHED.match(line):
            ended[int(match[1])] = moment, match[2]
    if not (done := [job for job in started if job in ended]):
        raise UserError(f"{log}: no job with a message started and finished")
    makers = {path: job for job in done for path in files_of(reasons.get(job, ""), "outputs")}
    first = min(started[job][0] for job in done)
    jobs = {}
    for job in done:
        needed = {makers[path] for path in files_of(reasons.get(job, ""), "inputs") if path in makers}
        begin, end = ((moment - first).total_seconds() for moment in (started[job][0], ended[job][0]))
        jobs[job] = Job(ended[job][1], started[job][1].rpartition(" ")[2], begin, end, tuple(sorted(needed)))
    return jobs


def chain(jobs: Mapping[int, Job]) -> list[int]:
    """Back from the job that ended last, each time to the one it needed that ended last; in order of time."""
    found = [max(jobs, key=lambda job: jobs[job].end)]
    while needed := jobs[found[-1]].after:
        found.append(max(needed, key=lambda job: jobs[job].end))
    return found[::-1]


def longest_path(jobs: Mapping[int, Job]) -> float:
    """Seconds of the longest path through the jobs: the run with any number of cores, if none slows another."""
    length: dict[int, float] = {}
    for number, job in sorted(jobs.items(), key=lambda item: item[1].start):  # what a job needs started before it
        length[number] = job.seconds + max((length[needed] for needed in job.after), default=0.0)
    return max(length.values())


def running(jobs: Mapping[int, Job]) -> Iterator[tuple[float, float, int]]:
    """From, to, number of jobs that ran."""
    times = sorted({time for job in jobs.values() for time in (job.start, job.end)})
    for begin, end in pairwise(times):
        yield begin, end, sum(job.start <= begin and job.end >= end for job in jobs.values())


def summary(jobs: Mapping[int, Job], cores: int, cpu: float | None) -> str:
    """Length, use of the cores, and the chain, as text."""
    total = max(job.end for job in jobs.values())
    busy = [0.0] * (cores + 1)
    for begin, end, count in running(jobs):
        busy[min(count, cores)] += end - begin
    lines = [f"{len(jobs)} jobs in {total:.0f} s; longest path through them {longest_path(jobs):.0f} s"]
    lines += [f"jobs at once: {count}, {share / total:.0%}" for count, share in enumerate(busy)]
    slots = sum(count * share for count, share in enumerate(busy)) / (cores * total)
    lines += [f"slots used, if every job had one thread: {slots:.0%}"]
    if cpu is not None:
        lines += [f"CPU seconds at least {cpu:.0f}: {cpu / (cores * total):.0%} of the cores"]
    lines += ["", "| critical chain | job | waited (s) | ran (s) |", "|---|---|---:|---:|"]
    before, short = 0.0, 0.0
    for job in (jobs[number] for number in chain(jobs)):
        lines.append(f"| {job.rule} | {job.label} | {job.start - before:.0f} | {job.seconds:.0f} |")
        short += job.start - before
        before = job.end
    return "\n".join([*lines, f"| in all | | {short:.0f} | {total - short:.0f} |"])


def lanes(jobs: Sequence[Job]) -> list[int]:
    """For each job of a rule, in order of start, the first lane that is free."""
    free: list[float] = []
    found = []
    for job in jobs:
        lane = next((lane for lane, end in enumerate(free) if end <= job.start), len(free))
        free[lane:] = [job.end, *free[lane + 1 :]]
        found.append(lane)
    return found


def draw(jobs: Mapping[int, Job], cores: int, least: float = 0.005) -> Figure:
    """Above a bar per job, rules in order of their first; rules that never took a `least` share of the run together."""
    total = max(job.end for job in jobs.values())
    on_chain = {id(jobs[number]) for number in chain(jobs)}
    rules: dict[str, list[Job]] = {}
    long = {job.rule for job in jobs.values() if job.seconds >= least * total}
    for job in sorted(jobs.values(), key=lambda job: (job.start, job.end)):
        rules.setdefault(job.rule if job.rule in long else "all others", []).append(job)
    rules |= {"all others": rules.pop("all others")} if "all others" in rules else {}
    height = sum(max(lanes(row)) + 1 for row in rules.values())
    figure, grid = subplots(2, 1, 9.0, 1.9 + 0.32 * height, sharex=True, height_ratios=[0.32 * height, 0.7])
    (above,), (below,) = grid
    top, ticks = 0.0, []
    for row in rules.values():
        places = lanes(row)
        for job, lane in zip(row, places, strict=True):
            draw_job(above, job, top + lane, PATH if id(job) in on_chain else REST, total)
        ticks.append(top + max(places) / 2)
        top += max(places) + 1.35
    above.set_yticks(ticks, list(rules))
    above.set_ylim(top - 0.6, -0.7)
    above.grid(axis="y", visible=False)
    above.grid(axis="x", visible=True)
    above.bar(0, 0, color=PATH, label="critical chain")
    above.bar(0, 0, color=REST, label="other jobs")
    above.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    steps = list(running(jobs))
    below.stairs([count for _, _, count in steps], [steps[0][0], *(end for _, end, _ in steps)], fill=True, color=REST)
    below.axhline(cores, color="#333333", linewidth=1.0)
    below.set_ylim(0, cores + 0.4)
    below.set_yticks(range(cores + 1))
    below.set_ylabel("jobs running")
    below.set_xlabel("seconds since the first job")
    below.set_xlim(0, total)
    return figure


def draw_job(axes: Axes, job: Job, place: float, colour: str, total: float) -> None:
    """A bar, with the job's name where it has room."""
    gap = total / 900  # between neighbours; a job of no time is a line of that width
    axes.barh(place, max(job.seconds - gap, gap), left=job.start, height=0.82, color=colour)
    if job.seconds > 0.011 * total * len(job.label):
        axes.text(job.start + job.seconds / 2, place, job.label, ha="center", va="center", fontsize=7)


def main(argv: Sequence[str] | None = None) -> None:
    """Read, print, draw."""
    args = parse_args(argv)
    log = args.log or newest_log()
    jobs = read_jobs(log)
    cpu = None
    if args.benchmarks:
        cpu = sum(rule.get("cpu_seconds", 0.0) for rule in costs(args.benchmarks).values())
    print(f"{log}\n{summary(jobs, args.cores, cpu)}")
    save(draw(jobs, args.cores), args.out_stem)


if __name__ == "__main__":
    run(main)
