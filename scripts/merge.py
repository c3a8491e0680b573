"""Merge a fine-tuned model with its own base (mergekit).

    python -m scripts.merge --base results/mini/models/medium --tuned results/mini/models/ta_long \\
        --method dare_ties --weight 0.4 --density 0.5 --seed 0 --out results/mini/models/ta_long-w0.4-d0.5-m0
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import run


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--tuned", type=Path, required=True)
    parser.add_argument("--method", default="dare_ties")
    parser.add_argument("--weight", type=float, required=True)
    parser.add_argument("--density", type=float, required=True, help="share of the delta that is kept")
    parser.add_argument("--seed", type=int, required=True, help="of the mask")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    from micota.common.records import read_json
    from micota.models import folders
    from micota.models.merging import check_partners, complete, merge, merge_config

    for folder in (args.base, args.tuned):
        folders.check_folder(folder)
    check_partners(args.base, args.tuned)
    config = merge_config(str(args.base), str(args.tuned), args.method, args.weight, args.density, args.dtype)
    merged = folders.fresh(args.out)
    merge(config, args.seed, merged)
    complete(merged, args.base, args.tuned)
    made = args.tuned / "micota.json"
    taught = read_json(made) if made.is_file() else {}
    # What the tuned model was trained on is what the merged one has to be addressed with.
    trained_with = {key: taught[key] for key in ("prompt", "rendering") if key in taught}
    folders.finish(merged, args.out, {"kind": "merged", "mergekit": config, "seed": args.seed, **trained_with})


if __name__ == "__main__":
    run(main)
