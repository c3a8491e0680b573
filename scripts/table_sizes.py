"""The gap between corpora by student size.

    python -m scripts.table_sizes --graded-dir results/mini/graded --benchmarks '["easy", "hard"]' \\
        --sizes results/mini/sizes/small.json results/mini/sizes/medium.json --gaps '[["mid", "long"]]' \\
        --entries '[{"model": "small-mid-s0", "base": "small", "corpus": "mid", "seed": 0},
                    {"model": "small-long-s0", "base": "small", "corpus": "long", "seed": 0}, ...]' \\
        --out-stem results/mini/tables/sizes

Writes `{stem}.{csv,md,tex}`, students by their number of parameters: the accuracy (%) of each corpus, averaged over
benchmarks, and for each gap the difference in points, on the same problems, training seeds paired by their place. The
intervals are about further problems and further training seeds (micota.results.estimates.crossed).
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from micota.common.cli import UserError, json_flag, run
from micota.common.records import read_json
from micota.common.tables import Column, Row, write_table
from micota.results.estimates import Array, crossed
from micota.results.labels import corpus_label
from micota.results.outcomes import check_same_problems, read_cells

Scores = Mapping[tuple[str, str], Sequence[Array]]  # (base, corpus) -> an array [seeds, problems] a benchmark, in %

COLUMNS = (
    Column("base", "Student"),
    Column("parameters", "Parameters", "{0:,}"),
    Column("kind", "Value"),
    Column("corpus", "Corpus", corpus_label),
    Column("against", "Against", corpus_label),
    Column("value", "% or points", "{0:{sign}.1f}"),
    Column("low", "95% interval", "[{0:{sign}.1f}, {high:{sign}.1f}]"),
    Column("high"),
    Column("seeds", "Seeds"),
    Column("problems", "Problems", "{0:,}"),
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=json_flag, required=True, help="JSON list of {model, base, corpus, seed}")
    parser.add_argument("--benchmarks", type=json_flag, required=True, help="JSON list of data set names")
    parser.add_argument("--gaps", type=json_flag, required=True, help="JSON list of [corpus, against]")
    parser.add_argument("--sizes", type=Path, nargs="+", required=True, help="sizes/{base}.json files")
    parser.add_argument("--graded-dir", type=Path, required=True, help="folder of {model}.jsonl graded traces")
    parser.add_argument("--out-stem", required=True, help="where to write, without the ending")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Write the table."""
    args = parse_args(argv)
    entries = check_entries(args.entries, ("model", "base", "corpus", "seed"))
    parameters = {size["model"]: size["parameters"] for size in map(read_json, args.sizes)}
    if missing := {entry["base"] for entry in entries} - parameters.keys():
        raise UserError(f"--sizes: no file says how large {', '.join(sorted(missing))} is")
    scores = read_scores(entries, args.benchmarks, args.graded_dir)
    rows: list[Row] = []
    for base in sorted(parameters, key=lambda name: (parameters[name], name)):
        rows += [{"parameters": parameters[base], **row} for row in base_rows(base, scores, args.gaps)]
    write_table(args.out_stem, rows, COLUMNS, group="base")


def read_scores(entries: Sequence[Row], benchmarks: Sequence[str], graded_dir: Path) -> Scores:
    """The score of every problem, seeds in the order of the entries."""
    cells = {entry["model"]: read_cells(graded_dir, entry["model"], benchmarks) for entry in entries}
    check_same_problems(cells, benchmarks)
    models: dict[tuple[str, str], list[str]] = {}
    for entry in entries:
        models.setdefault((entry["base"], entry["corpus"]), []).append(entry["model"])
    return {
        key: [100 * np.array([cells[model][benchmark].accuracies() for model in seeds]) for benchmark in benchmarks]
        for key, seeds in models.items()
    }


def base_rows(base: str, scores: Scores, gaps: Sequence[Sequence[str]]) -> list[Row]:
    """One student: its accuracy by corpus, then each gap whose two corpora it was trained on."""
    own = {corpus: score for (name, corpus), score in scores.items() if name == base}
    rows = [value_row(base, "accuracy", corpus, None, score) for corpus, score in own.items()]
    for corpus, against in gaps:
        if corpus in own and against in own:
            paired = [first - second for first, second in zip(own[corpus], own[against], strict=True)]
            rows.append(value_row(base, "gap", corpus, against, paired))
    return rows


def value_row(base: str, kind: str, corpus: str, against: str | None, scores: Sequence[Array]) -> Row:
    """An accuracy or a gap with its interval."""
    estimate = crossed(scores)
    low, high = estimate.low, estimate.high
    if kind == "accuracy":  # t knows no bounds, an accuracy does
        low, high = max(0.0, low), min(100.0, high)
    return {
        "base": base,
        "kind": kind,
        "corpus": corpus,
        "against": against,
        "value": estimate.value,
        "low": low,
        "high": high,
        "seeds": len(scores[0]),
        "problems": sum(score.shape[1] for score in scores),
        "sign": "+" if kind == "gap" else "-",  # how numbers are written: a gap's sign always shows
    }


if __name__ == "__main__":
    run(main)
