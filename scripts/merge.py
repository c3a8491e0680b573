"""Merge a fine-tuned model with its own base (mergekit).

    python -m scripts.merge --study config/mini.yaml --model ta_long-w0.4-d0.5-m0 --base results/mini/models/medium \\
        --tuned results/mini/models/ta_long --out results/mini/models/ta_long-w0.4-d0.5-m0
    python -m scripts.merge --method dare_ties --weight 0.4 --density 0.5 --seed 0 --base results/mini/models/medium \\
        --tuned results/mini/models/ta_long --out merged
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import Parser, known, run
from micota.common.errors import ConfigurationError
from micota.common.flags import add_flags, with_flags
from micota.models.merge_methods import Merge
from micota.study.load import add_study_flag, study_of


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_study_flag(parser)
    parser.add_argument("--model", help="the merged model of the study that is made")
    parser.add_argument("--base", type=Path, required=True, help="folder of the base")
    parser.add_argument("--tuned", type=Path, required=True, help="folder of the model that was tuned from it")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], help="of the merged weights (default: float32)")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    add_flags(parser, Merge)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    given, dtype = None, "float32"
    if args.study:
        if args.model is None:
            raise ConfigurationError("--model: say which merged model of the study is made")
        study = study_of(args.study)
        known(args.model, study.merges, "--model")
        given, dtype = study.merges[args.model].merge, study.config.merge_dtype
    asked = with_flags(Merge, given, args)
    from micota.common.records import read_json
    from micota.models import folders
    from micota.models.cards import inherited_from
    from micota.models.finite import check_finite_files
    from micota.models.merging import check_partners, complete, merge

    for folder in (args.base, args.tuned):
        folders.check_folder(folder)
        check_finite_files(folder, folders.weights_files(folder))
    check_partners(args.base, args.tuned)
    config = asked.config(str(args.base), str(args.tuned), args.dtype or dtype)
    merged = folders.fresh(args.out)
    merge(config, asked.seed or 0, merged)
    complete(merged, args.base, args.tuned)
    made = args.tuned / "micota.json"
    taught = read_json(made) if made.is_file() else {}
    # What the tuned model was trained on is what the merged one has to be addressed with.
    trained_with = {key: taught[key] for key in ("prompt", "rendering") if key in taught}
    print(f"{args.out}: {len(folders.shapes(merged))} tensors by {asked.method}, weight {asked.weight:g}")
    made_from = {"kind": "merged", "mergekit": config, "seed": asked.seed, **trained_with, **inherited_from(args.base)}
    folders.finish(merged, args.out, made_from)


if __name__ == "__main__":
    run(main)
