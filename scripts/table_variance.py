"""The variance budget of one student's score: how much of it is problems, mask, training seed, decoding, grader.

    python -m scripts.table_variance --graded-dir results/mini/graded --benchmarks '["easy", "hard"]' \\
        --dataset repeated --entries '[{"model": "small-mid-s0", "corpus": "mid", "seed": 0},
                                       {"model": "small-mid_m1-s0", "corpus": "mid_m1", "seed": 0}, ...]' \\
        --out-stem results/mini/tables/variance

Every corpus (one a mask seed) with every seed. Writes `{stem}.{csv,md,tex}`; micota/results/variance.py says what each
source is and how it is estimated. Shares in percent, standard deviations in points.
"""

import argparse
from collections.abc import Mapping, Sequence
from math import sqrt
from pathlib import Path
from statistics import fmean

import numpy as np

from micota.common.cli import UserError, json_flag, run
from micota.common.tables import Column, Row, write_table
from micota.results.estimates import Array
from micota.results.outcomes import Cell, check_same_problems, read_cells
from micota.results.variance import Source, budget

LABELS = {
    "problems": "problems of the benchmarks",
    "masks": "mask seed of the merge",
    "seeds": "training seed (and mask × seed)",
    "sampling": "sampled decoding, one answer",
    "graders": "grader (a fixed set)",
    "total": "all of them",
}
COLUMNS = (
    Column("source", "Source", LABELS.__getitem__),
    Column("levels", "Levels"),
    Column("share", "Share of the variance (%)", "{0:.1f}"),
    Column("share_low", "95% interval", "[{0:.1f}, {share_high:.1f}]"),
    Column("share_high"),
    Column("points", "Standard deviation (points)", "{0:.2f}"),
    Column("points_low", "95% interval", "[{0:.2f}, {points_high:.2f}]"),
    Column("points_high"),
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=json_flag, required=True, help="JSON list of {model, corpus, seed}")
    parser.add_argument("--benchmarks", type=json_flag, required=True, help="JSON list of data set names")
    parser.add_argument("--dataset", required=True, help="the data set that is answered several times")
    parser.add_argument("--graded-dir", type=Path, required=True, help="folder of {model}.jsonl graded traces")
    parser.add_argument("--out-stem", required=True, help="where to write, without the ending")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Write the table."""
    args = parse_args(argv)
    entries = check_entries(args.entries, ("model", "corpus", "seed"))
    models = {(entry["corpus"], entry["seed"]): entry["model"] for entry in entries}
    masks, seeds = (list(dict.fromkeys(key[place] for key in models)) for place in (0, 1))
    if len(models) < len(masks) * len(seeds) or min(len(masks), len(seeds)) < 2:
        raise UserError("--entries: two corpora or more, each with every one of two seeds or more")
    datasets = [*args.benchmarks, args.dataset]
    cells = {model: read_cells(args.graded_dir, model, datasets) for model in models.values()}
    check_same_problems(cells, datasets)
    outcomes = [
        100 * np.array([[cells[models[mask, seed]][benchmark].accuracies() for seed in seeds] for mask in masks])
        for benchmark in args.benchmarks
    ]
    repeated = 100 * np.array([samples(model, cells[model][args.dataset]) for model in cells])
    graders = list(dict.fromkeys(name for cell in cells.values() for name in cell[args.benchmarks[0]].verdicts))
    graded = 100 * np.array([[accepted(cell, args.benchmarks, name) for cell in cells.values()] for name in graders])
    levels = {
        "problems": sum(array.shape[2] for array in outcomes),
        "masks": len(masks),
        "seeds": len(seeds),
        "sampling": repeated.shape[2],
        "graders": len(graders),
    }
    rows = [source_row(source, levels.get(source.name)) for source in budget(outcomes, repeated, graded)]
    write_table(args.out_stem, rows, COLUMNS)


def samples(model: str, cell: Cell) -> Array:
    """[problems, samples] of the data set that a model answered several times."""
    counts = {len(outcomes) for outcomes in cell.outcomes.values()}
    if len(counts) > 1 or counts == {1}:
        raise UserError(f"{model}: it needs two samples of every problem or more, of each as many; there are {counts}")
    return np.array([outcomes for _, outcomes in sorted(cell.outcomes.items())], dtype=np.float64)


def accepted(cells: Mapping[str, Cell], benchmarks: Sequence[str], grader: str) -> float:
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


if __name__ == "__main__":
    run(main)
