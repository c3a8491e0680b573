"""One run of a study at a time in a folder, and no lock that outlives its run.

Snakemake locks the files of a run and takes the lock away at its end. A run that is killed leaves it behind, and the
next one is refused until somebody says `--unlock`. Here each run also holds a file, `.snakemake/runs/{study}.json`,
which says who it is and is locked for as long as the process lives, by the kernel: so the next run can tell a lock that
was left behind from one that is held. (Also, the first of two runs in one folder to end takes both their locks away.)
"""

import atexit
import os
from pathlib import Path
from typing import TextIO

from micota.common.errors import EnvironmentFault
from micota.common.locks import machine, mark, opened, read, who

RUNS, LOCKS = Path(".snakemake/runs"), Path(".snakemake/locks")
UNLOCK = "make unlock, or the same command with --unlock"


def start_run(study: str, submits: bool = False) -> str | None:
    """Enter a run of a study that starts in this folder; it is held until this process ends, however it does.

    `submits`: its jobs run on other machines, and go on when this process is killed. Returns what to tell the user
    where the lock of a killed run was taken away. Raises UserError, one line that says who holds the study, where
    another run does, or may do: on a machine that can't be asked from here, or by jobs that it left in a queue.
    """
    RUNS.mkdir(parents=True, exist_ok=True)
    handle, held = opened(RUNS / f"{study}.json")
    record = read(handle)
    if held:
        raise EnvironmentFault(
            f"the study {study} is being run in this folder, by {who(handle)}: wait for it, or end it"
        )
    left = locks_of(study)
    if record and (held is None or record["machine"] != machine()):
        raise EnvironmentFault(
            f"the study {study} was being run in this folder by {who(handle)}, which has not said that it ended and"
            f" can't be asked from here. If it is gone: {UNLOCK}"
        )
    if record and record["submits"]:
        raise EnvironmentFault(
            f"the study {study} was being run in this folder by {who(handle)}, which was cut short, and jobs that it"
            f" submitted may be running still (`squeue --me`). When they have ended: {UNLOCK}"
        )
    if left and not record:
        raise EnvironmentFault(
            f"{left[0]}: Snakemake's lock on the study {study}, and nothing says who holds it. If no run of it is going"
            f" on: {UNLOCK}"
        )
    cut_short = f"{who(handle)}, was cut short: its lock on the study {study} is taken away" if record else None
    for path in left:
        path.unlink(missing_ok=True)
    mark(handle, submits)
    atexit.register(end_run, handle, os.getpid())
    return cut_short


def end_run(handle: TextIO, pid: int) -> None:
    """An empty file says that the last run ended in order."""
    if os.getpid() == pid:  # not a fork of it
        handle.truncate(0)
        handle.close()


def check_unlock() -> None:
    """Before `--unlock`, which takes all locks of a folder away: UserError if one of its runs is alive."""
    for path in sorted(RUNS.glob("*.json")):
        handle, held = opened(path)
        with handle:
            if held:
                raise EnvironmentFault(f"the study {path.stem} is being run, by {who(handle)}: nothing is unlocked")
            handle.truncate(0)


def locks_of(study: str) -> list[Path]:
    """Snakemake's lock files that name files of a study."""
    starts = (f"results/{study}/", f"figures/{study}/")
    paths = sorted(LOCKS.glob("*.lock"))
    return [path for path in paths if any(line.startswith(starts) for line in path.read_text().splitlines())]
