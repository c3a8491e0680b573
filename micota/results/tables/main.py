"""The main table: accuracy of every student by corpus, and what each grader said of every cell.

A row per student and corpus, chains and training seeds averaged; `main_cells.csv` has a row per model and benchmark;
`main_differences` holds the proposed corpus against every other one on the same problems. Lengths and shares are
averaged over benchmarks with equal weight, as the accuracy is.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from micota.common.errors import DataError
from micota.common.tables import Column, Row, write_csv, write_table
from micota.results.columns import AGAINST, CHAINS, PROBLEMS, SEEDS, STUDENT, interval
from micota.results.contrasts import crossed
from micota.results.entries import UNTRAINED, Entry, by_student
from micota.results.estimates import Array, accuracy, wilson
from micota.results.labels import small_p
from micota.results.outcomes import Cell, read_models

Cells = Mapping[str, Cell]  # benchmark -> what one model did on it
Runs = Sequence[Sequence[Cells]]  # [chain][training seed]
Students = Mapping[tuple[str, str], Runs]  # (base, corpus) -> its runs

MEASURES = ("mean_tokens", "truncated_percent", "no_box_percent")
DIFFERENCE_COLUMNS = (
    *STUDENT,
    AGAINST,
    Column("difference", "Difference (points)", "{0:+.1f}"),
    *interval("difference", "+.1f"),
    Column("p_value", "p (two-sided)", small_p),
    CHAINS,
    SEEDS,
    PROBLEMS,
)


def make(
    files: dict[str, list[Path]], out: Path, *, entries: list[Entry], benchmarks: list[str], proposed: str
) -> None:
    cells = read_models(files, (entry["model"] for entry in entries), benchmarks)
    for benchmark, cell in next(iter(cells.values())).items():
        if len(cell.outcomes) < 2:
            raise DataError(f"{benchmark} has one problem; an interval needs two or more")
    students = {
        key: [[cells[model] for model in models] for models in chains] for key, chains in by_student(entries).items()
    }
    differences = difference_rows(students, benchmarks, proposed)
    long_form = cell_rows(entries, benchmarks, cells)
    write_table(out / "main", summary_rows(students, benchmarks), summary_columns(benchmarks), group="base")
    write_csv(out / "main_cells.csv", long_form, [Column(key) for key in long_form[0]])
    write_table(out / "main_differences", differences, DIFFERENCE_COLUMNS, group="base")


def accuracies(runs: Runs, benchmark: str) -> Array:
    """[chains, training seeds, problems] of one benchmark."""
    return np.array([[cells[benchmark].accuracies() for cells in seeds] for seeds in runs])


def summary_rows(students: Students, benchmarks: Sequence[str]) -> list[Row]:
    """One row per (base, corpus): each benchmark, their average with its interval, lengths and shares."""
    rows = []
    for (base, corpus), runs in students.items():
        row: Row = {"base": base, "corpus": corpus}
        scores = {benchmark: accuracies(runs, benchmark) for benchmark in benchmarks}
        named = {benchmark: crossed([score], bounds=(0, 1)) for benchmark, score in scores.items()}
        average = crossed(list(scores.values()), bounds=(0, 1))
        for name, estimate in {**named, "average": average}.items():
            row |= estimate.percent().named(f"accuracy_{name}")
        for benchmark, score in scores.items():
            row[f"problems_{benchmark}"] = score.shape[2]
        measures = [cells[benchmark].measures() for seeds in runs for cells in seeds for benchmark in benchmarks]
        row |= {key: fmean(measure[key] for measure in measures) for key in MEASURES}
        row |= {key: getattr(average, key) for key in ("chains", "seeds", "problems")}
        rows.append(row)
    return rows


def summary_columns(benchmarks: Sequence[str]) -> list[Column]:
    """The main table's columns; the intervals and sizes of single benchmarks are in the CSV alone."""
    columns = [*STUDENT]
    for benchmark in benchmarks:
        columns += [
            Column(f"accuracy_{benchmark}", f"{benchmark} (%)", "{0:.1f}"),
            Column(f"accuracy_{benchmark}_low"),
            Column(f"accuracy_{benchmark}_high"),
            Column(f"problems_{benchmark}"),
        ]
    return [
        *columns,
        Column("accuracy_average", "Average (%)", "{0:.1f}"),
        *interval("accuracy_average", ".1f"),
        Column("mean_tokens", "CoT length (tokens)", "{0:,.0f}"),
        Column("truncated_percent", "Truncated (%)", "{0:.1f}"),
        Column("no_box_percent", "No box (%)", "{0:.1f}"),
        CHAINS,
        SEEDS,
        PROBLEMS,
    ]


