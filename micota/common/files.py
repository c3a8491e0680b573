"""Files and folders: how much room there is for them."""

import shutil
from pathlib import Path


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def free_bytes(folder: Path) -> int:
    """Free bytes of the file system where a folder is, or will be."""
    return shutil.disk_usage(existing(folder.absolute())).free
