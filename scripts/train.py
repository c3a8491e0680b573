"""Fine-tune a model on a corpus: the teacher assistant and every student alike.

    python -m scripts.train --study config/mini.yaml --model small-mid-s0 --base results/mini/models/small \\
        --corpus results/mini/corpora/mid.jsonl --work work --out results/mini/models/small-mid-s0
    python -m scripts.train --epochs 3 --learning-rate 1e-3 --batch-size 16 --prompt-user '{problem}' --seed 0 \\
        --base results/mini/models/small --corpus results/mini/corpora/mid.jsonl --work work --out small-mid

The recipe is that of a model of the study; flags go over it, and without a study they are all there is. Killed and
started again, it resumes from its last checkpoint below --work, in a folder of the output's name. With `--processes` it
starts so many of itself, by `accelerate launch`, each with a device of its own.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import Parser, known, run
from micota.common.devices import add_gpus_flag, require_gpus
from micota.common.errors import ConfigurationError
from micota.common.flags import add_flags, with_flags
from micota.models.prompts import Prompt
from micota.study.load import add_study_flag, study_of
from micota.training.settings import TrainingSettings, check_packages


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_study_flag(parser)
    parser.add_argument("--model", help="whose recipe, prompt and seed it takes: a fine-tuned model of the study")
    parser.add_argument("--base", type=Path, required=True, help="model folder to start from")
    parser.add_argument("--corpus", type=Path, required=True, help="what it learns from")
    parser.add_argument("--seed", type=int, help="of the order of the examples")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of all processes together")
    add_gpus_flag(parser)
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    add_flags(parser, TrainingSettings)
    add_flags(parser, Prompt, "prompt_")
    return parser.parse_args(argv)


def recipe_of(args: argparse.Namespace) -> tuple[TrainingSettings, Prompt, int]:
    """The recipe, prompt and seed: those of the study's model, and the flags over them."""
    recipe, prompt, seed = None, None, 0
    if args.study:
        if args.model is None:
            raise ConfigurationError("--model: say which model of the study is trained")
        study = study_of(args.study)
        known(args.model, study.tunes, "--model")
        tune = study.tunes[args.model]
        recipe, prompt, seed = study.recipe(tune.recipe), study.recipe_prompt(tune.recipe), tune.seed
    settings = with_flags(TrainingSettings, recipe, args)
    return settings, with_flags(Prompt, prompt, args, "prompt_"), seed if args.seed is None else args.seed


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    require_gpus(args.gpus)
    settings, prompt, seed = recipe_of(args)
    check_packages(settings)
    from micota.training import processes

    processes.start("scripts.train", argv, settings)
    import torch

    from micota.common.contracts import corpus_rows
    from micota.models import folders
    from micota.models.cards import inherited_from
    from micota.models.prompts import rendering
    from micota.models.tokenizer import load_tokenizer
    from micota.training.rows import training_rows
    from micota.training.trainer import fine_tune

    torch.set_num_threads(max(1, args.threads // settings.processes))
    folders.check_folder(args.base)
    tokenizer = load_tokenizer(args.base)
    rows = training_rows(corpus_rows(args.corpus), tokenizer, prompt, settings)
    work = args.work / args.out.name
    if not processes.is_first():
        fine_tune(args.base, tokenizer, rows, settings, seed, work, args.out)
        return
    print(f"{args.corpus}: {rows.counts}")
    trained = folders.fresh(args.out)
    report = fine_tune(args.base, tokenizer, rows, settings, seed, work, trained)
    made_from = {"kind": "tuned", "base": str(args.base), "corpus": str(args.corpus), "seed": seed}
    made_from |= {"recipe": settings.model_dump(), "prompt": prompt.model_dump(), "counts": rows.counts, **report}
    made_from |= {"rendering": rendering(tokenizer, prompt), **inherited_from(args.base)}
    folders.finish(trained, args.out, made_from)


if __name__ == "__main__":
    run(main)
