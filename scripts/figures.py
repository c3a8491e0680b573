"""Draw one figure from the numbers of one table: PNG and PDF, by its file of micota/results/figures.

    python -m scripts.figures accuracy --table results/mini/tables/main.csv --figures figures/mini

The rules draw those of micota/workflow/tables.py; `make study-reference` draws `front`, for the README.
"""

import argparse
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from micota.common.cli import Parser, run
from micota.common.tables import read_csv
from micota.results import figures

KNOWN = [module.name for module in iter_modules(figures.__path__)]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", choices=KNOWN, metavar="FIGURE", help=", ".join(KNOWN))
    parser.add_argument("--table", type=Path, required=True, help="the CSV of the table that the figure shows")
    parser.add_argument(
        "--corpora",
        type=Path,
        help="the CSV of the table of corpora, whose lengths give all figures one order (default: beside --table)",
    )
    parser.add_argument("--figures", type=Path, required=True, help="the folder to write to")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    from micota.results.looks import Corpora
    from micota.results.plots import save

    corpora = Corpora(read_csv(args.corpora or args.table.with_name("corpora.csv")))
    drawn = import_module(f"micota.results.figures.{args.figure}").draw(read_csv(args.table), corpora)
    for image, figure in drawn.items():
        save(figure, args.figures / image)


if __name__ == "__main__":
    run(main)
