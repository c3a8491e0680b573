"""Write the configuration of another draw of a study: the same study with other seeds of all that is trained or masked.

    python -m scripts.draw --configs config/mini.yaml --number 3 --out results/mini_draw3.yaml
    snakemake --cores 2 --configfile results/mini_draw3.yaml

Problems, demonstrations, base models and every setting stay. The teacher, the assistant, the mask of each merge and the
students get the seed `number`: what another kind of CPU does to a run by its rounding, this does on purpose.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from micota.common.cli import run
from micota.common.errors import ConfigurationError
from micota.common.files import whole
from micota.study.load import load_study, read_config


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configs", nargs="+", type=Path, required=True, help="as --configfile takes them")
    parser.add_argument("--number", type=int, required=True, help="seed of all that is drawn anew")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


def drawn(raw: dict[str, Any], number: int) -> dict[str, Any]:
    """The raw configuration with the seed `number` in place of its own, also in the names of merged models."""
    study = load_study(raw)
    seeds = {made.merge.seed for made in study.merges.values()}
    if len(study.config.seeds) > 1 or len(seeds) > 1:
        raise ConfigurationError("a draw is of a study with one training seed and one mask seed; this one has several")
    new_names = {name: made.merge.but(seed=number).name(made.tuned) for name, made in study.merges.items()}
    again: dict[str, Any] = renamed(raw, new_names)
    again |= {"study": f"{study.config.study}_draw{number}", "seeds": [number]}
    again["tuned"] = {name: block | {"seed": number} for name, block in again["tuned"].items()}
    again["merges"] = [sweep | {"mask_seeds": [number]} for sweep in again["merges"]]
    return again


def renamed(value: Any, names: dict[str, str]) -> Any:
    """The same document with other names, as values and as keys."""
    if isinstance(value, dict):
        return {names.get(key, key): renamed(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [renamed(part, names) for part in value]
    return names.get(value, value) if isinstance(value, str) else value


def main(argv: Sequence[str] | None = None) -> None:
    """Write the draw's configuration."""
    args = parse_args(argv)
    document = drawn(read_config(args.configs), args.number)
    load_study(document)
    with whole(args.out) as handle:
        yaml.safe_dump(document, handle, sort_keys=False)
    print(f"{args.out}: the study {document['study']}")


if __name__ == "__main__":
    run(main)
