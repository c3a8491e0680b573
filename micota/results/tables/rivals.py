"""The proposed corpus against its rivals: what each gives, and what it takes.

A row a family, the proposed corpus first: of the family's candidates the one that the validation problems chose, by the
rule of micota.study.asked.Rivals, and its accuracy on the benchmarks, which did not choose. `difference` is that of the
proposed corpus less the rival, paired over chains, training seeds and problems; p is corrected by Holm's method over
all rows of the table. Training tokens and all arithmetic: micota/results/compute.py. `compute` is what went into one
student, `compute_search` that of every candidate of the family and its answers on the validation problems; means over
chains. `rivals_candidates` has every candidate.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from micota.common.errors import DataError
from micota.common.tables import Column, Row, write_table
from micota.results import rivals
from micota.results.columns import PROBLEMS, SEEDS, STUDENT, interval
from micota.results.compute import Measured, charged
from micota.results.contrasts import Contrast, crossed
from micota.results.estimates import Array
from micota.results.labels import corpus_label, small_p
from micota.results.outcomes import read_models
from micota.results.rivals import Cells
from micota.results.significance import holm

BASE = STUDENT[0]
FAMILY = (Column("family"), Column("label", "Method"))
SCORES = (
    Column("validation_accuracy", "Validation (%)", "{0:.1f}"),
    Column("accuracy", "Accuracy (%)", "{0:.1f}"),
    *interval("accuracy", ".1f"),
    Column("mean_tokens", "CoT length (tokens)", "{0:,.0f}"),
    Column("training_tokens", "Training tokens", "{0:,.0f}"),
    Column("compute", "All compute (FLOPs)", "{0:.2e}"),
)
RUNS = (Column("chains", "Chains"), SEEDS, PROBLEMS)
COLUMNS = (
    BASE,
    *FAMILY,
    Column("candidate", "Chosen", corpus_label),
    Column("candidates", "Of"),
    *SCORES,
    Column("compute_search", "With the choice (FLOPs)", "{0:.2e}"),
    Column("difference", "MiCoTA \N{MINUS SIGN} it (points)", "{0:+.1f}"),
    *interval("difference", "+.1f"),
    Column("p_value", "p (two-sided)", small_p),
    Column("p_holm", "p (Holm)", small_p),
    *RUNS,
)
CANDIDATES = (
    BASE,
    *FAMILY,
    Column("candidate", "Candidate", corpus_label),
    Column("chosen", "Chosen"),
    *SCORES,
    Column("validation_tokens"),
    *RUNS,
)
DIFFERENCE = ("difference", "difference_low", "difference_high", "p_value")


def make(
    files: dict[str, list[Path]],
    out: Path,
    *,
    candidates: list[dict[str, Any]],
    labels: dict[str, str],
    benchmarks: list[str],
    validation: str,
) -> None:
    """`candidates`: see micota.results.rivals.contenders; `labels`: family -> what it is called."""
    models = dict.fromkeys(model for row in candidates for seeds in row["models"] for model in seeds)
    cells = read_models(files, models, [*benchmarks, validation])
    numbers = rivals.measured(files, rivals.bills(candidates))
    families: dict[tuple[str, str | None], list[Row]] = {}
    for given in candidates:
        row = candidate_row(given, labels, cells, benchmarks, validation, numbers)
        families.setdefault((row["base"], row["family"]), []).append(row)
    shown = [chosen_of(rows) for rows in families.values()]
    proposed = {row["base"]: row for row in shown if row["family"] is None}
    rows = [row | compared(row, proposed[row["base"]], cells, benchmarks) for row in shown]
    for row, p_holm in zip(rows, holm([row["p_value"] for row in rows]), strict=True):
        row["p_holm"] = p_holm
    write_table(out / "rivals", rows, COLUMNS, group="base")
    write_table(out / "rivals_candidates", [row for each in families.values() for row in each], CANDIDATES, "family")


def candidate_row(
    given: Mapping[str, Any],
    labels: Mapping[str, str],
    cells: Cells,
    benchmarks: Sequence[str],
    validation: str,
    numbers: Measured,
) -> Row:
    """One candidate: its scores on both, what it learned from and what that cost."""
    models, family = given["models"], given["family"]
    score = [rivals.scores(cells, models, name) for name in benchmarks]
    costs = [charged(each, numbers) for each in given["bills"]]
    return {
        "base": given["base"],
        "family": family,
        "label": "MiCoTA" if family is None else labels[family],
        "candidate": given["candidate"],
        "models": models,
        "validation_accuracy": float(rivals.scores(cells, models, validation).mean()),
        "validation_tokens": rivals.tokens(cells, models, [validation]),
        **estimate(score).bounded().named("accuracy"),
        "mean_tokens": rivals.tokens(cells, models, benchmarks),
        "training_tokens": fmean(cost.tokens for cost in costs),
        "compute": fmean(cost.total for cost in costs),
        "compute_search": fmean(charged(each, numbers).total for each in given["search"]),
        **rivals.runs(score),
    }


def chosen_of(rows: Sequence[Row]) -> Row:
    """The row of a family's candidate that the rule chooses; each row is told whether it is that one."""
    chosen = rivals.choose({row["candidate"]: (row["validation_accuracy"], row["validation_tokens"]) for row in rows})
    for row in rows:
        row["chosen"] = "yes" if row["candidate"] == chosen else ""
        row["candidates"] = len(rows)
    return next(row for row in rows if row["chosen"])


def compared(row: Row, proposed: Row, cells: Cells, benchmarks: Sequence[str]) -> Row:
    """The proposed corpus less this candidate; nothing where it is the same."""
    if row["candidate"] == proposed["candidate"]:
        return dict.fromkeys(DIFFERENCE)
    arrays = rivals.difference(cells, proposed["models"], row["models"], benchmarks)
    found = estimate(arrays)
    return {**found.named("difference"), "p_value": tested(found, arrays)}


def estimate(benchmarks: Sequence[Array]) -> Contrast:
    """The mean over benchmarks with its interval; the unit is the chain, its seeds averaged, or with one its seeds."""
    if min(array.shape[-1] for array in benchmarks) < 2:
        raise DataError("benchmarks: one of them has one problem; an interval needs two or more")
    return crossed(benchmarks)


def tested(found: Contrast, benchmarks: Sequence[Array]) -> float | None:
    """The p of a difference; None of a single run: what another training would give is not known."""
    return found.p if benchmarks[0].shape[:2] != (1, 1) else None
