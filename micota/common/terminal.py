"""Tables and sentences as a terminal shows them."""

import re
import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 119


def aligned(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """A table padded with blanks: text to the left, numbers (`right`, one a column) to the right."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]

    def line(cells: Iterable[str]) -> str:
        padded = zip(cells, widths, right, strict=True)
        return "  ".join(cell.rjust(width) if number else cell.ljust(width) for cell, width, number in padded).rstrip()

    return "\n".join([line(headings), "  ".join("-" * width for width in widths), *map(line, rows)])


def from_markdown(text: str) -> str:
    """A Markdown table, as common.tables writes it, aligned."""
    head, rule, *body = [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
        for line in text.strip().splitlines()
    ]
    return aligned(head, body, [mark.endswith(":") for mark in rule])


def wrapped(text: str, first: str = "", rest: str = "") -> str:
    """A paragraph broken into lines; `first` and `rest` stand before its first line and the others."""
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
