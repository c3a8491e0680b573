"""The method as this study has it: which model and corpus stands in each step. From the configuration alone."""

from collections.abc import Sequence
from pathlib import Path

from micota.common.tables import Column, Row, write_table
from micota.results.labels import corpus_label

COLUMNS = (
    Column("step", "Step"),
    Column("name", "In this study", corpus_label),
    Column("source", "From"),
    Column("detail", "With"),
)


def make(files: dict[str, list[Path]], out: Path, *, steps: Sequence[Row]) -> None:
    """`steps`: as micota/results/method.py has them."""
    write_table(out / "method", steps, COLUMNS)
