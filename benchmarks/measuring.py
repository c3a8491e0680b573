"""Contenders measured side by side: in turns, several rounds, ratios with their spread, CPU time beside wall time.

On a machine that others use too, wall time says little and two runs one after the other less. Here every round runs
each contender once, in an order that turns, and a ratio is taken within a round. CPU time (user + system, of a process
and all below it) hardly feels the neighbours' load.
"""

import json
import multiprocessing
import os
import resource
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import psutil

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Usage:
    """What one run took; `amount` is the work it did (tokens, traces, checkpoints), in the benchmark's own unit."""

    wall: float  # seconds
    cpu: float  # seconds, user + system
    peak: float  # MB, resident, of the largest process
    private: float | None = None  # MB, largest sum of anonymous memory seen: without mapped files; None if not watched
    amount: float = 1.0
    notes: dict[str, Any] = field(default_factory=dict)


Work = Callable[[], tuple[float, dict[str, Any]]]  # does the work once; returns its amount and what is worth noting


def anonymous(pid: int) -> float:
    """MB of anonymous memory of a process and those below it; of one that has just ended, 0."""
    total = 0
    try:
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            lines = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
    except (OSError, psutil.Error):
        return 0.0
    return total / 1024


def run_command(command: Sequence[str], log: Path, extra: Mapping[str, str] | None = None) -> Usage:
    """A fresh process from start to end; its output goes to `log`. RuntimeError with its last lines if it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as handle:
        started = time.monotonic()
        process = subprocess.Popen(
            command, stdout=handle, stderr=subprocess.STDOUT, env={**os.environ, **(extra or {})}, cwd=PROJECT
        )
        most, ended = [0.0], threading.Event()

        def watch() -> None:
            while not ended.wait(0.2):
                most[0] = max(most[0], anonymous(process.pid))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        ended.set()
        watcher.join()
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]
        raise RuntimeError("\n".join([f"{' '.join(command[:4])} ... failed ({process.returncode}):", *said]))
    return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, most[0])


def cpu_seconds() -> float:
    """User and system time of this process and of those below it, living or ended (vLLM's engine is one of its own)."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    living = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    below = sum(t.user + t.system + t.children_user + t.children_system for t in living)
    return sum(usage.ru_utime + usage.ru_stime for usage in used) + below


def measure(work: Work) -> Usage:
    """One run in this process."""
    cpu, started = cpu_seconds(), time.monotonic()
    amount, notes = work()
    wall, cpu = time.monotonic() - started, cpu_seconds() - cpu
    peaks = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return Usage(wall, cpu, max(peaks), amount=amount, notes=notes)


def serve(pipe: Connection, build: Callable[..., Work], options: dict[str, Any]) -> None:
    """In a contender's process: build once, then run once for every message but None."""
    made: list[Work] = []

    def start() -> tuple[float, dict[str, Any]]:
        made.append(build(**options))
        return 1.0, {}

    pipe.send(measure(start))
    while pipe.recv() is not None:
        pipe.send(measure(made[0]))
    for process in psutil.Process().children(recursive=True):  # vLLM's engine, for which a regular end waits for ever
        process.terminate()
    os._exit(0)


class Living:
    """A contender in a process that stays: its start (imports, loading) is measured apart from its rounds.

    `build` is a module's function that returns the work; it is called in the process.
    """

    def __init__(self, build: Callable[..., Work], **options: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        # Not a daemon: vLLM starts a process of its own below it.
        self.process = context.Process(target=serve, args=(theirs, build, options))
        self.process.start()
        theirs.close()
        self.start: Usage = self.pipe.recv()

    def __call__(self) -> Usage:
        self.pipe.send("round")
        usage: Usage = self.pipe.recv()
        return usage

    def close(self) -> None:
        self.pipe.send(None)
        self.process.join()


Runs = dict[str, list[Usage]]


def interleave(contenders: Mapping[str, Callable[[], Usage]], rounds: int) -> Runs:
    """Every contender once a round; the first of a round is another one each time."""
    runs: Runs = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            usage = contenders[name]()
            runs[name].append(usage)
            print(f"round {number + 1}: {name}: {usage.wall:.2f} s, CPU {usage.cpu:.2f} s", flush=True)
    return runs


def spread(values: Sequence[float]) -> str:
    """Median and range."""
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def ratios(runs: Runs, name: str, of: str, rate: Callable[[Usage], float]) -> list[float]:
    """How many times the rate of contender `of` a contender had, round by round."""
    return [rate(one) / rate(other) for one, other in zip(runs[name], runs[of], strict=True)]


def table(runs: Runs, reference: str, unit: str) -> str:
    """Markdown: a contender's rate by wall and by CPU time, and how many times the reference's, median (range)."""
    lines = [
        f"| contender | {unit} a second | {unit} a CPU second | times {reference} (wall) | times {reference} (CPU) |"
        " peak MB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, usages in runs.items():
        wall, cpu = (ratios(runs, name, reference, rate) for rate in (by_wall, by_cpu))
        rates = (median(map(by_wall, usages)), median(map(by_cpu, usages)))
        cells = (*(f"{rate:.4g}" for rate in rates), spread(wall), spread(cpu), f"{max(u.peak for u in usages):.0f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def by_wall(usage: Usage) -> float:
    return usage.amount / usage.wall


def by_cpu(usage: Usage) -> float:
    return usage.amount / usage.cpu


def machine() -> str:
    """The machine and how busy it is, in one line: a result without it says nothing."""
    from micota.provenance.manifest import hardware

    made = hardware()
    load = os.getloadavg()[0]
    gpus = "; ".join(made["gpus"]) or "no GPU"
    threads = os.environ.get("OMP_NUM_THREADS", "not set")
    return f"{made['processor']}, {made['cores']} cores, {gpus}; load {load:.1f}; OMP_NUM_THREADS {threads}"


def report(title: str, runs: Runs, reference: str, unit: str, out: Path | None = None) -> None:
    """Print machine and table; with `out`, every single run goes there as JSON."""
    print(f"\n{title}\n{machine()}; {len(runs[reference])} rounds, in turns; median (range)\n")
    print(table(runs, reference, unit), flush=True)
    if out:
        from micota.common.records import write_json

        write_json(out, {"title": title, "machine": machine(), "unit": unit, "runs": as_json(runs)})


def as_json(runs: Runs) -> Any:
    return json.loads(json.dumps({name: [asdict(usage) for usage in usages] for name, usages in runs.items()}))
