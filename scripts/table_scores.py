"""Three scores side by side, how far the graders agree, and a gallery of what they disagree on.

    python -m scripts.table_scores --graded-dir results/mini/graded --rules '{"two_steps": "string"}' \\
        --problems results/mini/problems/two_steps.jsonl \\
        --entries '[{"model": "small", "base": "small", "corpus": "base", "seed": 0}]' --tables results/mini/tables

Writes into `--tables`: `scores.{csv,md,tex}`, a row each student and corpus as in the main table; `agreement.*`, a row
each pair of graders and benchmark; `disagreements.csv`, every answer that the graders judge differently, and
`disagreements.md`, the first `--show` of them to read. `--judged` adds the judge model's verdicts.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from micota.common.cli import UserError, json_flag, run
from micota.common.records import PROBLEM_FIELDS, read_jsonl, whole
from micota.common.tables import Column, Row, write_csv, write_table
from micota.results.disagreements import gallery
from micota.results.estimates import crossed
from micota.results.labels import corpus_label
from micota.results.outcomes import check_same_problems
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


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=json_flag, required=True, help="JSON list of {model, base, corpus, seed}")
    parser.add_argument("--rules", type=json_flag, required=True, help="JSON: the paper's rule of each benchmark")
    parser.add_argument("--problems", type=Path, nargs="+", required=True, help="the benchmarks' problem records")
    parser.add_argument("--graded-dir", type=Path, required=True, help="folder of {model}.jsonl graded traces")
    parser.add_argument("--judged", type=Path, help="the judge model's verdicts, of scripts/judge.py")
    parser.add_argument("--show", type=int, default=100, help="disagreements to write out in the gallery")
    parser.add_argument("--tables", type=Path, required=True, help="the folder to write to")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Read every trace once, write the three tables."""
    args = parse_args(argv)
    entries = check_entries(args.entries, ("model", "base", "corpus", "seed"))
    if not isinstance(args.rules, Mapping) or not args.rules:
        raise UserError("--rules must be a JSON object: the rule of each benchmark")
    judged = read_judged(args.judged) if args.judged else None
    scores = read_scores(args.graded_dir, [entry["model"] for entry in entries], args.rules, judged)
    for cells in scores.cells.values():
        check_same_problems(cells, list(args.rules))
    rows = score_rows(entries, scores, list(args.rules))
    write_table(args.tables / "scores", rows, score_columns(rows, scores.graders), group="base")
    write_table(args.tables / "agreement", agreement_rows(scores), AGREEMENT_COLUMNS, group="other")
    texts = {row["id"]: row["problem"] for path in args.problems for row in read_jsonl(path, PROBLEM_FIELDS)}
    missing = sorted(scores.golds.keys() - texts.keys())
    if missing:
        raise UserError(f"--problems: {missing[0]} is in none of the files")
    differing = disagreement_rows(scores, texts)
    columns = ["benchmark", "id", "problem", "answer", "extracted", *scores.graders, "reason", "traces", "pair_traces"]
    write_csv(args.tables / "disagreements.csv", differing, [Column(key) for key in (*columns, "models")])
    traces = sum(counted.total() for counted in scores.patterns.values())
    with whole(args.tables / "disagreements.md") as handle:
        handle.write(gallery(differing, scores.graders, traces, args.show))


def score_rows(entries: Sequence[Row], scores: Scores, benchmarks: Sequence[str]) -> list[Row]:
    """One row for each (base, corpus), training seeds averaged: every grader's scores and their average."""
    groups: dict[tuple[str, str], list[str]] = {}
    for base in dict.fromkeys(entry["base"] for entry in entries):
        for entry in entries:
            if entry["base"] == base:
                groups.setdefault((base, entry["corpus"]), []).append(entry["model"])
    rows = []
    for (base, corpus), models in groups.items():
        row: dict[str, Any] = {"base": base, "corpus": corpus}
        for grader, cells in scores.cells.items():
            outcomes = {name: [cells[model][name].accuracies() for model in models] for name in benchmarks}
            average = crossed(list(outcomes.values()))
            row[f"{grader}_average"] = 100 * average.value
            row[f"{grader}_average_low"] = max(0.0, 100 * average.low)
            row[f"{grader}_average_high"] = min(100.0, 100 * average.high)
            row |= {f"{grader}_{name}": 100 * crossed([outcome]).value for name, outcome in outcomes.items()}
        problems = sum(len(cells[models[0]][name].outcomes) for name in benchmarks)
        rows.append({**row, "seeds": len(models), "problems": problems})
    return rows


def score_columns(rows: Sequence[Row], graders: Sequence[str]) -> list[Column]:
    """The averages to read; single benchmarks and intervals are in the CSV alone."""
    shown = [Column("base", "Student"), Column("corpus", "Corpus", corpus_label)]
    shown += [Column(f"{grader}_average", HEADINGS[grader], "{0:.1f}") for grader in graders]
    shown += [Column("seeds", "Seeds"), Column("problems", "Problems", "{0:,}")]
    named = {column.key: column for column in shown}
    return [named.get(key, Column(key)) for key in rows[0]]


if __name__ == "__main__":
    run(main)
