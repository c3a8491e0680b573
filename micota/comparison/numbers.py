"""What differs in the numbers of two studies' tables, and in their claims."""

from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from math import isclose
from typing import NamedTuple

from micota.common.tables import Row
from micota.comparison.runs import Run
from micota.comparison.sections import Section, number
from micota.provenance.draws import FOLLOWS, KEYS, SEEDS, unseeded

# What a row is about, beside the keys of `make verify`.
ALSO = (
    *("claim", "part", "kind", "label", "candidate", "source", "predictor", "axis", "scale", "bin_left", "rule", "of"),
    *("one", "other", "id", "with", "problem", "extracted", "student", "under"),
)
FIRST = ("main", "main_differences", "assistants", "corpora", "likelihood")  # tables that say most
SAME = 1e-9  # of a number: what rounding may make of it


class Difference(NamedTuple):
    """A number that is another one in the other run."""

    table: str
    row: str
    column: str
    one: float | None
    other: float | None

    @property
    def size(self) -> float:
        """By which the largest come first: the difference, as a share of the larger number."""
        if self.one is None or self.other is None:
            return 2.0
        return abs(self.one - self.other) / max(abs(self.one), abs(self.other))


def tables(one: Run, other: Run) -> list[Section]:
    """A row for each table, and the numbers that differ most."""
    known = {*one.tables, *other.tables}
    names = [*(name for name in FIRST if name in known), *sorted(known.difference(FIRST))]
    if not one.tables or not other.tables:
        lacking = " and ".join(run.name for run in (one, other) if not run.tables)
        return [Section("Tables", f"No tables in {lacking}, so none are compared.")]
    rows, found = [], []
    for name in names:
        mine, theirs = paired(one.tables.get(name, []), other.tables.get(name, []))
        shared = mine.keys() & theirs.keys()
        count, own = differences(name, mine, theirs)
        found += sorted(own, key=lambda difference: -difference.size)
        rows.append([name, *(f"{n:,}" for n in (len(mine), len(theirs), len(shared), count, len(own)))])
    total = sum(int(row[-1].replace(",", "")) for row in rows)
    headings = ["table", "rows A", "rows B", "rows in both", "numbers in both", "differ"]
    first = Section("Tables", f"{total:,} numbers differ.", headings, rows, range(1, 6))
    cells = [[d.table, d.row, d.column, number(d.one), number(d.other)] for d in found]
    words = "By table; in each the largest differences first, as a share of the number."
    second = Section("Numbers that differ", words, ["table", "row", "column", "A", "B"], cells, (3, 4))
    return [first, second] if cells else [first]


def paired(one: Sequence[Row], other: Sequence[Row]) -> tuple[dict[str, Row], dict[str, Row]]:
    """Both tables' rows by what they are about; without their seeds, where more rows then have a partner."""
    exact, loose = ((named(one, drop), named(other, drop)) for drop in (False, True))
    return max(exact, loose, key=lambda pair: len(pair[0].keys() & pair[1].keys()))


def named(rows: Sequence[Row], drop_seeds: bool) -> dict[str, Row]:
    """Rows by what they are about; those about the same are numbered."""
    found: dict[str, Row] = {}
    times: Counter[str] = Counter()
    for row in rows:
        name = about(row, drop_seeds)
        times[name] += 1
        found[f"{name} #{times[name]}" if times[name] > 1 else name] = row
    return found


def about(row: Row, drop_seeds: bool) -> str:
    """The values of a row's keys."""
    keys = [key for key in (*KEYS, *ALSO) if row.get(key) is not None and not (drop_seeds and key in SEEDS)]
    cells = {key: f"{row[key]:g}" if isinstance(row[key], float) else str(row[key]) for key in keys}
    return " ".join(f"{key}={unseeded(text) if drop_seeds else text}" for key, text in cells.items())


def differences(name: str, one: Mapping[str, Row], other: Mapping[str, Row]) -> tuple[int, list[Difference]]:
    """How many numbers both tables have, and those that differ."""
    count, found = 0, []
    for row, mine in one.items():
        for column, value in mine.items():
            theirs = other.get(row, {}).get(column)
            numbers = [each for each in (value, theirs) if isinstance(each, float)]
            if row not in other or column not in other[row] or not compared(column) or not numbers:
                continue
            count += 1
            if len(numbers) == 1 or not isclose(*numbers, rel_tol=SAME):
                pair = (each if isinstance(each, float) else None for each in (value, theirs))
                found.append(Difference(name, row, column, *pair))
    return count, found


def compared(column: str) -> bool:
    """Whether a column's numbers are told: no keys, and none that follow from others, as the ends of intervals."""
    return column not in (*KEYS, *ALSO) and not any(fnmatchcase(column, pattern) for pattern in FOLLOWS)


def claims(one: Run, other: Run) -> Section:
    """A row for each part of a claim that either run judged; those with another verdict first."""
    mine, theirs = ({(row["claim"], row["part"]): row for row in run.tables.get("claims", [])} for run in (one, other))
    names = list(dict.fromkeys([*mine, *theirs]))
    if not names:
        return Section("Claims", "Neither run judged claims.")
    judged = [(mine.get(name), theirs.get(name)) for name in names]
    changed = [pair for pair in judged if pair[0] and pair[1] and pair[0]["verdict"] != pair[1]["verdict"]]
    rows = []
    for pair in [*changed, *(pair for pair in judged if pair not in changed)]:
        first = pair[0] or pair[1] or {}
        units = " | ".join(dict.fromkeys(row["unit"] for row in pair if row))
        rows.append([first["text"], units, *(effect(row) for row in pair), *(verdict(row) for row in pair)])
    both = sum(all(pair) for pair in judged)
    words = f"{both} parts of claims are in both runs; {len(changed)} of them have another verdict."
    return Section("Claims", words, ["claim", "unit", "effect A", "effect B", "verdict A", "verdict B"], rows, (2, 3))


def effect(row: Row | None) -> str:
    """An effect with its 95% interval."""
    if row is None or row["effect"] is None:
        return number(None)
    return f"{row['effect']:+.3g} [{row['effect_low']:+.3g}, {row['effect_high']:+.3g}]"


def verdict(row: Row | None) -> str:
    return number(row["verdict"] if row else None)
