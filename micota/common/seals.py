"""Whether a result is still as it was written: its hash, noted by the writer, compared by every reader.

The seals of a study lie in `results/{study}/.seals`, a file for each result under the result's own name. A result
without one is taken as it is: files made by hand, or unpacked from an archive of logs. Pieces of unfinished work have
none either; who goes on with them checks them.
"""

import hashlib
import json
import os
from pathlib import Path

from micota.common.errors import DataError

SETTINGS = "study.json"  # a folder that holds it is a study's results
SEALS = ".seals"
UNSEALED = ("work", SEALS)

checked: dict[Path, tuple[int, int]] = {}  # file -> size and time of change when it was last compared by this process


def seal_of(path: Path) -> Path | None:
    """Where a file's seal lies, or would lie; None outside a study's results."""
    path = path.parent.resolve() / path.name  # a link itself is not followed: what is written takes its place
    home = next((folder for folder in path.parents[:5] if (folder / SETTINGS).is_file()), None)
    if home is None or path == home / SETTINGS or path.relative_to(home).parts[0] in UNSEALED:
        return None
    return home / SEALS / path.relative_to(home)


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def unseal(path: Path) -> None:
    """Called before a file is replaced: an older seal would not fit the new one."""
    if (seal := seal_of(path)) is not None:
        seal.unlink(missing_ok=True)


def seal(path: Path) -> None:
    """Note the hash of a file that is whole."""
    place = seal_of(path)
    if place is None:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps({"bytes": path.stat().st_size, "sha256": file_hash(path)}) + "\n")
    temporary.replace(place)


def check_seal(path: Path) -> bool:
    """Raise DataError where a result is not as it was written; False for a file without a seal.

    Each file is read for it once a process.
    """
    file = path.resolve()  # an offshoot's links lead to the results of another study
    place = seal_of(file)
    if place is None or not place.is_file():
        return False
    now = path.stat()
    state = (now.st_size, now.st_mtime_ns)
    if checked.get(file) == state:
        return True
    try:
        noted = json.loads(place.read_text())
        size, digest = noted["bytes"], noted["sha256"]
    except (ValueError, LookupError, TypeError):
        raise DataError(f"{os.path.relpath(place)}: not a seal; remove it, and {path} is taken as it is") from None
    if size != now.st_size:
        found = f"it has {now.st_size:,} bytes and was written with {size:,}"
    elif digest != file_hash(path):
        found = "its bytes are not those that were written (SHA-256)"
    else:
        checked[file] = state
        return True
    raise DataError(
        f"{path}: {found}: damaged, or edited, since. Remove it and run again; if the change is meant, remove"
        f" {os.path.relpath(place)}"
    )
