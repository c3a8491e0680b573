"""Tables as a page shows them: the cells of their Markdown, or of the CSV where there is no other."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup, escape

from micota.common.errors import MissingFile
from micota.common.tables import DASH

SHOWN = 1000  # rows of a table on the page; all are in its CSV
CELL = re.compile(r"(?<!\\)\|")
DECIMAL = re.compile(r"-?\d+\.\d+(e[-+]?\d+)?")
NUMBER = re.compile(r"[<≈]? ?[-+−]?[\d,]*\.?\d+(?:e[-+]?\d+)? ?%?")


@dataclass
class Table:
    """A table to be shown: `links` has addresses of cells, by row and column, where they have one."""

    name: str
    label: str
    caption: Markup
    headings: list[str]
    rows: list[list[str]]
    left_out: int = 0
    files: dict[str, str] = field(default_factory=dict)  # ending -> its way from the page
    links: dict[tuple[int, int], str] = field(default_factory=dict)

    @property
    def numeric(self) -> list[bool]:
        """Of each column, whether it holds numbers alone."""
        return [
            any(cell != DASH for cell in column)
            and all(cell in ("", DASH) or NUMBER.fullmatch(cell) for cell in column)
            for column in ([row[place] for row in self.rows] for place in range(len(self.headings)))
        ]


def read_table(folder: Path, file: str, label: str, caption: Markup) -> Table:
    """One table of a study's folder of tables, by the file that it is known by (main.md, main_cells.csv)."""
    path = folder / file
    if not path.is_file():
        raise MissingFile(f"{path}: no such file; run the study first")
    cells = markdown(path) if path.suffix == ".md" else None
    if cells is None:  # no Markdown, or one that is no table
        with path.with_suffix(".csv").open(encoding="utf-8", newline="") as handle:
            cells = [[shortened(cell) for cell in row] for row in csv.reader(handle)]
    headings, *body = cells
    return Table(path.stem, label, caption, headings, body[:SHOWN], max(0, len(body) - SHOWN))


def markdown(path: Path) -> list[list[str]] | None:
    """The cells of a Markdown table, its header first; None for another page."""
    with path.open(encoding="utf-8") as handle:
        lines = handle.read().splitlines()
    if not all(line.startswith("| ") for line in lines) or len(lines) < 2:
        return None
    split = [[cell.strip().replace("\\|", "|") for cell in CELL.split(line)[1:-1]] for line in lines]
    return [split[0], *split[2:]]


def shortened(cell: str) -> str:
    """A cell of a CSV to be read: numbers with six digits, a dash where there is nothing."""
    if DECIMAL.fullmatch(cell):
        return f"{float(cell):.6g}"
    return cell or DASH


def caption(path: Path) -> Markup:
    """A caption of report/, whose few marks of reStructuredText become HTML; empty where there is none."""
    if not path.is_file():
        return Markup("")
    text = str(escape(" ".join(path.read_text(encoding="utf-8").split())))
    for mark, tag in ((r"\*\*", "strong"), (r"\*", "em"), ("``", "code")):
        text = re.sub(rf"(?<!\w){mark}(?=\S)(.+?){mark}(?!\w)", rf"<{tag}>\1</{tag}>", text)
    return Markup(text)


def link_cells(table: Table, arms: Mapping[tuple[str, str], str], known: Mapping[str, str], data: set[str]) -> None:
    """Give cells their addresses: models and corpora by name, and the numbers of a student on a benchmark.

    `arms`: student and corpus, as tables write them -> a model's name; `known`: name -> its address; `data`: the data
    sets, which headings may name.
    """
    places = [table.headings.index(name) if name in table.headings else None for name in ("Student", "Corpus")]
    asked = {place: heading.split(" (")[0] for place, heading in enumerate(table.headings)}
    row_data = table.headings.index("Benchmark") if "Benchmark" in table.headings else None
    for number, row in enumerate(table.rows):
        for place, cell in enumerate(row):
            if cell in known:
                table.links[number, place] = known[cell]
        student, corpus = (row[place] if place is not None else "" for place in places)
        model = arms.get((student, corpus))
        if model is None:
            continue
        table.links[number, places[1] or 0] = f"#model/{model}"
        for place, name in asked.items():
            if name in data:
                table.links[number, place] = f"#model/{model}?data={name}"
        if row_data is not None and row[row_data] in data:
            table.links[number, row_data] = f"#model/{model}?data={row[row_data]}"
