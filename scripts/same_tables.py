"""Compare a folder of tables with the reference it should equal: the same files, rows and texts, and the same numbers.

    python -m scripts.same_tables --fresh results/archived/tables --reference reference/study/tables

Tables made again from the same logs have the same numbers but for the rounding of another processor's arithmetic: those
are equal that differ by a billionth at most. Prints the first cells that differ; exit status 1. `make verify`
(scripts/verify.py) is for a study that was run again, whose numbers differ by chance.
"""

import argparse
import csv
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from math import isclose, isfinite
from pathlib import Path

from micota.common.cli import run
from micota.common.errors import DataError

LEFT_OUT = {"summary.md"}  # sentences made of the other tables, and of the confirmation run's
RELATIVE = 1e-9
ROUNDING = 1e-15  # below this share of its column's largest number, a number is what rounding leaves of a 0
SHOWN = 10
SHOWN_NUMBER = re.compile(r"([-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?)")


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fresh", type=Path, required=True, help="folder of the tables made again")
    parser.add_argument("--reference", type=Path, required=True, help="folder of the tables they should equal")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Say that the tables are equal, or print what differs and exit with status 1."""
    args = parse_args(argv)
    found = list(differences(args.fresh, args.reference))
    if not found:
        print(f"tables: equal to {args.reference}")
        return
    left = len(found) - SHOWN
    lines = [*found[:SHOWN], f"... and {left} more"] if left > 0 else found
    print(*lines, f"tables: not equal to {args.reference}", sep="\n", file=sys.stderr)
    sys.exit(1)


def differences(fresh: Path, reference: Path) -> Iterator[str]:
    """Every difference between two folders of tables, as `file:line: what`; UserError if one holds no table."""
    here, there = files(fresh), files(reference)
    for name in sorted(here | there):
        if name not in here:
            yield f"{name}: missing, the reference has it"
        elif name not in there:
            yield f"{name}: the reference has no such file"
        elif name.endswith(".csv"):
            yield from differing_cells(name, read_rows(fresh / name), read_rows(reference / name))
        else:
            source = (reference / name).with_suffix(".csv")
            exact = numbers_of(chain(*read_rows(source))) if source.is_file() else set()
            made, wanted = ((folder / name).read_text(encoding="utf-8").splitlines() for folder in (fresh, reference))
            yield from differing_lines(name, made, wanted, exact)


def files(folder: Path) -> set[str]:
    """The names of the files in a folder of tables."""
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - LEFT_OUT
    if not names:
        raise DataError(f"{folder}: no tables to compare")
    return names


def read_rows(path: Path) -> list[list[str]]:
    """The cells of a CSV file, its header first, as texts."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.reader(handle))


def differing_cells(name: str, fresh: list[list[str]], reference: list[list[str]]) -> Iterator[str]:
    """The cells of a CSV table that differ; a row counts as one line, whatever its cells hold."""
    if [*map(len, fresh)] != [*map(len, reference)] or fresh[:1] != reference[:1]:
        yield f"{name}: {shape(fresh)} instead of {shape(reference)}"
        return
    roundings = [
        ROUNDING * max(numbers_of(column), default=0.0) for column in zip_longest(*reference[1:], fillvalue="")
    ]
    for line, (made, wanted) in enumerate(zip(fresh[1:], reference[1:], strict=True), start=2):
        for column, one, other, rounding in zip(reference[0], made, wanted, roundings, strict=False):
            if one != other and not same_number(number(one), number(other), rounding):
                yield f"{name}:{line}: {column} is {one or 'empty'} instead of {other or 'empty'}"


def shape(rows: list[list[str]]) -> str:
    """How a table is built, in words."""
    return f"{len(rows) - 1} rows of the columns {', '.join(rows[0])}" if rows else "an empty file"


def differing_lines(name: str, fresh: list[str], reference: list[str], exact: set[float]) -> Iterator[str]:
    """The lines of a table for readers that differ; `exact` are the CSV's numbers, which it shows rounded."""
    if len(fresh) != len(reference):
        yield f"{name}: {len(fresh)} lines instead of {len(reference)}"
        return
    for line, (made, wanted) in enumerate(zip(fresh, reference, strict=True), start=1):
        ones, others = SHOWN_NUMBER.split(made), SHOWN_NUMBER.split(wanted)  # every second part is a number
        numbers = zip(ones[1::2], others[1::2], strict=False)
        if ones[::2] != others[::2] or not all(one == other or same_shown(one, other, exact) for one, other in numbers):
            yield f"{name}:{line}: {made!r} instead of {wanted!r}"


def number(text: str) -> float | None:
    """The number that a text is; None if it is none."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if isfinite(found) else None


def numbers_of(cells: Iterable[str]) -> set[float]:
    """The size of every number in a CSV table's cells."""
    return {abs(found) for cell in cells if (found := number(cell)) is not None}


def same_number(one: float | None, other: float | None, rounding: float = 0.0) -> bool:
    """Whether two numbers are equal but for rounding."""
    return one is not None and other is not None and isclose(one, other, rel_tol=RELATIVE, abs_tol=rounding)


def same_shown(one: str, other: str, exact: set[float]) -> bool:
    """Whether two numbers are one number rounded: equal, or the neighbours of an exact one that lies halfway."""
    made, wanted = number(one.replace(",", "")), number(other.replace(",", ""))
    if made is None or wanted is None:
        return False
    unit = 10.0 ** -len(other.partition(".")[2])
    if isclose(abs(made - wanted), unit):
        return any(same_number(abs(made + wanted) / 2, size) for size in exact)
    return same_number(made, wanted)


if __name__ == "__main__":
    run(main)
