"""What a comparison shows: sections with a sentence and a table of cells, in a terminal and as one page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from micota.common.files import whole
from micota.common.tables import DASH
from micota.common.terminal import aligned, wrapped

SHOWN = 12  # rows of a section in the terminal
WIDEST = 36  # characters of a cell there
KEPT = 500  # rows of a section on the page
TEMPLATE = "compare.html"


@dataclass
class Section:
    """A heading, what is to be said of it in a sentence, and a table; of the rows the most telling first."""

    title: str
    words: str
    headings: Sequence[str] = ()
    rows: list[list[str]] = field(default_factory=list)
    numeric: Sequence[int] = ()  # places of the columns that hold numbers

    @property
    def right(self) -> list[bool]:
        return [place in self.numeric for place in range(len(self.headings))]


def number(value: object, form: str | None = None) -> str:
    """A number as it is shown, unless told otherwise with four digits; a dash for none."""
    if value is None:
        return DASH
    if not isinstance(value, int | float):
        return str(value)
    return (form or ("{:,.0f}" if abs(value) >= 1000 else "{:.4g}")).format(value)


def in_terminal(title: str, sections: Sequence[Section]) -> str:
    """All sections as text, long ones cut."""
    blocks = [title]
    for section in sections:
        lines = [section.title, wrapped(section.words, "  ", "  ")]
        if section.rows:
            rows = [[cut(cell) for cell in row] for row in section.rows[:SHOWN]]
            lines += [f"  {line}" for line in aligned(section.headings, rows, section.right).splitlines()]
        if left := len(section.rows) - SHOWN:
            lines += [f"  ... and {left} more rows, on the page"] if left > 0 else []
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def visible(text: str) -> str:
    """What a model wrote, without marks that steer a terminal or turn the text round."""
    return "".join(mark if mark.isprintable() or mark == "\n" else "\N{REPLACEMENT CHARACTER}" for mark in text)


def cut(cell: str) -> str:
    """A cell in one line, and not longer than WIDEST."""
    line = visible(" ".join(cell.split()))
    return line if len(line) <= WIDEST else f"{line[: WIDEST - 3]}..."


def write_page(path: Path, title: str, sections: Sequence[Section]) -> None:
    """One page that asks nothing of a network, whole or not at all; what it shows of models is text, never markup."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["visible"] = visible
    page = environment.get_template(TEMPLATE).render(title=title, sections=sections, kept=KEPT)
    with whole(path) as handle:
        handle.write(page)
