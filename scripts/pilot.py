"""Write the configuration of a pilot: the same study on a small share of its problems, to be laid over it.

    python -m scripts.pilot --configs config/mini.yaml --share 0.05 --out results/mini_pilot.yaml
    snakemake --cores 2 --configfile config/mini.yaml results/mini_pilot.yaml

Same rules, models and settings; fewer problems and demonstrations, and the first training seed only. Its benchmark
files tell `scripts/plan.py` how fast this machine is; its tables mean nothing.
"""

import argparse
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any

import yaml

from micota.common.cli import Parser, run
from micota.common.errors import ConfigurationError
from micota.common.files import whole
from micota.models.settings import ScratchBase
from micota.planning.expected_lengths import problem_count
from micota.study.graph import Study
from micota.study.load import load_study, read_config

FEWEST_PROBLEMS = 4
FEWEST_DEMONSTRATIONS = 64  # a few steps of training


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configs", nargs="+", type=Path, required=True, help="as --configfile takes them")
    parser.add_argument("--share", type=float, default=0.01, help="of the problems and demonstrations")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


def overlay(study: Study, share: float) -> dict[str, Any]:
    """What a pilot lays over its study. Models that the study trains from scratch get fewer demonstrations as well."""
    if not 0 < share < 1:
        raise ConfigurationError(f"--share {share}: give a share between 0 and 1, such as 0.01")
    config = study.given
    fewer = {
        name: {"limit": max(FEWEST_PROBLEMS, ceil(share * problem_count(study, name)))} for name in config.datasets
    }

    def fewer_rows(count: int) -> int:
        return max(FEWEST_DEMONSTRATIONS, ceil(share * count))

    parts: dict[str, Any] = {
        "study": f"{config.study}_pilot",
        "only_chains": config.chains[:1],
        "seeds": config.seeds[:1],
        "datasets": fewer,
        "corpora": {name: less for name in config.corpora if (less := config.corpora[name].in_a_pilot(fewer_rows))},
        "bases": {
            name: {"demonstrations": {"count": fewer_rows(base.demonstrations.count)}}
            for name, base in config.bases.items()
            if isinstance(base, ScratchBase) and (config.from_scratch or not base.pretrained)
        },
    }
    return {key: value for key, value in parts.items() if value}


def main(argv: Sequence[str] | None = None) -> None:
    """Write the overlay."""
    args = parse_args(argv)
    document = overlay(load_study(read_config(args.configs)), args.share)
    with whole(args.out) as handle:
        yaml.safe_dump(document, handle, sort_keys=False)
    print(f"{args.out}: {args.share:.2%} of the problems; the pilot is the study {document['study']}")


if __name__ == "__main__":
    run(main)
