"""Make one table of a study: CSV, Markdown and LaTeX, by its file of micota/results/tables.

    python -m scripts.tables main --study results/mini/study.json --results results/mini

micota/workflow/tables.py says which tables there are, what each reads below --results, what of the study it hangs on.
"""

import argparse
import csv
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from micota.common.cli import Parser, run
from micota.common.errors import ConfigurationError
from micota.study.load import add_study_flag, study_of
from micota.workflow.paths import Paths
from micota.workflow.tables import TABLES


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=TABLES, metavar="TABLE", help=", ".join(TABLES))
    add_study_flag(parser, required=True)
    parser.add_argument("--results", type=Path, required=True, help="the study's folder of results, to read from")
    parser.add_argument("--out", type=Path, help="the folder to write to (default: tables below --results)")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    study, table = study_of(args.study), TABLES[args.table]
    if not table.when(study):
        raise ConfigurationError(f"{args.table}: the study {study.config.study} asks for no such table")
    read = table.reads(study, Paths(str(args.results), ""))
    files = {key: [Path(path) for path in paths] for key, paths in read.items()}
    make = import_module(f"micota.results.tables.{args.table}").make
    out = args.out or args.results / "tables"
    make(files, out, **table.settings(study))
    for name in (name for name in table.files() if name.endswith(".csv")):
        with (out / name).open(encoding="utf-8", newline="") as handle:
            print(f"{out / name}: {sum(1 for _ in csv.reader(handle)) - 1} rows")


if __name__ == "__main__":
    run(main)
