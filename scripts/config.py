"""Check a configuration, or print the schema of all of them.

python -m scripts.config --config config/mini.yaml
python -m scripts.config --config config/mini.yaml config/study.yaml
python -m scripts.config --schema
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from micota.common.cli import UserError, run
from micota.study.config import Config, laid_over
from micota.study.load import load_study


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--config", type=Path, nargs="+", help="a later file is laid over the earlier ones")
    what.add_argument("--schema", action="store_true", help="print the JSON schema: every key, its type, its meaning")
    return parser.parse_args(argv)


def read_config(paths: Sequence[Path]) -> dict[str, Any]:
    """The raw configuration of several files, each laid over those before it."""
    import yaml

    raw: dict[str, Any] = {}
    for path in paths:
        if not path.is_file():
            raise UserError(f"{path}: no such file")
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except yaml.YAMLError as error:
            raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
        if not isinstance(document, dict):
            raise UserError(f"{path}: it holds no keys, but {type(document).__name__}: a configuration has keys")
        raw = laid_over(raw, document)
    return raw


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    if args.schema:
        print(json.dumps(Config.model_json_schema(), indent=2))
        return
    study = load_study(read_config(args.config))
    counts = f"{len(study.models)} models, {len(study.config.corpora)} corpora"
    print(f"{args.config[-1]}: study {study.config.study}, {counts}")


if __name__ == "__main__":
    run(main)
