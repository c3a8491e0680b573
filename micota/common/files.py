"""Files and folders: written whole or not at all, their hashes, what a file is of, how much room there is.

What is being written stands beside its place under a temporary name that begins with a point, and is then renamed,
when all of it is on the disk.
"""

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import TextIO

from micota.common.errors import DataError
from micota.common.locks import hold, release
from micota.common.seals import seal, unseal

ENDING = re.compile(r"(\.(counts|report))?\.jsonl?$")


def name_of(path: Path) -> str:
    """What a file is of: `graded/{model}.jsonl`, `corpora/{corpus}.counts.json` and the like.

    A model's name holds points (`ta-w0.4-d0.5-m0`), so what stands behind it is taken off by its kind.
    """
    return ENDING.sub("", path.name)


def by_name(paths: Iterable[Path]) -> dict[str, Path]:
    """Files by what they are of; UserError for two of the same."""
    found: dict[str, Path] = {}
    for path in paths:
        if (other := found.setdefault(name_of(path), path)) != path:
            raise DataError(f"{path}: {other} is of {name_of(path)} too, by its name; give one of the two")
    return found


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def free_bytes(folder: Path) -> int:
    """Free bytes of the file system where a folder is, or will be."""
    return shutil.disk_usage(existing(folder.absolute())).free


def on_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk: a name must not outlive a power cut without them.

    Raises OSError where a file finds no room after all; that some file systems cannot do it for a folder is no fault.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        if path.is_file():
            raise
    finally:
        os.close(handle)


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A name beside `path` to write a file under; the file takes its place when the block ends without an error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    for left in path.parent.glob(f".{escape(path.name)}.*.tmp"):  # by a writer that was killed
        left.unlink(missing_ok=True)
    try:
        yield temporary
        on_disk(temporary)
        unseal(path)
        temporary.replace(path)
        on_disk(path.parent)
        seal(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole(path: str | Path) -> Iterator[TextIO]:
    """Open `path` for writing a text, which is there when the block ends without an error."""
    # A model may write half of a surrogate pair; as a JSON escape it stays a valid record.
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", errors="backslashreplace") as handle:
        yield handle


def fresh(folder: Path) -> Path:
    """An empty folder beside `folder`, to be filled and to take its place with `publish`; held until then.

    Raises EnvironmentFault while another process fills it (micota/common/locks.py).
    """
    temporary = folder.with_name(f".{folder.name}.tmp")
    hold(temporary)
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    return temporary


def publish(temporary: Path, folder: Path) -> None:
    """Let a whole folder appear under its own name, instead of what was there."""
    for place, _, names in os.walk(temporary):
        for path in [*(Path(place, name) for name in names), Path(place)]:
            if path.exists():  # not a link to nowhere
                on_disk(path)
    if folder.exists():
        shutil.rmtree(folder)
    temporary.rename(folder)
    on_disk(folder.parent)
    release(temporary)


def discard(temporary: Path) -> None:
    """Remove a folder that `fresh` made and nobody publishes, if it is there."""
    shutil.rmtree(temporary, ignore_errors=True)
    release(temporary)
