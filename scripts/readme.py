"""Put the reference's main table into the README, between its markers.

python -m scripts.readme --table reference/mini/tables/main.md --readme README.md
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.cli import UserError, run
from micota.records import whole

BEGIN, END = "<!-- main table: begin -->", "<!-- main table: end -->"


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--readme", type=Path, required=True)
    return parser.parse_args(argv)


def with_table(readme: str, table: str) -> str:
    """The README with what stands between the markers replaced; UserError if it has not both."""
    if readme.count(BEGIN) != 1 or readme.count(END) != 1:
        raise UserError(f"the README needs each marker once: {BEGIN} and {END}")
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}\n{table.strip()}\n{END}{rest.partition(END)[2]}"


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    text = with_table(args.readme.read_text(), args.table.read_text())
    with whole(args.readme) as handle:
        handle.write(text)


if __name__ == "__main__":
    run(main)