def cell_rows(entries: Sequence[Entry], benchmarks: Sequence[str], cells: Mapping[str, Cells]) -> list[Row]:
    """One row per model and benchmark; with those that a stop string ended before a box, where traces say so."""
    every = [cell for own in cells.values() for cell in own.values()]
    graders = dict.fromkeys(grader for cell in every for grader in cell.verdicts)
    stopped = any(cell.cut for cell in every)
    return [
        cell_row(entry, benchmark, cell, graders) | (cut_before_box(cell) if stopped else {})
        for entry in entries
        for benchmark in benchmarks
        for cell in (cells[entry["model"]][benchmark],)
    ]


def cell_row(entry: Entry, benchmark: str, cell: Cell, graders: Iterable[str]) -> Row:
    """One model on one benchmark; Wilson's interval where problems have one sample or all agree, else a bootstrap."""
    n, problems = len(cell.tokens), len(cell.outcomes)
    one_each = n == problems or cell.correct in (0, n)  # all samples alike: no more is known than from one a problem
    estimate = wilson(round(cell.correct * problems / n), problems) if one_each else accuracy(cell.accuracies())
    return {
        **{key: entry[key] for key in ("model", "base", "corpus", "seed")},
        "benchmark": benchmark,
        "n": n,
        "problems": problems,
        "correct": cell.correct,
        "wrong": n - cell.correct,
        **estimate.percent().named("accuracy"),
        **cell.measures(),
        "several_answers": cell.several_answers,
        **{f"{grader}_percent": 100 * cell.verdicts[grader] / n for grader in graders},
    }


def cut_before_box(cell: Cell) -> Row:
    """How many completions a stop string ended before any box; None where the traces do not say."""
    return {"stopped_before_box": sum(cell.cut) if len(cell.cut) == len(cell.tokens) else None}


def difference_rows(students: Students, benchmarks: Sequence[str], corpus: str) -> list[Row]:
    """The corpus against every other one of the same base: macro average, paired by problem, chain and seed in order.

    An untrained base is one run a chain, or one in all, the same for every seed of the corpus.
    """
    rows: list[Row] = []
    for (base, other), runs in students.items():
        if other == corpus or (base, corpus) not in students:
            continue
        mine = students[base, corpus]
        if (len(runs), len(runs[0])) != (len(mine), len(mine[0])) and other != UNTRAINED:
            raise DataError(
                f"students.proposed: {base} has {len(mine)} x {len(mine[0])} runs of {corpus} (chains x seeds) and"
                f" {len(runs)} x {len(runs[0])} of {other}; a difference by run needs as many of both"
            )
        contrasts = [accuracies(mine, benchmark) - accuracies(runs, benchmark) for benchmark in benchmarks]
        difference = crossed(contrasts, bounds=(-1, 1))
        rows.append(
            {
                "base": base,
                "corpus": corpus,
                "against": other,
                **difference.points().named("difference"),
                "p_value": difference.p,
                **{key: getattr(difference, key) for key in ("chains", "seeds", "problems")},
            }
        )
    if not rows:
        raise DataError(f"students.proposed: no base has a student on {corpus} and another to compare it with")
    return rows
