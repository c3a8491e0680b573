"""Data parallelism: replicas of a model, each in a process of its own with devices of its own, share a job's chunks.

vLLM's own offline data parallelism is for mixtures of experts ("not supported/useful for dense models"): replicas of a
dense model have nothing to tell each other.
"""

import multiprocessing
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

from micota.common.errors import EnvironmentFault

VISIBLE = "CUDA_VISIBLE_DEVICES"


def on_replicas(works: Sequence[Callable[[], None]], devices_each: int) -> None:
    """Call every work in a process of its own, all at the same time, each with its own part of the visible devices.

    The works must be picklable. Where one fails, UserError, and the others are ended.
    """
    context = multiprocessing.get_context("spawn")  # a forked process cannot use CUDA
    running: list[BaseProcess] = []
    try:
        for number, work in enumerate(works):
            process = context.Process(target=call, args=(work,), name=f"replica {number}")
            with visible(part(os.environ.get(VISIBLE), number, devices_each)):  # it takes over the environment
                process.start()
            running.append(process)
        while running:
            ended = wait([process.sentinel for process in running])
            for replica in [replica for replica in running if replica.sentinel in ended]:
                running.remove(replica)
                replica.join()
                if replica.exitcode:
                    raise EnvironmentFault(
                        f"{replica.name} failed (exit status {replica.exitcode}); its own error is above"
                    )
    finally:
        for replica in running:
            replica.kill()
            replica.join()


def part(given: str | None, replica: int, each: int) -> str:
    """A replica's devices out of those in CUDA_VISIBLE_DEVICES (numbers or names), or of all where it is not set."""
    first, end = replica * each, (replica + 1) * each
    return ",".join(given.split(",")[first:end] if given else map(str, range(first, end)))


@contextmanager
def visible(devices: str) -> Iterator[None]:
    """CUDA_VISIBLE_DEVICES with another value."""
    before = os.environ.get(VISIBLE)
    os.environ[VISIBLE] = devices
    try:
        yield
    finally:
        if before is None:
            del os.environ[VISIBLE]
        else:
            os.environ[VISIBLE] = before


def call(work: Callable[[], None]) -> None:
    """Runs in a replica: do the work, and end when the parent ends. A kill of the parent alone spares its children."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        work()
    finally:
        for child in multiprocessing.active_children():  # vLLM's engine: only a main process ends it on leaving
            child.terminate()


def end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def take_along(children: Sequence[BaseProcess]) -> None:
    """Let children end with this process, even where it is killed: vLLM 0.32's engine would live on and hold its GPUs.

    A shell waits for the end of its input, which comes when this process is gone.
    """
    reading, _ = os.pipe()  # the other end stays open as long as this process lives
    guard = ["sh", "-c", 'read _; kill -9 "$@" 2> /dev/null', "guard", *(str(child.pid) for child in children)]
    subprocess.Popen(guard, stdin=reading, start_new_session=True)  # not in reach of what ends this process
    os.close(reading)
