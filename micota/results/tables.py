"""From graded traces to the rows of a table, and from rows to CSV, Markdown and LaTeX.

The CSV holds the numbers as they are (shares in percent), for figures, `make verify` and readers' own analyses; the
Markdown and the LaTeX (booktabs, a bare tabular to \\input) hold them as they should be read.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from micota.common.cli import UserError
from micota.common.records import GRADED_FIELDS, RecordError, read_jsonl, whole

Row = dict[str, Any]

CORPUS_LABELS = {
    "base": "base (untrained)",
    "short": "short",
    "long": "long",
    "unmerged": "un-merged TA",
    "mix": "mix",
    "mid": "mid (MiCoTA)",
}
DASH = "\N{EN DASH}"
LATEX = {
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "[": "{[}",  # after a line's \\ a bare bracket would be read as its argument
    DASH: "--",
}


def corpus_label(corpus: str) -> str:
    """The name readers see: `mid` is MiCoTA's corpus."""
    return CORPUS_LABELS.get(corpus, corpus)


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


@dataclass
class Cell:
    """What one model did on one data set, summed up from its graded traces."""

    outcomes: dict[str, list[bool]] = field(default_factory=dict)  # problem -> one verdict a sample
    lengths: dict[str, list[int]] = field(default_factory=dict)  # problem -> tokens of each sample
    verdicts: Counter[str] = field(default_factory=Counter)  # grader -> traces it accepts
    truncated: int = 0
    no_box: int = 0
    cut: list[bool] = field(default_factory=list)  # of traces that say so: ended by a stop string before any box
    several_answers: int | None = 0  # traces with two different answers in boxes; None: graded before it was counted

    @property
    def correct(self) -> int:
        """How many traces the primary verdict accepts."""
        return sum(map(sum, self.outcomes.values()))

    @property
    def tokens(self) -> list[int]:
        """The length of every trace."""
        return [tokens for samples in self.lengths.values() for tokens in samples]

    def accuracies(self) -> list[float]:
        """Share of correct samples of each problem, in the order of the problems' names."""
        return [fmean(outcomes) for _, outcomes in sorted(self.outcomes.items())]

    def mean_lengths(self) -> list[float]:
        """Mean length (tokens) of each problem's samples, in the same order."""
        return [fmean(tokens) for _, tokens in sorted(self.lengths.items())]

    def measures(self) -> dict[str, float]:
        """The means a table shows beside the accuracy."""
        tokens = self.tokens
        n = len(tokens)
        return {
            "mean_tokens": fmean(tokens),
            "truncated_percent": 100 * self.truncated / n,
            "no_box_percent": 100 * self.no_box / n,
        }


def read_cells(graded_dir: str | Path, model: str, datasets: Sequence[str]) -> dict[str, Cell]:
    """One Cell per data set from `{graded_dir}/{model}.jsonl`, read line by line since its traces may be long."""
    path = Path(graded_dir) / f"{model}.jsonl"
    cells = {dataset: Cell() for dataset in datasets}
    seen: set[tuple[str, int]] = set()
    for trace in read_jsonl(path, GRADED_FIELDS):
        cell = cells.get(trace["dataset"])
        if cell is None:
            continue
        if (trace["id"], trace["sample"]) in seen:
            raise RecordError(f"{path}: sample {trace['sample']} of problem {trace['id']} stands there twice")
        seen.add((trace["id"], trace["sample"]))
        cell.outcomes.setdefault(trace["id"], []).append(trace["correct"])
        cell.lengths.setdefault(trace["id"], []).append(trace["n_tokens"])
        cell.truncated += trace["finish_reason"] == "length"
        cell.no_box += trace["extracted"] is None
        if "stop_string" in trace:
            cell.cut.append(trace["stop_string"] is not None and trace["extracted"] is None)
        if cell.several_answers is not None:
            boxed = trace.get("boxed_answers")
            cell.several_answers = None if boxed is None else cell.several_answers + (boxed > 1)
        cell.verdicts.update({grader: int(bool(verdict)) for grader, verdict in trace["verdicts"].items()})
    for dataset, cell in cells.items():
        if not cell.outcomes:
            raise RecordError(f"{path}: no trace of the data set {dataset!r}")
    return cells


def check_same_problems(cells: Mapping[str, Mapping[str, Cell]], datasets: Sequence[str]) -> None:
    """Every model must have answered the same problems: averages and paired tests assume it."""
    first, *others = cells
    for dataset in datasets:
        problems = cells[first][dataset].outcomes.keys()
        for model in others:
            difference = problems ^ cells[model][dataset].outcomes.keys()
            if difference:
                count, example = len(difference), min(difference)
                raise UserError(f"{model} and {first} differ in {count} problems of {dataset}, such as {example}")


def check_entries(entries: Any, keys: Sequence[str]) -> list[Row]:
    """The `--entries` of a table: a filled list of objects that have all `keys`."""
    if not isinstance(entries, list) or not entries:
        raise UserError("--entries must be a JSON list of one object or more")
    for number, entry in enumerate(entries, start=1):
        missing = [key for key in keys if not isinstance(entry, Mapping) or key not in entry]
        if missing:
            raise UserError(f"--entries: entry {number} lacks {', '.join(missing)}")
    return entries
