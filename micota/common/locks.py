"""Files that a process holds for as long as it lives, by the kernel: who holds one is said in it.

One writer at a time: a job whose Snakemake was killed, or that somebody started by hand, may still be at work on what
another one is about to write. A file system without locks is taken for one where nobody else writes.
"""

import atexit
import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import Any, TextIO

from micota.common.errors import EnvironmentFault

MACHINE = Path("/etc/machine-id")  # of Linux; told apart by it are machines of one name
PATIENCE = 60.0  # seconds for another writer to end: one that was killed may take a moment
PAUSE = 0.2

HELD: dict[Path, TextIO] = {}  # what this process writes -> its lock


def hold(path: Path) -> None:
    """Become the only writer of a file or folder, by a lock beside it, until `release` or the end of this process.

    Waits while another process holds it, and says for whom; EnvironmentFault after PATIENCE seconds.
    """
    path = path.absolute()
    if path in HELD:
        return
    lock = lock_of(path)
    lock.parent.mkdir(parents=True, exist_ok=True)
    end, told = time.monotonic() + PATIENCE, False
    while True:
        handle, held = opened(lock)
        if not held and is_at(handle, lock):
            break
        by = who(handle) if held else ""
        handle.close()
        if held and time.monotonic() > end:
            raise EnvironmentFault(f"{path}: {by}, is writing it: wait for that one, or end it")
        if held and not told:
            print(f"{path}: {by}, is writing it: waiting", flush=True)
            told = True
        time.sleep(PAUSE if held else 0)
    mark(handle)
    HELD[path] = handle
    atexit.register(release, path, os.getpid())


def release(path: Path, process: int | None = None) -> None:
    """Let others write it, and leave no lock behind; `process`: only if this is it, and not a fork of it."""
    if process in (None, os.getpid()) and (handle := HELD.pop(path.absolute(), None)):
        lock_of(path.absolute()).unlink(missing_ok=True)  # who waits for it sees that it is gone, and makes another
        handle.close()


def lock_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


def is_at(handle: TextIO, path: Path) -> bool:
    """Whether an open file still is the one of this name: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(handle.fileno()), path.stat())
    except FileNotFoundError:
        return False


def opened(path: Path) -> tuple[TextIO, bool | None]:
    """A file, locked for this process if it can be, and whether another one holds it; None: nobody can tell."""
    handle = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return handle, True
    except OSError:  # a file system without such locks
        return handle, None
    return handle, False


def read(handle: TextIO) -> dict[str, Any] | None:
    """Who holds the file or has held it last; None if that one ended in order."""
    handle.seek(0)
    text = handle.read()
    try:
        return dict(json.loads(text)) if text else None
    except ValueError:  # cut short while it was written
        return {"pid": "?", "machine": machine(), "since": "?", "submits": False}


def mark(handle: TextIO, submits: bool = False) -> None:
    """Write down that this process holds the file, so that it also stands there after a power cut."""
    handle.truncate(0)
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    json.dump({"pid": os.getpid(), "machine": machine(), "since": since, "submits": submits}, handle)
    handle.flush()
    os.fsync(handle.fileno())


def machine() -> list[str]:
    """This machine: its name, and what tells it from another one of that name."""
    return [socket.gethostname(), MACHINE.read_text(encoding="utf-8").strip() if MACHINE.is_file() else ""]


def who(handle: TextIO) -> str:
    """Who holds a file, or has held it last, in words."""
    record = read(handle)
    if record is None:
        return "a process that is just starting"
    return f"process {record['pid']} on {record['machine'][0]}, since {record['since']}"
