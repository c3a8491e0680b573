"""Draw one figure from the numbers of one table: PNG and PDF, by its file of micota/results/figures.

python -m scripts.figures accuracy --table results/mini/tables/main.csv --figures figures/mini
"""

import argparse
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from micota.common.cli import Parser, run
from micota.workflow.tables import FIGURES

BY_HAND = "front"  # no rule draws it: `make study-reference` does, for the README


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = [*FIGURES, BY_HAND]
    parser.add_argument("figure", choices=known, metavar="FIGURE", help=", ".join(known))
    parser.add_argument("--table", type=Path, required=True, help="the CSV of the table that the figure shows")
    parser.add_argument("--figures", type=Path, required=True, help="the folder to write to")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    from micota.common.tables import read_csv
    from micota.results.plots import save

    drawn = import_module(f"micota.results.figures.{args.figure}").draw(read_csv(args.table))
    for image, figure in drawn.items():
        save(figure, args.figures / image)


if __name__ == "__main__":
    run(main)
