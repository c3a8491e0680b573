"""Three scores side by side, how far the graders agree, and a gallery of what they disagree on.

`scores`: a row each student and corpus as in the main table; `agreement`: a row each pair of graders and benchmark;
`disagreements.csv`: every answer that the graders judge differently; `disagreements.md`: the first SHOWN to read.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from micota.common import contracts
from micota.common.errors import DataError
from micota.common.files import by_name, whole
from micota.common.tables import Column, Row, write_csv, write_table
from micota.results.columns import CHAINS, PROBLEMS, SEEDS, STUDENT
from micota.results.contrasts import crossed
from micota.results.disagreements import gallery
from micota.results.entries import Entry, by_student
from micota.results.scores import (
    LABELS,
    MATH_VERIFY,
    PAPER_RULE,
    RULE_JUDGE,
    Scores,
    agreement_rows,
    disagreement_rows,
    read_judged,
    read_scores,
)

SHOWN = 100  # disagreements in the gallery
HEADINGS = {PAPER_RULE: "The paper's rule (%)", RULE_JUDGE: "Rule + judge (%)", MATH_VERIFY: "math-verify (%)"}
AGREEMENT_COLUMNS = (
    Column("one", "Grader", LABELS.__getitem__),
    Column("other", "Other grader", LABELS.__getitem__),
    Column("benchmark", "Benchmark"),
    Column("n", "Traces", "{0:,}"),
    Column("both_right", "Both: right", "{0:,}"),
    Column("only_one", "Only the first", "{0:,}"),
    Column("only_other", "Only the other", "{0:,}"),
    Column("both_wrong", "Both: wrong", "{0:,}"),
    Column("agreement_percent", "Agreement (%)", "{0:.2f}"),
    Column("kappa", "Cohen's kappa", "{0:.3f}"),
)


def make(files: dict[str, list[Path]], out: Path, *, entries: list[Entry], rules: dict[str, str]) -> None:
    """`files["judged"]` holds the judge model's verdicts, if the study has one."""
    paths = by_name(files["graded"])
    judged = read_judged(files["judged"][0]) if files["judged"] else None
    scores = read_scores(
        {entry["model"]: paths[entry["model"]] for entry in entries},
        rules,
        judged,
        contracts.kept_counts(files["reports"]),
    )
    rows = score_rows(entries, scores, list(rules))
    write_table(out / "scores", rows, score_columns(rows, scores.graders), group="base")
    write_table(out / "agreement", agreement_rows(scores), AGREEMENT_COLUMNS, group="other")
    texts = {row["id"]: row["problem"] for path in files["problems"] for row in contracts.problems(path)}
    missing = sorted(scores.golds.keys() - texts.keys())
    if missing:
        raise DataError(f"{missing[0]} is in none of {', '.join(map(str, files['problems']))}")
    differing = disagreement_rows(scores, texts)
    columns = ["benchmark", "id", "problem", "answer", "extracted", *scores.graders, "reason", "traces", "pair_traces"]
    write_csv(out / "disagreements.csv", differing, [Column(key) for key in (*columns, "models")])
    traces = sum(counted.total() for counted in scores.patterns.values())
    with whole(out / "disagreements.md") as handle:
        handle.write(gallery(differing, scores.graders, traces, SHOWN))


def score_rows(entries: Sequence[Entry], scores: Scores, benchmarks: Sequence[str]) -> list[Row]:
    """One row for each (base, corpus), chains and training seeds averaged: every grader's scores and their average."""
    rows = []
    for (base, corpus), chains in by_student(entries).items():
        row: Row = {"base": base, "corpus": corpus}
        for grader, cells in scores.cells.items():
            outcomes = {
                name: np.array([[cells[model][name].accuracies() for model in models] for models in chains])
                for name in benchmarks
            }
            average = crossed(list(outcomes.values()), bounds=(0, 1))
            row |= average.percent().named(f"{grader}_average")
            row |= {f"{grader}_{name}": crossed([outcome]).percent().value for name, outcome in outcomes.items()}
        rows.append(row | {key: getattr(average, key) for key in ("chains", "seeds", "problems")})
    return rows


def score_columns(rows: Sequence[Row], graders: Sequence[str]) -> list[Column]:
    """The averages to read; single benchmarks and intervals are in the CSV alone."""
    shown = [*STUDENT, CHAINS, SEEDS, PROBLEMS]
    shown += [Column(f"{grader}_average", HEADINGS[grader], "{0:.1f}") for grader in graders]
    named = {column.key: column for column in shown}
    return [named.get(key, Column(key)) for key in rows[0]]
