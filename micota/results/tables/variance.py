"""The variance budget of one student's score: how much of it is problems, mask, training seed, decoding, grader.

Every corpus (one a mask seed) with every seed. micota/results/variance.py says what each source is and how it is
estimated. Shares in percent, standard deviations in points.
"""

from collections.abc import Mapping
from math import sqrt
from pathlib import Path
from statistics import fmean

import numpy as np

from micota.common.errors import DataError
from micota.common.tables import Column, Row, write_table
from micota.results.columns import interval
from micota.results.entries import Entry
from micota.results.estimates import Array
from micota.results.labels import SOURCE_LABELS
from micota.results.outcomes import Cell, read_models
from micota.results.variance import Source, budget

COLUMNS = (
    Column("source", "Source", SOURCE_LABELS.__getitem__),
    Column("levels", "Levels"),
    Column("share", "Share of the variance (%)", "{0:.1f}"),
    *interval("share", ".1f"),
    Column("points", "Standard deviation (points)", "{0:.2f}"),
    *interval("points", ".2f"),
)


def make(files: dict[str, list[Path]], out: Path, *, entries: list[Entry], benchmarks: list[str], dataset: str) -> None:
    """`dataset` is the one that is answered several times."""
    models = {(entry["corpus"], entry["seed"]): entry["model"] for entry in entries}
    masks, seeds = (list(dict.fromkeys(key[place] for key in models)) for place in (0, 1))
    if len(models) < len(masks) * len(seeds) or min(len(masks), len(seeds)) < 2:
        raise DataError("variance: it needs two corpora or more, each with every one of two seeds or more")
    cells = read_models(files, models.values(), [*benchmarks, dataset])
    outcomes = [
        100 * np.array([[cells[models[mask, seed]][benchmark].accuracies() for seed in seeds] for mask in masks])
        for benchmark in benchmarks
    ]
    repeated = 100 * np.array([samples(model, cells[model][dataset]) for model in cells])
    graders = list(dict.fromkeys(name for cell in cells.values() for name in cell[benchmarks[0]].verdicts))
    graded = 100 * np.array([[accepted(cell, benchmarks, name) for cell in cells.values()] for name in graders])
    levels = {
        "problems": sum(array.shape[2] for array in outcomes),
        "masks": len(masks),
        "seeds": len(seeds),
        "sampling": repeated.shape[2],
        "graders": len(graders),
    }
    rows = [source_row(source, levels.get(source.name)) for source in budget(outcomes, repeated, graded)]
    write_table(out / "variance", rows, COLUMNS)


def samples(model: str, cell: Cell) -> Array:
    """[problems, samples] of the data set that a model answered several times."""
    counts = {len(outcomes) for outcomes in cell.outcomes.values()}
    if len(counts) > 1 or counts == {1}:
        raise DataError(f"{model}: it needs two samples of every problem or more, of each as many; there are {counts}")
    return np.array([outcomes for _, outcomes in sorted(cell.outcomes.items())], dtype=np.float64)


def accepted(cells: Mapping[str, Cell], benchmarks: list[str], grader: str) -> float:
    """The score by one grader's verdicts: the share of traces it accepts, averaged over benchmarks."""
    return fmean(cells[benchmark].verdicts[grader] / len(cells[benchmark].tokens) for benchmark in benchmarks)


def source_row(source: Source, levels: int | None) -> Row:
    """One source; `levels` is how many of its values were measured."""

    def percent(share: float | None) -> float | None:
        return None if share is None else 100 * share

    def points(variance: float | None) -> float | None:
        return None if variance is None else sqrt(variance)

    return {
        "source": source.name,
        "levels": levels,
        "share": percent(source.share),
        "share_low": percent(source.share_low),
        "share_high": percent(source.share_high),
        "points": points(source.variance),
        "points_low": points(source.low),
        "points_high": points(source.high),
    }
