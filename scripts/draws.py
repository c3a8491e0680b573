"""Put the numbers of a reference and of other draws of its study into one file, from which `make verify` judges a run.

    python -m scripts.draws --reference reference/mini/tables --draws results/mini_draw1/tables ... \\
        --out reference/mini/draws.csv

A row a number: table, row, column, and its value in the reference and in each draw (scripts/draw.py makes them).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import run
from micota.common.errors import DataError
from micota.common.tables import Column, write_csv
from micota.provenance.draws import Place, values


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True, help="folder of the reference's tables")
    parser.add_argument("--draws", type=Path, nargs="+", required=True, help="folder of the tables of each draw")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Gather and write."""
    args = parse_args(argv)
    found = {"reference": values(args.reference)}
    found |= {folder.parent.name.rpartition("_")[2]: values(folder) for folder in args.draws}
    if len(found) != len(args.draws) + 1:
        raise DataError(f"{', '.join(map(str, args.draws))}: two draws have one name")
    places = [place for place, value in found["reference"].items() if isinstance(value, float)]
    for name, run_values in found.items():
        if missing := [place for place in places if not isinstance(run_values.get(place), float)]:
            raise DataError(f"{name}: {len(missing)} numbers of the reference are not there, such as {missing[0]}")
    rows = [place._asdict() | {name: found[name][place] for name in found} for place in places]
    write_csv(args.out, rows, [Column(key) for key in [*Place._fields, *found]])
    print(f"{args.out}: {len(rows)} numbers of {len(found)} runs")


if __name__ == "__main__":
    run(main)
