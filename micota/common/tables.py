"""A table as CSV, Markdown and LaTeX.

The CSV holds the numbers as they are (shares in percent), for figures, `make verify` and readers' own analyses; the
Markdown and the LaTeX (booktabs, a bare tabular to \\input) hold them as they should be read.
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from micota.common.files import whole
from micota.common.records import RecordError
from micota.common.seals import check_seal

Row = dict[str, Any]

DASH = "\N{EN DASH}"
LATEX = {
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "[": "{[}",  # after a line's \\ a bare bracket would be read as its argument
    DASH: "--",
}


@dataclass(frozen=True)
class Column:
    """One column: the row's key, the heading (None: in the CSV alone) and how its value is written.

    `format` is a function of the value or a str.format template that gets the value as {0} and the row by name.
    """

    key: str
    heading: str | None = None
    format: str | Callable[[Any], str] = "{0}"

    def text(self, row: Row) -> str:
        """The formatted cell; an en dash where there is no value."""
        value = row[self.key]
        if value is None:
            return DASH
        return self.format.format(value, **row) if isinstance(self.format, str) else self.format(value)


def write_table(stem: str | Path, rows: Sequence[Row], columns: Sequence[Column], group: str | None = None) -> None:
    """Write `{stem}.csv`, `.md` and `.tex`; LaTeX draws a rule wherever the value of `group` changes."""
    write_csv(f"{stem}.csv", rows, columns)
    shown = [column for column in columns if column.heading is not None]
    headings = [column.heading or "" for column in shown]
    cells = [[column.text(row) for column in shown] for row in rows]
    numeric = [all(isinstance(row[column.key], int | float | None) for row in rows) for column in shown]

    def markdown(texts: Iterable[str]) -> str:
        return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |\n"

    with whole(f"{stem}.md") as handle:
        handle.write(markdown(headings))
        handle.write(markdown("---:" if number else "---" for number in numeric))
        handle.writelines(map(markdown, cells))

    def latex(texts: Iterable[str]) -> str:
        return " & ".join("".join(LATEX.get(mark, mark) for mark in text) for text in texts) + " \\\\\n"

    with whole(f"{stem}.tex") as handle:
        handle.write(f"\\begin{{tabular}}{{{''.join('r' if number else 'l' for number in numeric)}}}\n\\toprule\n")
        handle.write(latex(headings) + "\\midrule\n")
        for index, texts in enumerate(cells):
            if group and index and rows[index][group] != rows[index - 1][group]:
                handle.write("\\midrule\n")
            handle.write(latex(texts))
        handle.write("\\bottomrule\n\\end{tabular}\n")


def write_csv(path: str | Path, rows: Sequence[Row], columns: Sequence[Column]) -> None:
    """Write every column in full precision; a missing value is an empty cell."""
    with whole(path) as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(column.key for column in columns)
        writer.writerows([row[column.key] for column in columns] for row in rows)


def read_csv(path: str | Path) -> list[Row]:
    """Read a table written by `write_csv`: numbers as float, empty cells as None, the rest as text."""
    path = Path(path)
    if not path.is_file():
        raise RecordError(f"{path}: no such file")
    check_seal(path)
    with path.open(encoding="utf-8", newline="") as handle:
        rows: list[Row] = []
        for row in csv.DictReader(handle):
            if None in row or None in row.values():
                raise RecordError(f"{path}:{len(rows) + 2}: the row does not have the header's number of cells")
            rows.append({key: _value(text) for key, text in row.items()})
    if not rows:
        raise RecordError(f"{path}: the table has no rows")
    return rows


def _value(text: str) -> float | str | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return text
