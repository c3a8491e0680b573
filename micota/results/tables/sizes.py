"""The gap between corpora by student size.

Students by their number of parameters: the accuracy (%) of each corpus, averaged over benchmarks, and for each gap the
difference in points, on the same problems, chains and training seeds paired by their place. The intervals are about
further problems and further chains, or with one chain further training seeds (micota.results.contrasts.crossed).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from micota.common.errors import DataError
from micota.common.records import read_json
from micota.common.tables import Column, Row, write_table
from micota.results.columns import AGAINST, CHAINS, PROBLEMS, SEEDS, STUDENT
from micota.results.contrasts import Contrast, crossed
from micota.results.entries import Entry, by_student
from micota.results.estimates import Array
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
    CHAINS,
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
            corpus: [
                100 * np.array([[cells[model][name].accuracies() for model in models] for models in chains])
                for name in benchmarks
            ]
            for (student, corpus), chains in students.items()
            if student == base
        }
        rows += [{"base": base, "parameters": parameters[base], **row} for row in base_rows(scores, gaps)]
    write_table(out / "sizes", rows, COLUMNS, group="base")


def base_rows(scores: Mapping[str, Sequence[Array]], gaps: Sequence[Sequence[str]]) -> list[Row]:
    """One student: its accuracy by corpus, then each gap whose two corpora it was trained on.

    `scores`: corpus -> the share of right answers in percent, an array [chains, seeds, problems] a benchmark.
    """
    rows = []
    for corpus, score in scores.items():
        rows.append(value_row("accuracy", corpus, None, crossed(score, bounds=(0, 100))))
    for corpus, against in gaps:
        if corpus in scores and against in scores:
            paired = [first - second for first, second in zip(scores[corpus], scores[against], strict=True)]
            rows.append(value_row("gap", corpus, against, crossed(paired, bounds=(-100, 100))))
    return rows


def value_row(kind: str, corpus: str, against: str | None, contrast: Contrast) -> Row:
    """An accuracy or a gap with its interval."""
    shown = contrast if kind == "gap" else contrast.bounded()
    return {
        "kind": kind,
        "corpus": corpus,
        "against": against,
        "value": shown.value,
        "low": shown.low,
        "high": shown.high,
        **{key: getattr(contrast, key) for key in ("chains", "seeds", "problems")},
        "sign": "+" if kind == "gap" else "-",  # how numbers are written: a gap's sign always shows
    }
