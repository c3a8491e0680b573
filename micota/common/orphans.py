"""A job ends with the Snakemake that started it, also where that one is killed.

A job is a grandchild of Snakemake's, by way of a shell, and would live on: beside the job that the next run starts in
its place, writing the same files. (What the kernel offers, PR_SET_PDEATHSIG, looks at the parent alone: the shell.)
"""

import os
import select
import signal
import threading
import time
from pathlib import Path

SNAKEMAKE = "MICOTA_SNAKEMAKE"  # in a job's environment: the process it belongs to, as `process_mark` writes it


def process_mark() -> str:
    """This process as another one of the same namespace of processes can find it."""
    return f"{os.getpid()} {namespace()}"


def namespace() -> str:
    """A container may have process numbers of its own."""
    path = Path("/proc/self/ns/pid")
    return str(path.readlink()) if path.is_symlink() else ""


def end_with_snakemake() -> None:
    """From here on, end this process when its Snakemake ends; nothing where none started it."""
    number, _, where = os.environ.get(SNAKEMAKE, "").partition(" ")
    if number and where == namespace():
        end_with(int(number))


def end_with(process: int) -> None:
    """From here on, end this process when another one of its namespace ends."""
    threading.Thread(target=outlive, args=(process,), daemon=True).start()


def outlive(process: int) -> None:
    """Wait for the end of a process, then kill this one, as if it had been killed with it."""
    try:
        select.select([os.pidfd_open(process)], [], [])
    except (AttributeError, OSError):  # not Linux, or an old kernel; or it has ended already
        while alive(process):
            time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)


def alive(process: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
