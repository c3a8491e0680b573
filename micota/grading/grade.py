"""Grade completions: is the answer that each gives the gold answer? What an answer is, a kind of task says.

What a kind cannot say at once is judged by workers, with a deadline that the parent enforces by killing, since
math-verify's own timeout is per comparison, needs the main thread, and cannot interrupt a big power; memory is bounded
too.
"""

import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import TimeoutError as DeadlineError
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any

from micota.common.errors import EnvironmentFault
from micota.common.orphans import end_with
from micota.common.records import Record
from micota.grading.maths import MATHS
from micota.grading.reasons import REASONS, RIGHT, TIMEOUT, UNPARSABLE
from micota.grading.repetition import repeated_share
from micota.grading.task_kind import TaskKind

CHUNK = 2048
REMEMBERED = 1_000_000  # pairs, some 200 MB: a study's pairs repeat, a thousand times its data should still fit
BATCH = 32  # a pair takes milliseconds, and so does handing it over
WORKER_MEMORY = 1 << 30  # address space in bytes; of ten thousand hostile answers the largest took 237 MB

Pair = tuple[str, str]  # gold, extracted
# What grading puts behind the fields of a trace.
FIELDS = ("answer", "extracted", "boxed_answers", "repeated_share", "correct", "reason", "verdicts")


def verify_all(pairs: list[Pair]) -> list[str]:
    """The verdicts on a batch of pairs; runs in a worker."""
    from micota.grading.equivalence import verify

    return [verify(pair) for pair in pairs]


def start_worker(starter: int) -> None:
    """Import what the work needs before the clock runs, and bound the memory. It ends with the process that asked."""
    import logging
    import resource

    import micota.grading.equivalence  # noqa: F401

    end_with(starter)
    logging.disable(logging.CRITICAL)  # math-verify warns of each comparison without a timeout of its own
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (WORKER_MEMORY, WORKER_MEMORY))


class Judge:
    """Verdicts by worker processes, math-verify's by default; remembers them. Use as a context manager."""

    def __init__(
        self, workers: int = 1, timeout: float = 10.0, verify: Callable[[list[Pair]], list[str]] = verify_all
    ) -> None:
        """`verify` gives a reason for each pair of a batch; it runs in a worker, so it is a module's own function."""
        self.verify = verify
        self.workers = workers
        self.timeout = timeout
        self.memory: dict[Pair, str] = {}
        self.pool: Any = None

    def __enter__(self) -> "Judge":
        return self

    def __exit__(self, *error: object) -> None:
        if self.pool is not None:
            self.pool.stop()
            self.pool.join()

    def judge(self, pairs: Iterable[Pair]) -> None:
        """Put the verdict on every pair into `memory`.

        A batch has the deadline of one pair and a tenth of it for each more, for most take milliseconds; what it does
        not finish is judged pair by pair.
        """
        if len(self.memory) > REMEMBERED:
            self.memory.clear()
        new = [pair for pair in dict.fromkeys(pairs) if pair not in self.memory]
        if new and self.pool is None:  # at the first pair that needs one: a file of equal integers never pays for it
            from pebble import ProcessPool

            # Neither fork (this process has pebble's threads) nor spawn (a second of imports after every kill).
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["micota.grading.preload"])
            self.pool = ProcessPool(
                max_workers=self.workers, context=context, initializer=start_worker, initargs=(os.getpid(),)
            )
        killed = self.attempt([new[at : at + BATCH] for at in range(0, len(new), BATCH)])
        for (pair,), verdict in self.attempt([[pair] for batch, _ in killed for pair in batch]):
            self.memory[pair] = verdict

    def attempt(self, batches: list[list[Pair]]) -> list[tuple[list[Pair], str]]:
        """Judge batches into `memory`; return those that were not finished, and what that says of one pair.

        EnvironmentFault where no worker stays alive.
        """
        from pebble import ProcessExpired

        killed = []
        try:
            futures = [
                self.pool.schedule(self.verify, args=(batch,), timeout=self.timeout * (1 + (len(batch) - 1) / 10))
                for batch in batches
            ]
            for batch, future in zip(batches, futures, strict=True):
                try:
                    self.memory |= zip(batch, future.result(), strict=True)
                except DeadlineError:
                    killed.append((batch, TIMEOUT))
                except ProcessExpired:  # out of memory, or a crash in C
                    killed.append((batch, UNPARSABLE))
        except BrokenProcessPool:
            raise EnvironmentFault(
                "grading: no worker process stays alive: killed from outside, or for memory; lower grading.workers"
                " (--workers), or give the job more"
            ) from None
        return killed


def grade(traces: Iterable[Record], golds: Mapping[str, str], judge: Judge, kind: TaskKind = MATHS) -> Iterator[Record]:
    """Graded traces, in order; `golds` maps problem ids to gold answers. Holds one chunk of traces at a time."""
    traces = iter(traces)
    while chunk := list(islice(traces, CHUNK)):
        found = [(golds[trace["id"]], kind.extract(trace)) for trace in chunk]
        quick = [kind.quick(gold, answer) for gold, answer in found]
        judge.judge(
            (gold, answer) for (gold, answer), reason in zip(found, quick, strict=True) if answer and not reason
        )
        for trace, (gold, answer), said in zip(chunk, found, quick, strict=True):
            reason = said or judge.memory[gold, answer or ""]
            yield {
                **trace,
                "answer": gold,
                "extracted": answer,
                "boxed_answers": kind.count(trace),
                "repeated_share": repeated_share(trace["completion"]),
                "correct": reason in RIGHT,
                "reason": reason,
                "verdicts": kind.verdicts(trace, gold, reason in RIGHT),
            }


def ungraded(trace: Record) -> Record:
    """The trace that a graded one was."""
    return {name: value for name, value in trace.items() if name not in FIELDS}


def summary(reasons: Counter[str]) -> str:
    """One line: how many, how many right, and why."""
    count = reasons.total()
    right = sum(reasons[reason] for reason in RIGHT)
    share = f" ({right / count:.1%})" if count else ""
    return f"{count} graded, {right} correct{share}: " + ", ".join(f"{reason} {reasons[reason]}" for reason in REASONS)
