"""The sweep over merged teacher assistants: accuracy and CoT length by merge weight and density.

Each tuned model has a sweep: its base has weight 0; a weight of None is itself, un-merged, which the table puts at
weight 1. Neither has a density. A base of two tuned models stands in both sweeps.
"""

from pathlib import Path
from statistics import median

from micota.common.tables import Column, Row, write_table
from micota.results.columns import PROBLEMS, interval
from micota.results.entries import Entry
from micota.results.estimates import mean
from micota.results.outcomes import Cell, read_models

COLUMNS = (
    Column("model", "Teacher assistant"),
    Column("tuned", "Tuned model"),
    Column("weight", "Weight", "{0:g}"),
    Column("density", "Density", "{0:g}"),
    Column("mask_seed", "Mask seed"),
    Column("accuracy", "Accuracy (%)", "{0:.1f}"),
    *interval("accuracy", ".1f"),
    Column("mean_tokens", "Mean CoT length (tokens)", "{0:,.0f}"),
    Column("median_tokens", "Median (tokens)", "{0:,.0f}"),
    Column("truncated_percent", "Truncated (%)", "{0:.1f}"),
    Column("no_box_percent", "No box (%)", "{0:.1f}"),
    PROBLEMS,
)


def make(files: dict[str, list[Path]], out: Path, *, entries: list[Entry], dataset: str) -> None:
    """A sweep after the other, each ordered by weight, then density."""
    cells = read_models(files, (entry["model"] for entry in entries), [dataset])
    rows = [assistant_row(entry, cells[entry["model"]][dataset]) for entry in entries]
    sweeps = list(dict.fromkeys(entry["tuned"] for entry in entries))
    rows.sort(key=lambda row: (sweeps.index(row["tuned"]), row["weight"], row["density"] or 0, row["mask_seed"] or 0))
    write_table(out / "assistants", rows, COLUMNS, group="weight")


def assistant_row(entry: Entry, cell: Cell) -> Row:
    """One assistant: its place in the sweep and what it did."""
    return {
        **entry,
        "weight": 1.0 if entry["weight"] is None else entry["weight"],
        **mean(cell.accuracies()).percent().named("accuracy"),
        **cell.measures(),
        "median_tokens": median(cell.tokens),
        "problems": len(cell.outcomes),
    }
