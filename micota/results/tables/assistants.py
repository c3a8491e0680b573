"""The sweep over merged teacher assistants: accuracy and CoT length by merge weight and density.

Each tuned model has a sweep: its base has weight 0; a weight of None is itself, un-merged, which the table puts at
weight 1. Neither has a density. A base of two tuned models stands in both sweeps. With chains a row over all of them
stands for each place of the sweep: the means, the range over chains, and intervals for further chains and problems;
each chain's own rows are in the CSV. So is `proposed`: in how many chains students learned their proposed corpus from
this merge, whether the configuration names it or a rule chose it.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from statistics import median

import numpy as np

from micota.common.files import by_name
from micota.common.records import read_json
from micota.common.tables import Column, Row
from micota.models.merge_methods import UNNAMED
from micota.results.columns import PROBLEMS, interval
from micota.results.contrasts import crossed
from micota.results.entries import Entry
from micota.results.estimates import accuracy, mean
from micota.results.outcomes import Cell, read_models
from micota.results.pooled import by_chain, mean_row, with_chains, write_pooled

RANGED = ("accuracy", "mean_tokens")  # columns whose range over chains is told


def make(
    files: dict[str, list[Path]],
    out: Path,
    *,
    entries: list[Entry],
    dataset: str,
    proposed: Sequence[str],
    samplers: Mapping[str, str],
) -> None:
    """A sweep after the other, each ordered by weight, then density.

    `proposed`: the proposed corpus of each chain; `samplers`: the corpora that one model wrote -> that model.
    """
    origins = {origin(corpus, files["counts"], samplers) for corpus in proposed}
    cells = read_models(files, (entry["model"] for entry in entries), [dataset])
    by_model = {model: each[dataset] for model, each in cells.items()}
    sweeps = list(dict.fromkeys(entry["tuned"] for entry in entries))
    groups = by_chain(entries, "tuned", "name").values()
    places = [place_rows({chain: entry for chain, (entry,) in group.items()}, by_model, origins) for group in groups]
    places.sort(key=lambda rows: (sweeps.index(rows[0]["tuned"]), *place_of(rows[0])))
    rows = [row for place in places for row in place]
    write_pooled(out / "assistants", rows, columns(rows), group="weight")


def place_of(row: Row) -> tuple[float, float, float, str]:
    """Where a row stands in its sweep."""
    return row["weight"], row["density"] or 0, row["mask_seed"] or 0, row["method"] or ""


def origin(corpus: str | None, counts: Sequence[Path], samplers: Mapping[str, str]) -> str | None:
    """The one model that wrote what a corpus holds, by way of the corpora it was taken from; None of several models."""
    paths = by_name(counts)
    while corpus is not None and corpus not in samplers:
        taken = read_json(paths[corpus]) if corpus in paths else {}
        corpus = taken.get("chosen") or taken.get("of")
    return samplers[corpus] if corpus else None


def place_rows(
    chains: Mapping[int | None, Entry], cells: Mapping[str, Cell], origins: Collection[str | None]
) -> list[Row]:
    """One place of a sweep: over chains, by the names and seeds of the configuration, then each chain's own."""
    rows = {chain: assistant_row(entry, cells[entry["model"]], origins) for chain, entry in chains.items()}
    first = next(iter(chains.values()))
    over_all = mean_row(list(rows.values())) | {"model": first["name"], "mask_seed": first["mask"]}
    over_all["proposed"] = sum(row["proposed"] for row in rows.values())
    if len(rows) > 1:
        own = [cells[entry["model"]] for entry in chains.values()]
        right, lengths = ([cell.accuracies() for cell in own], [cell.mean_lengths() for cell in own])
        over_all |= crossed([np.array(right)[:, np.newaxis]], bounds=(0, 1)).percent().named("accuracy")
        over_all |= crossed([np.array(lengths)[:, np.newaxis]]).named("mean_tokens")
    for key in RANGED:
        values = [row[key] for chain, row in rows.items() if chain is not None]
        over_all |= {f"{key}_least": min(values, default=None), f"{key}_most": max(values, default=None)}
    return with_chains(over_all, rows)


def assistant_row(entry: Entry, cell: Cell, origins: Collection[str | None]) -> Row:
    """One assistant: its place in the sweep and what it did."""
    place = {key: entry[key] for key in ("model", "tuned", "method", "density", "mask_seed")}
    return {
        **place,
        "weight": 1.0 if entry["weight"] is None else entry["weight"],
        **accuracy(cell.accuracies()).percent().named("accuracy"),
        **mean(cell.mean_lengths()).named("mean_tokens"),
        **cell.measures(),
        "proposed": int(entry["model"] in origins),
        "median_tokens": median(cell.tokens),
        "problems": len(cell.outcomes),
        **{f"{key}_{end}": None for key in RANGED for end in ("least", "most")},
    }


def columns(rows: Sequence[Row]) -> list[Column]:
    """The table's columns: the method where another than MiCoTA's is in it, the range where there are chains."""
    methods = any(row["method"] not in (None, UNNAMED) for row in rows)
    chained = any(row["chain"] is not None for row in rows)
    return [
        Column("model", "Teacher assistant"),
        Column("tuned", "Tuned model"),
        *([Column("method", "Method")] if methods else []),
        Column("weight", "Weight", "{0:g}"),
        Column("density", "Density", "{0:g}"),
        Column("mask_seed", "Mask seed"),
        Column("accuracy", "Accuracy (%)", "{0:.1f}"),
        *interval("accuracy", ".1f"),
        *(span("accuracy", ".1f") if chained else ()),
        Column("mean_tokens", "Mean CoT length (tokens)", "{0:,.0f}"),
        *interval("mean_tokens", ",.0f"),
        *(span("mean_tokens", ",.0f") if chained else ()),
        Column("median_tokens", "Median (tokens)", "{0:,.0f}"),
        Column("truncated_percent", "Truncated (%)", "{0:.1f}"),
        Column("no_box_percent", "No box (%)", "{0:.1f}"),
        PROBLEMS,
        Column("proposed"),
    ]


def span(name: str, form: str) -> tuple[Column, Column]:
    """The least and the most of the chains: read as one column, two in the CSV."""
    shown = f"{{0:{form}}} to {{{name}_most:{form}}}"
    return Column(f"{name}_least", "Chains, from to", shown), Column(f"{name}_most")
