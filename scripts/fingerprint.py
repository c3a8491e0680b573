"""Print the fingerprint of this machine's arithmetic, or write down the one that a run recorded.

    python -m scripts.fingerprint
    python -m scripts.fingerprint --manifest results/mini/manifest.json --out reference/mini/fingerprint.json

Where `sha256` is that of reference/mini/fingerprint.json, a demo's numbers are to be the reference's (`make verify`).
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import run
from micota.common.errors import DataError
from micota.common.records import read_json, write_json
from micota.models.fingerprint import fingerprint


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--manifest", type=Path, help="of the run whose fingerprint is wanted, instead of this machine's"
    )
    parser.add_argument("--out", type=Path, help="write it there instead of printing it")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Print or write."""
    args = parse_args(argv)
    found = read_json(args.manifest).get("arithmetic") if args.manifest else fingerprint()
    if found is None:
        raise DataError(f"{args.manifest or 'this environment'}: no fingerprint, since torch was not there")
    if args.out:
        write_json(args.out, found)
    else:
        print(json.dumps(found, indent=2))


if __name__ == "__main__":
    run(main)
