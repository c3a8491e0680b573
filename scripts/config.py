"""Check a configuration, or print the schema of all of them.

python -m scripts.config --config config/mini.yaml
python -m scripts.config --config config/mini.yaml config/study.yaml
python -m scripts.config --schema
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import run
from micota.study.config import Config
from micota.study.load import study_of


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--config", type=Path, nargs="+", help="a later file is laid over the earlier ones")
    what.add_argument("--schema", action="store_true", help="print the JSON schema: every key, its type, its meaning")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    if args.schema:
        print(json.dumps(Config.model_json_schema(), indent=2))
        return
    study = study_of(args.config)
    counts = f"{len(study.models)} models, {len(study.config.corpora)} corpora"
    print(f"{args.config[-1]}: study {study.config.study}, {counts}")


if __name__ == "__main__":
    run(main)
