"""Numbers that others published, and ours beside them.

    python -m scripts.table_published --published reference/published/smg.csv --main results/paper/tables/main.csv \\
        --benchmarks '{"math500": "math", "amc23": "amc23"}' --beside '{"qwen3b-long": "3b-r1-32b"}' \\
        --out-stem results/paper/tables/published

Every row of the published file stands in the table; one that `--beside` names has our student's numbers too, and the
difference of the averages in points. `--benchmarks`: our benchmark -> the published column it is nearest to.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from micota.common.cli import UserError, json_flag, run
from micota.common.tables import Column, Row, read_csv, write_table


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--published", type=Path, required=True, help="CSV: name, student, trained_on, a column each")
    parser.add_argument("--main", type=Path, required=True, help="the study's main table (CSV)")
    parser.add_argument("--benchmarks", type=json_flag, required=True, help="JSON: our benchmark -> published column")
    parser.add_argument("--beside", type=json_flag, required=True, help="JSON: {student}-{corpus} -> published name")
    parser.add_argument("--out-stem", required=True, help="where to write, without the ending")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Write the table."""
    args = parse_args(argv)
    published = {str(row["name"]): row for row in read_csv(args.published)}
    ours = {f"{row['base']}-{row['corpus']}": row for row in read_csv(args.main)}
    if unknown := sorted(set(args.beside.values()) - published.keys()):
        raise UserError(f"published.beside: {', '.join(unknown)}: no such row in {args.published}")
    wanted = [*args.benchmarks.values(), "average"]
    if missing := sorted(set(wanted) - set(next(iter(published.values())))):
        raise UserError(f"published.benchmarks: {', '.join(missing)}: no such column in {args.published}")
    mates = {name: ours.get(student) for student, name in args.beside.items()}
    rows = [joined(row, mates.get(name), args.benchmarks) for name, row in published.items()]
    write_table(args.out_stem, rows, columns(args.benchmarks), group="student")


def joined(published: Row, ours: Row | None, benchmarks: Mapping[str, str]) -> Row:
    """One published row, and our student's numbers where there is one; what is not known is None."""
    row: Row = {key: published[key] for key in ("name", "student", "trained_on")}
    for benchmark, column in [*benchmarks.items(), ("average", "average")]:
        row[column] = published[column]
        row[f"ours_{benchmark}"] = ours[f"accuracy_{benchmark}"] if ours else None
    row["ours"] = f"{ours['base']}-{ours['corpus']}" if ours else None
    row["difference"] = ours["accuracy_average"] - published["average"] if ours else None
    return row


def columns(benchmarks: Mapping[str, str]) -> list[Column]:
    """Our numbers on single benchmarks are in the CSV alone."""
    return [
        Column("name"),
        Column("student", "Student"),
        Column("trained_on", "Trained on"),
        *(Column(column, f"{column} (%)", "{0:.1f}") for column in benchmarks.values()),
        Column("average", "Average (%)", "{0:.1f}"),
        *(Column(f"ours_{benchmark}") for benchmark in benchmarks),
        Column("ours", "Ours"),
        Column("ours_average", "Our average (%)", "{0:.1f}"),
        Column("difference", "Ours - published", "{0:+.1f}"),
    ]


if __name__ == "__main__":
    run(main)
