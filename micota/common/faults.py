"""Faults of the machine that libraries raise in words of their own, said in one line with what to do."""

import errno
import re
import shutil
import sys
from pathlib import Path
from typing import NoReturn

from micota.common.errors import UserError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # disk, quota, limit on a file
REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
OF_RUST = re.compile(r"\(os error (\d+)\)")  # safetensors, tokenizers
OF_TORCH = re.compile(r"inline_container\.cc.*(?:unexpected pos|write failed)|PytorchStreamWriter failed", re.DOTALL)
SHARED = Path("/dev/shm")  # locks and queues of processes lie there


def in_one_line(error: BaseException) -> str | None:
    """What a program says of an error in place of a traceback; None for a fault of the program."""
    return str(error) if isinstance(error, UserError) else fault(error)


def end_with_line(error: Exception) -> NoReturn:
    """Say an error in one line and end with status 2; a fault of the program goes on as it is."""
    if (said := in_one_line(error)) is None:
        raise error
    print(f"error: {said}", file=sys.stderr, flush=True)
    sys.exit(2)


def fault(error: BaseException) -> str | None:
    """What a full disk or a place that may not be written to comes to in one line; None for another error."""
    number, file = errno_of(error), getattr(error, "filename", None)
    if number in FULL:
        # Locks name no file. A container often has 64 MB there.
        if not file and SHARED.is_dir() and shutil.disk_usage(SHARED).free < 2**20:
            return f"{SHARED}: full, in which processes share their memory: give the container more (--shm-size=1g)"
        where = f" for {file}" if file else ""
        return (
            f"no room left on the disk{where} ({reason(error)}): free some and run again. Nothing half-written was left"
            " under a result's name; the job goes on after its last chunk or checkpoint"
        )
    if number in REFUSED and file:
        return (
            f"{file}: {getattr(error, 'strerror', 'refused')}: give this user the right to it, or name another place"
            " (results/ may be a link to one; HOME, XDG_CACHE_HOME and TMPDIR say where caches and passing files go)"
        )
    return None


def errno_of(error: BaseException) -> int | None:
    """The system's number of an error, also where a library wrapped it."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    if found := OF_RUST.search(str(error)):
        return int(found[1])
    return errno.ENOSPC if OF_TORCH.search(str(error)) else None  # it does not say why it could not write


def reason(error: BaseException) -> str:
    """What the system says, or the first line of what the library does."""
    return getattr(error, "strerror", None) or str(error).partition("\n")[0][:200]
