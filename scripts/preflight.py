"""Look over a study before any GPU is asked for: models, data sets, prompts, lengths, overlaps, golds, memory, disk.

    python -m scripts.preflight --config config/mine.yaml
    python -m scripts.preflight --config config/mini.yaml config/study.yaml --gpu-gb 80 --profile profiles/slurm

Looks at local folders, the hub's cache and, unless HF_HUB_OFFLINE=1, the hub: configurations, tokenizers and data sets
are downloaded, weights are not. Memory and disk are estimates. The exit status is 1 if anything is FAIL; what is not at
hand is counted as not checked.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import Parser, run
from micota.common.errors import ConfigurationError


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, nargs="+", required=True, help="a later file is laid over earlier ones")
    parser.add_argument("--data-folder", help="folder of the data sets' local copies, instead of the hub")
    parser.add_argument("--gpu-gb", type=float, default=80.0, help="memory of one GPU, in 10^9 bytes (default: 80)")
    parser.add_argument("--profile", type=Path, help="a Snakemake profile's folder, to see that it is filled in")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of results")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Resolve the study, run the checks, print the table."""
    args = parse_args(argv)
    if args.gpu_gb <= 0:
        raise ConfigurationError(f"--gpu-gb {args.gpu_gb:g}: a GPU has more memory than that")
    from micota.preflight.models import findings, page
    from micota.preflight.scene import Scene
    from micota.study.load import load_study, read_config

    raw = read_config(args.config)
    if args.data_folder:
        raw["data_folder"] = args.data_folder
    found = findings(Scene(load_study(raw), args.gpu_gb * 1e9, args.results, args.profile))
    print(page(found))
    if any(finding.state == "FAIL" for finding in found):
        sys.exit(1)


if __name__ == "__main__":
    run(main)
