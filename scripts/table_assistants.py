"""The sweep over merged teacher assistants: accuracy and CoT length by merge weight and density.

    python -m scripts.table_assistants --graded-dir results/mini/graded --dataset valid \\
        --entries '[{"model": "medium", "tuned": "ta", "weight": 0, "density": null, "mask_seed": null},
                    {"model": "ta-w0.4-d0.5-m0", "tuned": "ta", "weight": 0.4, "density": 0.5, "mask_seed": 0},
                    {"model": "ta", "tuned": "ta", "weight": null, "density": null, "mask_seed": null}]' \\
        --out-stem results/mini/tables/assistants

Each tuned model has a sweep: its base has weight 0; a weight of null is itself, un-merged, which the table puts at
weight 1. Neither has a density. A base of two tuned models stands in both sweeps.
Writes `{stem}.{csv,md,tex}`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from micota.common.cli import json_flag, run
from micota.common.tables import Column, Row, write_table
from micota.results.estimates import mean
from micota.results.outcomes import read_cells

COLUMNS = (
    Column("model", "Teacher assistant"),
    Column("tuned", "Tuned model"),
    Column("weight", "Weight", "{0:g}"),
    Column("density", "Density", "{0:g}"),
    Column("mask_seed", "Mask seed"),
    Column("accuracy", "Accuracy (%)", "{0:.1f}"),
    Column("accuracy_low", "95% interval", "[{0:.1f}, {accuracy_high:.1f}]"),
    Column("accuracy_high"),
    Column("mean_tokens", "Mean CoT length (tokens)", "{0:,.0f}"),
    Column("median_tokens", "Median (tokens)", "{0:,.0f}"),
    Column("truncated_percent", "Truncated (%)", "{0:.1f}"),
    Column("no_box_percent", "No box (%)", "{0:.1f}"),
    Column("problems", "Problems", "{0:,}"),
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--entries", type=json_flag, required=True, help="JSON list of {model, tuned, weight, density, mask_seed}"
    )
    parser.add_argument("--graded-dir", type=Path, required=True, help="folder of {model}.jsonl graded traces")
    parser.add_argument("--dataset", required=True, help="the data set the assistants are compared on")
    parser.add_argument("--out-stem", required=True, help="where to write, without the ending")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Write the table: a sweep after the other, each ordered by weight, then density."""
    args = parse_args(argv)
    entries = check_entries(args.entries, ("model", "tuned", "weight", "density", "mask_seed"))
    rows = [assistant_row(entry, args.graded_dir, args.dataset) for entry in entries]
    sweeps = list(dict.fromkeys(entry["tuned"] for entry in entries))
    rows.sort(key=lambda row: (sweeps.index(row["tuned"]), row["weight"], row["density"] or 0, row["mask_seed"] or 0))
    write_table(args.out_stem, rows, COLUMNS, group="weight")


def assistant_row(entry: Row, graded_dir: Path, dataset: str) -> Row:
    """One assistant: its place in the sweep and what it did."""
    cell = read_cells(graded_dir, entry["model"], [dataset])[dataset]
    accuracy = mean(cell.accuracies())
    return {
        "model": entry["model"],
        "tuned": entry["tuned"],
        "weight": 1.0 if entry["weight"] is None else entry["weight"],
        "density": entry["density"],
        "mask_seed": entry["mask_seed"],
        "accuracy": 100 * accuracy.value,
        "accuracy_low": 100 * accuracy.low,
        "accuracy_high": 100 * accuracy.high,
        **cell.measures(),
        "median_tokens": median(cell.tokens),
        "problems": len(cell.outcomes),
    }


if __name__ == "__main__":
    run(main)
