"""Traces that were cut off at the limit: how many were going round in circles, how many were merely long.

A row a model and data set, the training seeds of a student together. `repeating` are the truncated traces of whose text
`repeating_from` or more is the one phrase that they end in (`repeated_share`: micota/grading/repetition.py).
"""

from collections import Counter
from pathlib import Path

from micota.common import contracts
from micota.common.files import by_name
from micota.common.records import RecordError
from micota.common.tables import Column, Row, write_table
from micota.study import names

COLUMNS = (
    Column("model", "Model"),
    Column("dataset", "Problems"),
    Column("traces", "Traces", "{0:,}"),
    Column("truncated", "Truncated", "{0:,}"),
    Column("truncated_percent", "Truncated (%)", "{0:.1f}"),
    Column("repeating", "Repeating", "{0:,}"),
    Column("repeating_percent", "Of the truncated (%)", "{0:.1f}"),
)


def make(files: dict[str, list[Path]], out: Path, *, repeating_from: float) -> None:
    traces: Counter[tuple[str, str]] = Counter()
    truncated: Counter[tuple[str, str]] = Counter()
    repeating: Counter[tuple[str, str]] = Counter()
    counts = contracts.kept_counts(files["reports"])
    for model, path in by_name(files["graded"]).items():
        for trace in contracts.graded(path, None, counts):
            if "repeated_share" not in trace:
                raise RecordError(
                    f"{path}: these traces were graded before `repeated_share` was measured; grade them again, or leave"
                    " out grading.repeating_from, without which the study has no such table"
                )
            row = names.arm_of(model), trace["dataset"]
            cut = trace["finish_reason"] == "length"
            traces[row] += 1
            truncated[row] += cut
            repeating[row] += cut and trace["repeated_share"] >= repeating_from
    rows: list[Row] = [
        {
            "model": model,
            "dataset": dataset,
            "traces": count,
            "truncated": truncated[model, dataset],
            "truncated_percent": 100 * truncated[model, dataset] / count,
            "repeating": repeating[model, dataset],
            "repeating_percent": 100 * repeating[model, dataset] / cut if (cut := truncated[model, dataset]) else None,
        }
        for (model, dataset), count in traces.items()
    ]
    write_table(out / "repetition", rows, COLUMNS, group="model")
