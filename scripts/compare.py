"""Hold two studies, or two runs of one, against each other: in the terminal, and as one page.

    python -m scripts.compare --a results/mini --b results/mine --out results/compare.html

Says what differs in settings, corpora, claims, numbers of tables, accuracy (paired where the problems are equal) and
verdicts on traces. A folder is one of results, of `reference/`, or of unpacked logs; what it lacks is said. A committed
archive of logs is unpacked for the while.
"""

import argparse
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from micota.common.cli import Parser, run
from micota.common.errors import ConfigurationError
from micota.comparison.numbers import claims, tables
from micota.comparison.runs import Run, read_run
from micota.comparison.sections import in_terminal, write_page
from micota.comparison.settings import corpora, settings
from micota.comparison.traces import answers
from scripts import logs


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--a", required=True, help="a study's folder, such as results/mini or reference/study")
    parser.add_argument("--b", required=True, help="the other one")
    parser.add_argument("--out", type=Path, required=True, help="the page to write (HTML)")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    for flag, name in (("--a", args.a), ("--b", args.b)):
        if not name:
            raise ConfigurationError(f"{flag}: name a folder: make compare A=results/mini B=results/mine")
    with TemporaryDirectory() as scratch:
        one, other = (opened(name, Path(scratch) / side) for side, name in (("a", args.a), ("b", args.b)))
        sections = [settings(one, other), corpora(one, other), claims(one, other), *answers(one, other)]
        sections += tables(one, other)
    title = f"A: {args.a}, B: {args.b}"
    print(in_terminal(title, sections), end="\n\n")
    write_page(args.out, title, sections)
    print(f"As a page: {args.out}")


def opened(name: str, scratch: Path) -> Run:
    """A run; where its logs are packed, with what the archive holds."""
    found = read_run(Path(name), name)
    archive = Path(name) / "logs.tar.xz"
    if found.graded or not archive.is_file():
        return found
    with redirect_stdout(StringIO()):
        logs.unpack(archive, scratch)
    packed = read_run(scratch, name)
    return Run(name, found.settings, found.tables, packed.corpora, packed.graded)


if __name__ == "__main__":
    run(main)
