"""The gap between corpora by student size.

Students by their number of parameters: the accuracy (%) of each corpus, averaged over benchmarks, and for each gap the
difference in points, on the same problems, training seeds paired by their place. The intervals are about further
problems and further training seeds (micota.results.estimates.crossed).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from micota.common.errors import DataError
from micota.common.records import read_json
from micota.common.tables import Column, Row, write_table
from micota.results.columns import AGAINST, PROBLEMS, SEEDS, STUDENT
from micota.results.entries import Entry, by_student
from micota.results.estimates import Array, Estimate, crossed
from micota.results.outcomes import read_models

BASE, CORPUS = STUDENT
COLUMNS = (
    BASE,
    Column("parameters", "Parameters", "{0:,}"),
    Column("kind", "Value"),
    CORPUS,
    AGAINST,
    Column("value", "% or points", "{0:{sign}.1f}"),
    Column("low", "95% interval", "[{0:{sign}.1f}, {high:{sign}.1f}]"),
    Column("high"),
    SEEDS,
    PROBLEMS,
)


def make(
    files: dict[str, list[Path]], out: Path, *, entries: list[Entry], benchmarks: list[str], gaps: list[list[str]]
) -> None:
    students = by_student(entries)
    parameters = {size["model"]: size["parameters"] for size in map(read_json, files["sizes"])}
    if missing := {base for base, _ in students} - parameters.keys():
        raise DataError(f"{', '.join(map(str, files['sizes']))}: none says how large {', '.join(sorted(missing))} is")
    cells = read_models(files, (entry["model"] for entry in entries), benchmarks)
    rows: list[Row] = []
    for base in sorted(parameters, key=lambda name: (parameters[name], name)):
        scores = {
            corpus: [100 * np.array([cells[model][name].accuracies() for model in models]) for name in benchmarks]
            for (student, corpus), models in students.items()
            if student == base
        }
        rows += [{"base": base, "parameters": parameters[base], **row} for row in base_rows(scores, gaps)]
    write_table(out / "sizes", rows, COLUMNS, group="base")


def base_rows(scores: Mapping[str, Sequence[Array]], gaps: Sequence[Sequence[str]]) -> list[Row]:
    """One student: its accuracy by corpus, then each gap whose two corpora it was trained on.

    `scores`: corpus -> the share of right answers in percent, an array [seeds, problems] a benchmark.
    """
    rows = []
    for corpus, score in scores.items():
        rows.append(value_row("accuracy", corpus, None, score, crossed(score).bounded()))
    for corpus, against in gaps:
        if corpus in scores and against in scores:
            paired = [first - second for first, second in zip(scores[corpus], scores[against], strict=True)]
            rows.append(value_row("gap", corpus, against, paired, crossed(paired)))
    return rows


def value_row(kind: str, corpus: str, against: str | None, scores: Sequence[Array], estimate: Estimate) -> Row:
    """An accuracy or a gap with its interval."""
    return {
        "kind": kind,
        "corpus": corpus,
        "against": against,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "seeds": len(scores[0]),
        "problems": sum(score.shape[1] for score in scores),
        "sign": "+" if kind == "gap" else "-",  # how numbers are written: a gap's sign always shows
    }
