"""What the data sets share: how many problems of each were dropped because another set, or the same one, has them too.

A row for each data set and each set that it was held against (itself included); `contamination_pairs.csv` has every
pair that matched, with both texts. A problem that matches several sets counts for the first.
"""

from collections import Counter
from pathlib import Path

from micota.common.files import by_name
from micota.common.records import RecordError, read_json
from micota.common.tables import Column, Row, write_csv, write_table
from micota.problems.cleaning import CONTRADICTION, DUPLICATE, EXACT, NEAR, NGRAM, REASONS, TOO_LONG

PAIR = (
    "dataset",
    "id",
    "against",
    "with",
    "reason",
    "similarity",
    "shared",
    "answer",
    "with_answer",
    "text",
    "with_text",
)
# Where they concern nothing, tables stay as those of archived reports.
LATER = {"left_out", TOO_LONG, CONTRADICTION, "shared", "answer", "with_answer"}
COLUMNS = (
    Column("dataset", "Data set"),
    Column("against", "Held against"),
    Column("read", "Problems", "{0:,}"),
    Column("left_out", "Left out on loading", "{0:,}"),
    Column(TOO_LONG, "Too long", "{0:,}"),
    Column(DUPLICATE, "Duplicates", "{0:,}"),
    Column(CONTRADICTION, "Duplicates, another answer", "{0:,}"),
    Column(EXACT, "Equal", "{0:,}"),
    Column(NGRAM, "Shared n-gram", "{0:,}"),
    Column(NEAR, "Near-duplicates", "{0:,}"),
    Column("matched", "Matched", "{0:,}"),
    Column("matched_percent", "Matched (%)", "{0:.2f}"),
    Column("dropped", "Dropped", "{0:,}"),
    Column("ngram", "n (0: off)"),
    Column("near", "Similarity (0: off)"),
)


def make(files: dict[str, list[Path]], out: Path) -> None:
    reports = {dataset: read_report(path) for dataset, path in by_name(files["reports"]).items()}
    rows = [row for dataset, report in reports.items() for row in dataset_rows(dataset, report)]
    columns = [column for column in COLUMNS if column.key not in LATER or any(row[column.key] for row in rows)]
    write_table(out / "contamination", rows, columns, group="dataset")
    pairs = [pair_row(pair) for report in reports.values() for pair in report["pairs"]]
    shown = [key for key in PAIR if key not in LATER or any(pair[key] for pair in pairs)]
    write_csv(out / "contamination_pairs.csv", pairs, [Column(key) for key in shown])


def read_report(path: Path) -> Row:
    """One report, checked for its keys and its sum."""
    report: Row = read_json(path)
    missing = [key for key in ("read", "kept", "dropped", "thresholds", "against", "pairs") if key not in report]
    if not missing and (report["thresholds"].get("near") is None or any("text" not in p for p in report["pairs"])):
        missing = ["thresholds.near or the pairs' texts (an older version wrote it: clean the problems again)"]
    if missing:
        raise RecordError(f"{path}: the report lacks {', '.join(missing)}")
    lost = report["read"] - report["kept"] - sum(report["dropped"].values())
    if lost:
        raise RecordError(f"{path}: {report['read']} problems read, but kept and dropped differ from that by {lost}")
    return report


def dataset_of(problem: str) -> str:
    """The data set of a problem's id, `{dataset}/{n}`."""
    return problem.rpartition("/")[0]


def dataset_rows(dataset: str, report: Row) -> list[Row]:
    """A row for each set that the data set was held against; its own duplicates are in the row of itself."""
    found = Counter((dataset_of(pair["with"]), pair["reason"]) for pair in report["pairs"])
    thresholds = report["thresholds"]
    rows = []
    for against in [*(Path(path).stem for path in report["against"]), dataset]:
        counts = {reason: found[against, reason] for reason in REASONS}
        matched = sum(counts.values())
        kept_whole = against == dataset and not thresholds["drop_duplicates"]
        rows.append(
            {
                "dataset": dataset,
                "against": against,
                "read": report["read"],
                "left_out": sum(report.get("left_out", {}).values()) if against == dataset else 0,
                TOO_LONG: report["dropped"].get(TOO_LONG, 0) if against == dataset else 0,
                **counts,
                "matched": matched,
                "matched_percent": 100 * matched / report["read"],
                "dropped": 0 if kept_whole else matched,
                "ngram": thresholds["ngram"],
                "near": thresholds["near"],
            }
        )
    return rows


def pair_row(pair: Row) -> Row:
    """One pair, flat; only near-duplicates have a similarity."""
    sets = {"dataset": dataset_of(pair["id"]), "against": dataset_of(pair["with"])}
    return {key: pair.get(key) for key in PAIR} | sets
