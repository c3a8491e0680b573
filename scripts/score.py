"""Write the configuration that scores a model trained elsewhere beside a study that has run, to be laid over it.

    python -m scripts.score --configs config/mini.yaml --model models/theirs --out results/mini_scored.yaml
    python -m scripts.score --configs config/mini.yaml --model owner/name --revision COMMIT --out ...

The scored study is one of its own, `{study}_scored`: the study's own tables stay as they are.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from micota.common.cli import Parser, run
from micota.common.errors import ConfigurationError, MissingFile
from micota.common.files import whole
from micota.common.settings import laid_over
from micota.study.load import load_study, read_config

REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--configs", nargs="+", type=Path, required=True, help="the study's, as --configfile takes them"
    )
    parser.add_argument("--model", required=True, help="a model's folder, or a repository of the hub")
    parser.add_argument("--revision", default="", help="of the repository: a commit")
    parser.add_argument("--name", default="scored", help="what the tables call the model")
    parser.add_argument("--published", default="", help="the row of the study's `published` file to print beside it")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


def block(model: str, revision: str) -> dict[str, str]:
    """The configuration's block of a model: a folder, or a repository at a commit. UserError where it is neither."""
    folder = Path(model).expanduser()
    if (folder / "config.json").is_file():
        return {"source": "local", "path": str(folder)}
    if folder.exists():
        raise ConfigurationError(f"MODEL={model}: no model's folder: it has no config.json")
    if not REPOSITORY.fullmatch(model) or model.startswith("."):
        raise MissingFile(f"MODEL={model}: no such folder; a repository of the hub is named owner/name")
    if not revision:
        raise MissingFile(
            f"MODEL={model}: no such folder. If it is a repository of the hub, name its commit too: REVISION=..."
        )
    return {"source": "hub", "repo": model, "revision": revision}


def main(argv: Sequence[str] | None = None) -> None:
    """Write the overlay."""
    args = parse_args(argv)
    raw = read_config(args.configs)
    document: dict[str, Any] = {"study": f"{raw['study']}_scored"}
    document["external_models"] = {args.name: block(args.model, args.revision)}
    if args.published:
        if not raw.get("published"):
            raise ConfigurationError(
                f"PUBLISHED={args.published}: the study {raw['study']} has no `published:` to take it from"
            )
        document["published"] = {"beside": {f"elsewhere-{args.name}": args.published}}
    load_study(laid_over(raw, document))
    with whole(args.out) as handle:
        yaml.safe_dump(document, handle, sort_keys=False)
    print(f"{args.out}: {args.name} is {args.model}")


if __name__ == "__main__":
    run(main)
