"""Provide a base model as a plain folder.

    python -m scripts.base --study config/mini.yaml --base small --out results/mini/models/small
    python -m scripts.base --path Qwen2.5-3B-Instruct --out small
    python -m scripts.base --repo Qwen/Qwen2.5-3B-Instruct --revision COMMIT --out small

A from-scratch base of a study is pre-trained here, or taken from `pretrained` if that folder was made by its recipe.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import Parser, known, run
from micota.common.devices import add_gpus_flag, require_gpus
from micota.common.errors import ConfigurationError
from micota.models.settings import HubBase, LocalBase, ScratchBase
from micota.study.load import add_study_flag, study_of


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_study_flag(parser)
    parser.add_argument("--base", help="a base of the study")
    parser.add_argument("--path", help="without a study: a model folder")
    parser.add_argument("--repo", help="without a study: a model of the Hugging Face Hub, at --revision")
    parser.add_argument("--revision", help="a commit")
    parser.add_argument("--work", type=Path, default=Path("work"), help="folder for checkpoints of a from-scratch run")
    parser.add_argument("--threads", type=int, default=1)
    add_gpus_flag(parser)
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    require_gpus(args.gpus)
    block: LocalBase | HubBase | ScratchBase
    if args.study and args.base:
        study = study_of(args.study)
        known(args.base, study.bases, "--base")
        block = study.base_block(args.base)
    elif args.path:
        block = LocalBase(source="local", path=args.path)
    elif args.repo and args.revision:
        block = HubBase(source="hub", repo=args.repo, revision=args.revision)
    else:
        raise ConfigurationError("say which model: --study and --base, --path, or --repo and --revision")
    from micota.models import folders

    if isinstance(block, LocalBase):
        folders.copy_local(Path(block.path), args.out)
    elif isinstance(block, HubBase):
        folders.download(block.repo, block.revision, args.out, key=f"bases.{args.out.name}")
    else:
        from micota.training.pretraining import Recipe, pretrain, take_pretrained

        recipe = Recipe(block, study.recipe(block.recipe).settings, study.recipe_prompt(block.recipe))
        if block.pretrained:
            take_pretrained(recipe, Path(block.pretrained), args.out)
        else:
            pretrain(recipe, args.work, args.threads, args.out)
    print(f"{args.out}: {folders.parameters(args.out):,} parameters")


if __name__ == "__main__":
    run(main)
