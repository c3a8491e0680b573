"""Write the cards of models (README.md in their folders), as the Hub shows them.

    python -m scripts.cards --results results/mini                 # of a finished study's models, with their scores
    python -m scripts.cards --models reference/mini/bases/*        # of models that stand alone

Training, merging and copying write the card too, without scores, which are not known then. Models that are not there
(`keep_merged: false`) are left out and counted.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import Parser, run
from micota.common.errors import ConfigurationError, DataError, MissingFile
from micota.common.files import whole
from micota.common.records import read_json
from micota.common.tables import Row, read_csv
from micota.models.cards import CARD, card, kind_of
from micota.models.folders import MADE, parameters


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, help="a study's folder of results")
    parser.add_argument("--models", type=Path, nargs="+", default=[], help="model folders")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    if not args.results and not args.models:
        raise ConfigurationError("say which models: --results or --models")
    scores: dict[str, list[Row]] = {}
    folders = list(args.models)
    if args.results:
        folders += sorted(path.parent for path in (args.results / "models").glob(f"[!.]*/{MADE}"))
        if not folders:
            raise MissingFile(f"{args.results / 'models'}: no models there; run the study first")
        for row in read_csv(args.results / "tables/main_cells.csv"):
            scores.setdefault(row["model"], []).append(row)
    for folder in folders:
        with whole(folder / CARD) as handle:
            handle.write(written(folder, scores.get(folder.name, [])))
    names = {folder.name for folder in folders}
    told = f"{len(folders)} cards, {len(names & scores.keys())} with scores"
    print(f"{told}; {len(scores.keys() - names)} scored models gone")


def written(folder: Path, scores: Sequence[Row] = ()) -> str:
    """The card of a model's folder; MissingFile where nothing says how it was made."""
    if not (folder / MADE).is_file():
        raise MissingFile(f"{folder / MADE}: not there, so nothing says how the model was made")
    made = read_json(folder / MADE)
    if not kind_of(made):
        raise DataError(f"{folder / MADE}: it does not say how the model was made, or an older version wrote it")
    return card(folder.name, made, parameters(folder), scores)


if __name__ == "__main__":
    run(main)
