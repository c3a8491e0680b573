"""Numbers that others published, and ours beside them.

Every row of the published file stands in the table; one that `beside` names has our student's numbers too, and the
difference of the averages in points. `benchmarks`: our benchmark -> the published column it is nearest to.
"""

from collections.abc import Mapping
from pathlib import Path

from micota.common.errors import DataError
from micota.common.tables import Column, Row, read_csv, write_table


def make(files: dict[str, list[Path]], out: Path, *, benchmarks: dict[str, str], beside: dict[str, str]) -> None:
    """`beside`: {student}-{corpus} -> the published name."""
    (theirs,), (main,) = files["published"], files["main"]
    published = {str(row["name"]): row for row in read_csv(theirs)}
    ours = {f"{row['base']}-{row['corpus']}": row for row in read_csv(main)}
    if unknown := sorted(set(beside.values()) - published.keys()):
        raise DataError(f"published.beside: {', '.join(unknown)}: no such row in {theirs}")
    wanted = [*benchmarks.values(), "average"]
    if missing := sorted(set(wanted) - set(next(iter(published.values())))):
        raise DataError(f"published.benchmarks: {', '.join(missing)}: no such column in {theirs}")
    mates = {name: ours.get(student) for student, name in beside.items()}
    rows = [joined(row, mates.get(name), benchmarks) for name, row in published.items()]
    write_table(out / "published", rows, columns(benchmarks), group="student")


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
