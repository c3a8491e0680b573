"""Files and folders: what a file is of, by its name, and how much room there is."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from micota.common.cli import UserError

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
            raise UserError(f"{path}: {other} is of {name_of(path)} too, by its name; give one of the two")
    return found


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def free_bytes(folder: Path) -> int:
    """Free bytes of the file system where a folder is, or will be."""
    return shutil.disk_usage(existing(folder.absolute())).free
