"""Check a configuration, or print the schema of all of them.

python -m scripts.config --config config/mini.yaml
python -m scripts.config --schema
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from micota.cli import UserError, run
from micota.config import Config
from micota.study import load_study


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--config", type=Path)
    what.add_argument("--schema", action="store_true", help="print the JSON schema: every key, its type, its meaning")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    if args.schema:
        print(json.dumps(Config.model_json_schema(), indent=2))
        return
    import yaml

    if not args.config.is_file():
        raise UserError(f"{args.config}: no such file")
    study = load_study(yaml.safe_load(args.config.read_text()))
    print(f"{args.config}: study {study.config.study}, {len(study.models)} models, {len(study.config.corpora)} corpora")


if __name__ == "__main__":
    run(main)
