"""The lines of JSON Lines files, gzipped or not, and which of them holds a record, for error messages."""

import gzip
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any


def opened(path: Path) -> Any:
    """The file's bytes, open for reading, unpacked if they are gzipped."""
    with path.open("rb") as handle:
        packed = handle.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")


def line_of(path: str | Path, index: int) -> str:
    """`file:line` of the record number `index` (from 0); blank lines count as lines, not as records.

    The file is read again, so that nothing needs to carry line numbers as long as all is well; as bytes, for what is
    wrong with it may be its encoding.
    """
    with closing(opened(Path(path))) as handle:
        numbers = (number for number, line in enumerate(handle, start=1) if line.strip())
        return f"{path}:{next(islice(numbers, index, None))}"
