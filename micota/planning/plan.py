"""The plan of a study: its jobs, what each costs, when each would run, and what that takes of time, disk and memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from micota.planning.costs import Cost, Workload
from micota.planning.jobs import Job, chains, schedule

Rates = Mapping[str, tuple[float, float]]  # rule -> seconds of its start, factor on the work of the assumed device


@dataclass(frozen=True)
class Totals:
    """Of a rule, or of the study: times in seconds, memory and disk in bytes."""

    jobs: int
    seconds: float
    gpu_seconds: float
    sampled: float
    trained: float
    stored: float
    download: float
    host: float
    gpu: float
    files: int


@dataclass(frozen=True)
class Plan:
    """A study's jobs on a machine with `capacity` = (cores, GPUs)."""

    jobs: Sequence[Job]
    costs: Mapping[int, Cost]
    seconds: Mapping[int, float]
    times: Mapping[int, tuple[float, float]]
    capacity: tuple[int, int]

    @property
    def wall(self) -> float:
        """Seconds from the first job's start to the last one's end."""
        return max((end for _, end in self.times.values()), default=0.0)

    @property
    def chain(self) -> float:
        """Seconds of the longest chain of jobs: no number of GPUs makes the study shorter."""
        return max(chains(self.jobs, self.seconds).values(), default=0.0)

    def totals(self, rule: str | None = None) -> Totals:
        """Of one rule's jobs, or of all."""
        jobs = [job.number for job in self.jobs if rule in (None, job.rule)]
        costs = [self.costs[number] for number in jobs]
        return Totals(
            jobs=len(jobs),
            seconds=fsum(self.seconds[number] for number in jobs),
            gpu_seconds=fsum(self.seconds[number] * self.costs[number].gpus for number in jobs),
            sampled=fsum(cost.sampled for cost in costs),
            trained=fsum(cost.trained for cost in costs),
            stored=fsum(cost.stored for cost in costs),
            download=fsum(cost.download for cost in costs),
            host=max((cost.host for cost in costs), default=0.0),
            gpu=max((cost.gpu for cost in costs), default=0.0),
            files=sum(cost.files for cost in costs),
        )

    @property
    def rules(self) -> list[str]:
        """Rules, the dearest first."""
        return sorted({job.rule for job in self.jobs}, key=lambda rule: (-self.totals(rule).seconds, rule))

    @property
    def final_disk(self) -> float:
        return fsum(cost.stored for cost in self.costs.values() if not cost.temporary)

    @property
    def peak_disk(self) -> float:
        """Most bytes at any time: what is stored, checkpoints of running trainings, temporary files still needed."""
        peak = held = 0.0
        for _, change in sorted(self._changes()):  # what ends makes room for what begins then
            held += change
            peak = max(peak, held)
        return peak

    def _changes(self) -> Iterator[tuple[float, float]]:
        """(time, bytes more or less) of the disk. A job's output grows while it runs: counted from its start."""
        last_use = {job.number: self.times[job.number][1] for job in self.jobs}
        for job in self.jobs:
            for number in job.needs:
                last_use[number] = max(last_use[number], self.times[job.number][1])
        for job in self.jobs:
            (start, end), cost = self.times[job.number], self.costs[job.number]
            yield start, cost.stored + cost.passing
            yield end, -cost.passing
            if cost.temporary:
                yield last_use[job.number], -cost.stored


def make_plan(jobs: Sequence[Job], workload: Workload, rates: Rates, capacity: tuple[int, int]) -> Plan:
    """Cost and schedule the jobs; `rates` holds what a pilot measured, by rule, and is empty without one."""
    costs = {job.number: workload.cost(job) for job in jobs}
    seconds = {job.number: duration(costs[job.number], rates.get(job.rule)) for job in jobs}
    needed = {number: (cost.cores, cost.gpus) for number, cost in costs.items()}
    return Plan(jobs, costs, seconds, schedule(jobs, seconds, needed, capacity), capacity)


def duration(cost: Cost, rate: tuple[float, float] | None) -> float:
    """Seconds of a job on the assumed device, or at the rate that a pilot measured."""
    start, factor = rate or (cost.start, 1.0)
    return start + factor * cost.work


def too_large(plan: Plan, memory: float) -> list[str]:
    """Rules with a job that would not fit on one GPU with `memory` bytes, with the largest such need."""
    found = []
    for rule in plan.rules:
        costs = [plan.costs[job.number] for job in plan.jobs if job.rule == rule]
        largest = max(costs, key=lambda cost: cost.gpu / cost.gpu_share)
        room = largest.gpu_share * memory
        if largest.gpu > room:
            found.append(f"{rule} needs {largest.gpu / 1e9:.1f} GB on each of its GPUs, it may fill {room / 1e9:.1f}")
    return found
