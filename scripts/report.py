"""Write the page of a study: verdicts, evidence, traces, models, corpora, merges, tables, figures and the run, offline.

    python -m scripts.report --study results/mini/study.json --results results/mini --out figures/mini/report.html

Each table is a page of its own too, in tables/ beside it. Everything is read from --results; `--beside` names the
claims of another run of them, shown next to this one's. Where the texts are many, a seeded sample of them and traces
that graders judge differently come with the page, which says how many.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import Parser, run
from micota.common.tables import read_csv
from micota.pages.gather import gather
from micota.pages.page import views
from micota.pages.write import Chunks, write
from micota.study.load import add_study_flag, study_of
from micota.workflow.tables import caption, figures, shown

PROJECT = Path(__file__).resolve().parents[1]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_study_flag(parser, required=True)
    parser.add_argument("--results", type=Path, required=True, help="the study's folder of results")
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="claims.csv of another run of these claims")
    parser.add_argument("--out", type=Path, required=True, help="the page; texts that are many go to traces/ beside it")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    study, chunks = study_of(args.study), Chunks()
    beside = [row for path in args.beside for row in read_csv(path)]
    found = gather(study, args.results, chunks.keep)
    chunks.keep("index", found.index)
    told = {file: (label, PROJECT / f"report/{caption(file)}.rst") for file, label in shown(study).items()}
    images = {
        name: {image: (label, PROJECT / f"report/figure_{image}.rst") for image, label in figure.images.items()}
        for name, figure in figures(study).items()
    }
    drawn = {name: (figure.table, images[name]) for name, figure in figures(study).items()}
    made = write(args.out, views(found, beside, told, drawn, args.out.parent), chunks)
    counts = found.index["counts"]
    print(
        f"{args.out}: {made['bytes'] / 1e6:.1f} MB, {counts['traces']} traces, {counts['texts']} with their text,"
        f" {made['beside']} files beside it"
    )


if __name__ == "__main__":
    run(main)
