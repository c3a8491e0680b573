"""Fill the blocks of README.md and of docs/ that are made from the committed reference, between their markers.

python -m scripts.readme
"""

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from micota.common.cli import run
from micota.common.errors import DataError, MissingFile, UserError
from micota.common.files import whole
from micota.common.records import read_json
from micota.results.noise import noise_table
from micota.results.verdicts import against, verdict_table

Block = Callable[[Path], str]  # from the folder of the reference to Markdown


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(), help="the project's folder")
    return parser.parse_args(argv)


def copied(path: str) -> Block:
    """A Markdown file of the reference as it stands."""

    def block(reference: Path) -> str:
        if not (reference / path).is_file():
            raise MissingFile(
                f"{reference / path}: no such file; `make reference` and `make study-reference` write them"
            )
        return (reference / path).read_text(encoding="utf-8")

    return block


def example_block(reference: Path) -> str:
    """One problem with its CoT in each corpus, as text."""
    found = read_json(reference / "mini/example.json")
    parts = [f"problem: {found['problem']}"]
    for corpus, trace in found["traces"].items():
        parts.append(f"{corpus}, {trace['n_tokens']} tokens:\n{broken(trace['completion'])}")
    return "```text\n" + "\n\n".join(parts) + "\n```"


def broken(trace: str, width: int = 100) -> str:
    """A trace in lines of at most so many characters where its steps allow; a line ends where a step does."""
    lines = [""]
    for step in re.findall(r"[^;]+;?", trace):
        if lines[-1] and len(lines[-1]) + len(step) > width:
            lines.append("")
        lines[-1] += step
    return "\n".join(lines)


PAGES: Mapping[str, Mapping[str, Block]] = {
    "README.md": {"verdicts": verdict_table, "against": against, "example": example_block},
    "docs/statistics.md": {"coverage": copied("coverage.md"), "noise": noise_table},
    "docs/results.md": {
        "claims": copied("study/tables/claims.md"),
        "main": copied("study/tables/main.md"),
        "sizes": copied("study/tables/sizes.md"),
        "assistants": copied("study/tables/assistants.md"),
        "likelihood": copied("study/tables/likelihood.md"),
        "corpora": copied("study/tables/corpora.md"),
        "controls": copied("controls/tables/main.md"),
        "controls-differences": copied("controls/tables/main_differences.md"),
        "demo": copied("mini/tables/main.md"),
        "demo-claims": copied("mini/tables/claims.md"),
        "cost": copied("study/cost.md"),
        "controls-cost": copied("controls/cost.md"),
    },
}


def with_block(page: str, name: str, text: str) -> str:
    """The page with what stands between a block's markers replaced; UserError if it has not both."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    if page.count(begin) != 1 or page.count(end) != 1:
        raise DataError(f"the page needs each marker once: {begin} and {end}")
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n{text.strip()}\n{end}{rest.partition(end)[2]}"


def filled(root: Path, name: str) -> str:
    """A page with all its blocks made anew."""
    page = (root / name).read_text(encoding="utf-8")
    for marker, block in PAGES[name].items():
        try:
            page = with_block(page, marker, block(root / "reference"))
        except UserError as error:
            raise DataError(f"{name}: {error}") from None
    return page


def main(argv: Sequence[str] | None = None) -> None:
    """Fill every page, or none where a block cannot be made."""
    args = parse_args(argv)
    pages = {name: filled(args.root, name) for name in PAGES}
    for name, text in pages.items():
        with whole(args.root / name) as handle:
            handle.write(text)


if __name__ == "__main__":
    run(main)
