"""A piece of work in this thread that may take so many seconds and no more, such as the program of somebody else."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from micota.common.errors import ModelError


class TooSlow(ModelError):
    """What was not done in time; the message begins with what it is."""


@contextmanager
def deadline(seconds: float, what: str) -> Iterator[None]:
    """Raise TooSlow, a line that begins with `what`, in work that takes longer than `seconds` of the clock.

    By the process' own alarm, so in the main thread alone, where all prompts are made; elsewhere there is no deadline.
    It ends what runs as Python, as Jinja's templates do, and waits for a single call in C. Setting it takes some
    microseconds; deadlines do not stand in each other.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(*_: object) -> None:
        raise TooSlow(f"{what} was not done after {seconds:g} seconds; look for loops in it")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if before is None else before)
