"""Rows of every chain, and one over all of them: for models and corpora that each chain has of its own.

The CSV holds both: a chain's row has its number in `chain`, the one over chains, and what serves all of them, has none.
Only the latter are for reading and for figures, so a study of five chains reads like one without.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TypeVar

from micota.common.tables import Column, Row, write_csv, write_table
from micota.results.columns import CHAINS
from micota.results.entries import Entry

Kind = TypeVar("Kind")
ByChain = Mapping[int | None, Kind]  # None: all chains share it, or there are none


def by_chain(entries: Iterable[Entry], *keys: str) -> dict[tuple[str, ...], dict[int | None, list[Entry]]]:
    """The entries by these keys, then by chain; in the order they come."""
    found: dict[tuple[str, ...], dict[int | None, list[Entry]]] = {}
    for entry in entries:
        chains = found.setdefault(tuple(entry[key] for key in keys), {})
        chains.setdefault(entry.get("chain"), []).append(entry)
    return found


def with_chains(over_all: Row, chains: ByChain[Row]) -> list[Row]:
    """The row over chains, then each chain's; one row where no chain has one of its own."""
    own = [row | {"chain": chain, "chains": None} for chain, row in chains.items() if chain is not None]
    return [over_all | {"chain": None, "chains": max(1, len(own))}, *own]


def mean_row(rows: Sequence[Row], largest: Iterable[str] = ()) -> Row:
    """The mean over chains of each number, of `largest` the most; else what all agree on, or nothing."""
    found: Row = {}
    for key in rows[0]:
        values = [row[key] for row in rows]
        if len(set(values)) == 1:
            found[key] = values[0]
        elif any(isinstance(value, str) for value in values):
            found[key] = None
        else:
            numbers = [value for value in values if value is not None]
            found[key] = max(numbers) if key in largest else fmean(numbers)
    return found


def write_pooled(stem: Path, rows: Sequence[Row], columns: Sequence[Column], group: str | None = None) -> None:
    """Write a table of rows of `with_chains`; without chains it is as any other."""
    if all(row["chain"] is None for row in rows):
        write_table(stem, rows, columns, group)
        return
    write_table(stem, [row for row in rows if row["chain"] is None], [*columns, CHAINS], group)
    write_pooled_csv(Path(f"{stem}.csv"), rows, columns)


def write_pooled_csv(path: Path, rows: Sequence[Row], columns: Sequence[Column]) -> None:
    """Every row, with the columns `chain` and `chains` where there are chains."""
    chained = any(row["chain"] is not None for row in rows)
    write_csv(path, rows, [*columns, Column("chain"), Column("chains")] if chained else columns)
