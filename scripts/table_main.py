"""The main table: accuracy of every student by corpus, and what each grader said of every cell.

    python -m scripts.table_main --graded-dir results/mini/graded --benchmarks '["easy", "hard"]' \\
        --entries '[{"model": "small", "base": "small", "corpus": "base", "seed": null},
                    {"model": "small-mid-s0", "base": "small", "corpus": "mid", "seed": 0}]' \\
        --compare mid --out-stem results/mini/tables/main

Writes `{stem}.{csv,md,tex}` (a row per student and corpus, training seeds averaged), `{stem}_cells.csv` (a row per
model and benchmark) and, with `--compare`, `{stem}_differences.{csv,md,tex}`: that corpus against every other one on
the same problems. Lengths and shares are averaged over benchmarks with equal weight, as the accuracy is.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from micota.common.cli import UserError, json_flag, run
from micota.common.tables import Column, Row, write_csv, write_table
from micota.results.estimates import crossed, mean, wilson
from micota.results.labels import corpus_label
from micota.results.outcomes import Cell, check_same_problems, read_cells

Cells = Mapping[str, Cell]  # benchmark -> what one model did on it
Groups = Mapping[tuple[str, str], Sequence[Cells]]  # (base, corpus) -> one a training seed

MEASURES = ("mean_tokens", "truncated_percent", "no_box_percent")


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=json_flag, required=True, help="JSON list of {model, base, corpus, seed}")
    parser.add_argument("--benchmarks", type=json_flag, required=True, help="JSON list of data set names")
    parser.add_argument("--graded-dir", type=Path, required=True, help="folder of {model}.jsonl graded traces")
    parser.add_argument("--compare", help="corpus to test against every other corpus of the same base")
    parser.add_argument("--out-stem", required=True, help="where to write, without the ending")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Write the tables."""
    args = parse_args(argv)
    entries = check_entries(args.entries, ("model", "base", "corpus", "seed"))
    if not isinstance(args.benchmarks, list) or not args.benchmarks:
        raise UserError("--benchmarks must be a JSON list of one data set or more")
    cells = {entry["model"]: read_cells(args.graded_dir, entry["model"], args.benchmarks) for entry in entries}
    check_same_problems(cells, args.benchmarks)
    for benchmark, cell in next(iter(cells.values())).items():
        if len(cell.outcomes) < 2:
            raise UserError(f"{benchmark} has one problem; an interval needs two or more")
    groups: dict[tuple[str, str], list[Cells]] = {}
    for base in dict.fromkeys(entry["base"] for entry in entries):
        for entry in entries:
            if entry["base"] == base:
                groups.setdefault((base, entry["corpus"]), []).append(cells[entry["model"]])

    write_table(args.out_stem, summary_rows(groups, args.benchmarks), summary_columns(args.benchmarks), group="base")
    graders = dict.fromkeys(grader for each in cells.values() for cell in each.values() for grader in cell.verdicts)
    long_form = [
        cell_row(entry, benchmark, cells[entry["model"]][benchmark], graders)
        for entry in entries
        for benchmark in args.benchmarks
    ]
    if any(cell.cut for each in cells.values() for cell in each.values()):
        long_form = [row | cut_before_box(cells[row["model"]][row["benchmark"]]) for row in long_form]
    write_csv(f"{args.out_stem}_cells.csv", long_form, [Column(key) for key in long_form[0]])
    if args.compare is not None:
        rows = difference_rows(groups, args.benchmarks, args.compare)
        write_table(f"{args.out_stem}_differences", rows, DIFFERENCE_COLUMNS, group="base")


def accuracies(seeds: Sequence[Cells], benchmark: str) -> list[list[float]]:
    """[training seeds, problems] of one benchmark."""
    return [cells[benchmark].accuracies() for cells in seeds]


