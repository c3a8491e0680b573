"""The last words of a run: its main table, the summary in three sentences, and where to look.

python -m scripts.show_main --results results/mini --figures figures/mini
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from micota.common.cli import Parser, run
from micota.common.records import RecordError
from micota.common.terminal import from_markdown, wrapped


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, required=True, help="the study's folder of results")
    parser.add_argument("--figures", type=Path, required=True, help="the study's folder of figures")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table with its columns aligned, the sentences, then the paths."""
    args = parse_args(argv)
    table, summary = (args.results / "tables" / name for name in ("main.md", "summary.md"))
    if not table.is_file():
        raise RecordError(f"{table}: no such file; a run of the study makes it")
    print(from_markdown(table.read_text(encoding="utf-8")), end="\n\n")
    if summary.is_file():
        for sentence in summary.read_text(encoding="utf-8").splitlines():
            print(wrapped(sentence.replace("**", ""), rest="  "))
        print()
    print("Where to look:")
    for what, where in places(args.results, args.figures):
        print(f"  {what:<20} {where}")


def places(results: Path, figures: Path) -> Iterator[tuple[str, str]]:
    """What there is to read, and its path; only what is there."""
    drawn = sorted(path.stem for path in figures.glob("*.png"))
    yield "report", f"{figures}/report.html{'' if (figures / 'report.html').is_file() else ' (not made yet)'}"
    for what, path in (
        ("verdicts on claims", results / "tables/claims.md"),
        ("completions, graded", results / "graded"),
        ("what the run was", results / "manifest.md"),
    ):
        if path.exists():
            yield what, f"{path}{'/' * path.is_dir()}"
    yield "tables", f"{results}/tables/"
    yield "figures", f"{figures}/ ({', '.join(drawn) or 'none yet'}; PDF and PNG)"


if __name__ == "__main__":
    run(main)
