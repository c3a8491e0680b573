"""Put the reference's tables into the README, between their markers.

python -m scripts.readme --readme README.md --block main=reference/mini/tables/main.md
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.cli import UserError, run
from micota.records import whole
from scripts.corpus import named_path


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readme", type=Path, required=True)
    parser.add_argument("--block", type=named_path, nargs="+", required=True, help="marker=Markdown file")
    return parser.parse_args(argv)


def with_block(readme: str, name: str, text: str) -> str:
    """The README with what stands between a block's markers replaced; UserError if it has not both."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    if readme.count(begin) != 1 or readme.count(end) != 1:
        raise UserError(f"the README needs each marker once: {begin} and {end}")
    before, _, rest = readme.partition(begin)
    return f"{before}{begin}\n{text.strip()}\n{end}{rest.partition(end)[2]}"


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    text = args.readme.read_text(encoding="utf-8")
    for name, path in args.block:
        text = with_block(text, name, path.read_text(encoding="utf-8"))
    with whole(args.readme) as handle:
        handle.write(text)


if __name__ == "__main__":
    run(main)