def summary_rows(groups: Groups, benchmarks: Sequence[str]) -> list[Row]:
    """One row per (base, corpus): each benchmark, their average with its interval, lengths and shares."""
    rows = []
    for (base, corpus), seeds in groups.items():
        row: Row = {"base": base, "corpus": corpus}
        scores = {benchmark: accuracies(seeds, benchmark) for benchmark in benchmarks}
        named = {benchmark: crossed([score]) for benchmark, score in scores.items()}
        for name, estimate in {**named, "average": crossed(list(scores.values()))}.items():
            row[f"accuracy_{name}"] = 100 * estimate.value
            row[f"accuracy_{name}_low"] = max(0.0, 100 * estimate.low)  # t knows no bounds, an accuracy does
            row[f"accuracy_{name}_high"] = min(100.0, 100 * estimate.high)
        for benchmark, score in scores.items():
            row[f"problems_{benchmark}"] = len(score[0])
        measures = [cells[benchmark].measures() for cells in seeds for benchmark in benchmarks]
        row |= {key: fmean(measure[key] for measure in measures) for key in MEASURES}
        row |= {"seeds": len(seeds), "problems": sum(len(score[0]) for score in scores.values())}
        rows.append(row)
    return rows


def summary_columns(benchmarks: Sequence[str]) -> list[Column]:
    """The main table's columns; the intervals and sizes of single benchmarks are in the CSV alone."""
    columns = [Column("base", "Student"), Column("corpus", "Corpus", corpus_label)]
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
        Column("accuracy_average_low", "95% interval", "[{0:.1f}, {accuracy_average_high:.1f}]"),
        Column("accuracy_average_high"),
        Column("mean_tokens", "CoT length (tokens)", "{0:,.0f}"),
        Column("truncated_percent", "Truncated (%)", "{0:.1f}"),
        Column("no_box_percent", "No box (%)", "{0:.1f}"),
        Column("seeds", "Seeds"),
        Column("problems", "Problems", "{0:,}"),
    ]


def cell_row(entry: Row, benchmark: str, cell: Cell, graders: Iterable[str]) -> Row:
    """One model on one benchmark; Wilson's interval where each problem has one sample, else a bootstrap."""
    n, problems = len(cell.tokens), len(cell.outcomes)
    estimate = wilson(cell.correct, n) if n == problems else mean(cell.accuracies())
    return {
        **{key: entry[key] for key in ("model", "base", "corpus", "seed")},
        "benchmark": benchmark,
        "n": n,
        "problems": problems,
        "correct": cell.correct,
        "wrong": n - cell.correct,
        "accuracy": 100 * estimate.value,
        "accuracy_low": 100 * estimate.low,
        "accuracy_high": 100 * estimate.high,
        **cell.measures(),
        "several_answers": cell.several_answers,
        **{f"{grader}_percent": 100 * cell.verdicts[grader] / n for grader in graders},
    }


def cut_before_box(cell: Cell) -> Row:
    """How many completions a stop string ended before any box; None where the traces do not say."""
    return {"stopped_before_box": sum(cell.cut) if len(cell.cut) == len(cell.tokens) else None}


def difference_rows(groups: Groups, benchmarks: Sequence[str], corpus: str) -> list[Row]:
    """The corpus against every other one of the same base: macro average, paired by problem and by seed in order.

    An untrained base is one run, the same for every seed of the corpus.
    """
    rows: list[Row] = []
    for (base, other), seeds in groups.items():
        if other == corpus or (base, corpus) not in groups:
            continue
        mine = groups[base, corpus]
        if len(seeds) != len(mine) and other != "base":
            raise UserError(
                f"--compare {corpus}: {base} has {len(mine)} seeds of it and {len(seeds)} of {other}; a difference by"
                " seed needs as many of both"
            )
        contrasts = [np.subtract(accuracies(mine, benchmark), accuracies(seeds, benchmark)) for benchmark in benchmarks]
        difference = crossed(contrasts)
        rows.append(
            {
                "base": base,
                "corpus": corpus,
                "against": other,
                "difference": 100 * difference.value,
                "difference_low": 100 * difference.low,
                "difference_high": 100 * difference.high,
                "p_value": difference.p,
                "problems": difference.problems,
            }
        )
    if not rows:
        raise UserError(f"--compare {corpus}: no base has a student on that corpus and another to compare it with")
    return rows


DIFFERENCE_COLUMNS = (
    Column("base", "Student"),
    Column("corpus", "Corpus", corpus_label),
    Column("against", "Against", corpus_label),
    Column("difference", "Difference (points)", "{0:+.1f}"),
    Column("difference_low", "95% interval", "[{0:+.1f}, {difference_high:+.1f}]"),
    Column("difference_high"),
    Column("p_value", "p (two-sided)", "{0:.4f}"),
    Column("problems", "Problems", "{0:,}"),
)


if __name__ == "__main__":
    run(main)
