"""Which line of a JSON Lines file holds a record, for error messages."""

from itertools import islice
from pathlib import Path


def line_of(path: str | Path, index: int) -> str:
    """`file:line` of the record number `index` (from 0); blank lines count as lines, not as records.

    The file is read again, so that nothing needs to carry line numbers as long as all is well.
    """
    with Path(path).open(encoding="utf-8") as handle:
        numbers = (number for number, line in enumerate(handle, start=1) if line.strip())
        return f"{path}:{next(islice(numbers, index, None))}"
