"""The jobs of a run and what waits for what: read from Snakemake's own graph, then scheduled on a machine.

The graph is Snakemake's (`snakemake --dag`), so that a plan can't count other jobs than a run would have.
"""

import heapq
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from micota.common.errors import ConfigurationError

NODE = re.compile(r'^\t(?P<number>\d+)\[label = "(?P<label>[^"]*)".*style="(?P<style>[^"]*)"\];$')
EDGE = re.compile(r"^\t(?P<before>\d+) -> (?P<after>\d+)$")


@dataclass(frozen=True)
class Job:
    """One job: its rule, its wildcards (without the study) and the jobs it waits for, by number."""

    number: int
    rule: str
    wildcards: Mapping[str, str]
    needs: tuple[int, ...] = ()


def read_dot(text: str) -> list[Job]:
    """The jobs still to run, from the output of `snakemake --dag`; jobs that are done are drawn dashed there.

    A label leaves out the wildcards that a job shares with one it waits for (the base of `likelihood`); they are
    taken from there, if only one value is found. UserError where the text holds no graph.
    """
    labels: dict[int, tuple[str, dict[str, str]]] = {}
    to_run: set[int] = set()
    needs: dict[int, list[int]] = {}
    for line in text.splitlines():
        if node := NODE.match(line):
            rule, *parts = node["label"].split("\\n")
            number = int(node["number"])
            labels[number] = (rule, dict(part.split(": ", 1) for part in parts))
            if "dashed" not in node["style"]:
                to_run.add(number)
        elif edge := EDGE.match(line):
            needs.setdefault(int(edge["after"]), []).append(int(edge["before"]))
    if not labels:
        raise ConfigurationError("no graph of jobs was read: pipe in the output of `snakemake --dag`")
    jobs = []
    for number in sorted(to_run):
        rule, own = labels[number]
        before = needs.get(number, [])
        values: dict[str, set[str]] = {}
        for name, value in (pair for other in before for pair in labels[other][1].items()):
            values.setdefault(name, set()).add(value)
        shared = {name: found.pop() for name, found in values.items() if len(found) == 1}
        wildcards = {name: value for name, value in (shared | own).items() if name != "study"}
        jobs.append(Job(number, rule, wildcards, tuple(other for other in before if other in to_run)))
    return jobs


def in_order(jobs: Sequence[Job]) -> list[Job]:
    """Jobs such that each stands after all that it waits for."""
    by_number = {job.number: job for job in jobs}
    ordered: dict[int, Job] = {}
    stack = [(job, False) for job in reversed(jobs)]
    while stack:
        job, ready = stack.pop()
        if job.number in ordered:
            continue
        if ready:
            ordered[job.number] = job
        else:
            stack.append((job, True))
            stack += [(by_number[number], False) for number in job.needs]
    return list(ordered.values())


def chains(jobs: Sequence[Job], seconds: Mapping[int, float]) -> dict[int, float]:
    """For each job the seconds from its start to the end of the longest chain that begins with it."""
    after: dict[int, float] = {}
    for job in reversed(in_order(jobs)):
        after[job.number] = after.get(job.number, 0.0) + seconds[job.number]
        for number in job.needs:
            after[number] = max(after.get(number, 0.0), after[job.number])
    return after


def schedule(
    jobs: Sequence[Job], seconds: Mapping[int, float], needed: Mapping[int, tuple[int, int]], capacity: tuple[int, int]
) -> dict[int, tuple[float, float]]:
    """Start and end of each job, in seconds: whenever something is free, the job with the longest chain goes first.

    `needed` and `capacity` are (cores, GPUs). A job that asks for more cores than there are gets all of them, as with
    `snakemake --cores`; one that asks for more GPUs than there are is a UserError.
    """
    waiting = {job.number: len(job.needs) for job in jobs}
    followers: dict[int, list[int]] = {}
    for job in jobs:
        cores, gpus = needed[job.number]
        if gpus > capacity[1]:
            raise ConfigurationError(
                f"a job of rule {job.rule} needs {gpus} GPUs, {capacity[1]} are given: GPUS={gpus} or more"
            )
        for number in job.needs:
            followers.setdefault(number, []).append(job.number)
    asked = {number: (min(cores, capacity[0]), gpus) for number, (cores, gpus) in needed.items()}
    priority = chains(jobs, seconds)
    ready = sorted((number for number, count in waiting.items() if not count), key=lambda n: -priority[n])
    running: list[tuple[float, int]] = []
    times: dict[int, tuple[float, float]] = {}
    free, now = capacity, 0.0
    while ready or running:
        left = []
        for number in ready:
            cores, gpus = asked[number]
            if cores <= free[0] and gpus <= free[1]:
                free = (free[0] - cores, free[1] - gpus)
                times[number] = (now, now + seconds[number])
                heapq.heappush(running, (now + seconds[number], number))
            else:
                left.append(number)
        now, done = heapq.heappop(running)
        free = (free[0] + asked[done][0], free[1] + asked[done][1])
        for number in followers.get(done, []):
            waiting[number] -= 1
            if not waiting[number]:
                left.append(number)
        ready = sorted(left, key=lambda n: -priority[n])
    return times
