"""How many parameters a model has.

python -m scripts.model_size --model results/mini/models/small --name small --out results/mini/sizes/small.json
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import run
from micota.common.records import write_json
from micota.models.folders import check_folder, parameters


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a model folder")
    parser.add_argument("--name", required=True, help="the model's name")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Write {model, parameters}."""
    args = parse_args(argv)
    check_folder(args.model)
    size = {"model": args.name, "parameters": parameters(args.model)}
    write_json(args.out, size)
    print(f"{args.name}: {size['parameters']:,} parameters")


if __name__ == "__main__":
    run(main)
