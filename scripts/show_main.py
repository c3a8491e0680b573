"""The end of `make demo`: the main table, and where the figures and the report lie.

python -m scripts.show_main --table results/mini/tables/main.md --figures figures/mini --report figures/mini/report.html
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import run
from micota.common.records import RecordError


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, required=True, help="the main table in Markdown")
    parser.add_argument("--figures", type=Path, required=True, help="the study's folder of figures")
    parser.add_argument("--report", type=Path, required=True, help="the study's HTML report")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table with its columns aligned, then the paths."""
    args = parse_args(argv)
    if not args.table.is_file():
        raise RecordError(f"{args.table}: no such file; `make demo` makes it")
    print(aligned(args.table.read_text(encoding="utf-8")))
    figures = sorted(path.stem for path in args.figures.glob("*.png"))
    print(f"Tables:  {args.table.parent}/")
    print(f"Figures: {args.figures}/ ({', '.join(figures) or 'none yet'}; PDF and PNG)")
    print(f"Report:  {args.report}{'' if args.report.is_file() else ' (not made yet)'}")


def aligned(markdown: str) -> str:
    """The same table padded for a terminal: text to the left, numbers to the right."""
    head, rule, *body = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in markdown.strip().splitlines()
    ]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    right = [mark.endswith(":") for mark in rule]

    def line(cells: Sequence[str]) -> str:
        padded = zip(cells, widths, right, strict=True)
        return "  ".join(cell.rjust(width) if number else cell.ljust(width) for cell, width, number in padded)

    return "\n".join([line(head), "  ".join("-" * width for width in widths), *map(line, body), ""])


if __name__ == "__main__":
    run(main)
