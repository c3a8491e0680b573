"""Begin a study where another one stands: some of its results, linked into a folder of their own.

    python -m scripts.offshoot --study mini --name regraded --parts cot corpora likelihood problems \\
        --also models sizes --but problems/gold.json

What is run on `results/{name}` then reads the study's results and writes none of them: every entry of a part (a model's
folder, a file of traces) is a link of the same age, and what a job makes anew takes the place of the link alone.
Nothing is touched where the study lacks a part.
"""

import argparse
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import Parser, run
from micota.common.errors import DataError

RESULTS, FIGURES = Path("results"), Path("figures")


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", required=True, help="a study that has been run here")
    parser.add_argument("--name", required=True, help="of the offshoot")
    parser.add_argument("--parts", nargs="+", required=True, help="folders of the study's results")
    parser.add_argument("--also", nargs="*", default=[], help="folders that come with them where they are there")
    parser.add_argument("--but", nargs="*", default=[], help="entries of these that are left out")
    parser.add_argument("--keep", action="store_true", help="what the offshoot itself has made stays")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Look whether all is there, then link it."""
    args = parse_args(argv)
    source, target = RESULTS / args.study, RESULTS / args.name
    check_parts(source, [*args.parts, "tables"])
    if not args.keep:
        for folder in (target, FIGURES / args.name):
            shutil.rmtree(folder, ignore_errors=True)
    left_out = {source / entry for entry in args.but}
    parts = [*args.parts, *(part for part in args.also if (source / part).is_dir())]
    for part in parts:
        (target / part).mkdir(parents=True, exist_ok=True)
        for place in (target / part).iterdir():
            if place.is_symlink():  # of an earlier time, when the study may have held something else
                place.unlink()
        for entry in sorted((source / part).iterdir()):
            if entry not in left_out and not (target / part / entry.name).exists():
                link(entry, target / part / entry.name)
    print(f"{target}: begins with the {', '.join(parts)} of {source}")


def check_parts(source: Path, parts: Sequence[str]) -> None:
    """UserError unless a study has results in each of these folders."""
    if not source.is_dir():
        there = sorted(path.parent.name for path in RESULTS.glob("*/tables"))
        raise DataError(f"{source}: this study has not been run here; there are: {', '.join(there) or 'none'}")
    if missing := [part for part in parts if not any((source / part).glob("*"))]:
        raise DataError(
            f"{source}: its {', '.join(missing)} are not there, from which this starts. They come with a whole run of"
            " the study (an archive of logs holds no models, and older ones no texts)"
        )


def link(entry: Path, place: Path) -> None:
    """A link that is as old as what it leads to."""
    place.symlink_to(os.path.relpath(entry, place.parent))
    times = entry.stat()
    os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns), follow_symlinks=False)


if __name__ == "__main__":
    run(main)
