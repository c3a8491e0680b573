"""Fine-tune a model on a corpus: the teacher assistant and every student alike.

    python -m scripts.train --base results/mini/models/small --corpus results/mini/corpora/mid.jsonl \\
        --recipe '{"epochs": 3, "learning_rate": 1e-3, "batch_size": 16}' --prompt '{"user": "{problem}"}' --seed 0 \\
        --work work --out results/mini/models/small-mid-s0

Killed and started again, it resumes from its last checkpoint below --work, in a folder of the model's name. With
`processes` in the recipe it starts so many of itself, by `accelerate launch`, each with a device of its own.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import json_flag, run
from micota.common.devices import add_gpus_flag, require_gpus


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True, help="model folder to start from")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument(
        "--recipe", type=json_flag, required=True, help="micota.training.settings.TrainingSettings as JSON"
    )
    parser.add_argument("--prompt", type=json_flag, required=True, help="micota.models.prompts.Prompt as JSON")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of all processes together")
    add_gpus_flag(parser)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    require_gpus(args.gpus)
    from micota.common.settings import checked
    from micota.training import processes
    from micota.training.settings import TrainingSettings, check_packages
    from micota.training.trainer import fine_tune, training_rows

    settings = checked(TrainingSettings, args.recipe, "--recipe")
    check_packages(settings)
    processes.start("scripts.train", argv, settings)
    import torch

    from micota.common.records import CORPUS_FIELDS, read_jsonl
    from micota.models import folders
    from micota.models.prompts import Prompt, rendering

    torch.set_num_threads(max(1, args.threads // settings.processes))
    folders.check_folder(args.base)
    tokenizer = folders.load_tokenizer(args.base)
    prompt = Prompt(**args.prompt)
    rows = training_rows(read_jsonl(args.corpus, CORPUS_FIELDS), tokenizer, prompt, settings)
    work = args.work / args.out.name
    if not processes.is_first():
        fine_tune(args.base, tokenizer, rows, settings, args.seed, work, args.out)
        return
    print(f"{args.corpus}: {rows.counts}")
    trained = folders.fresh(args.out)
    report = fine_tune(args.base, tokenizer, rows, settings, args.seed, work, trained)
    made_from = {"kind": "tuned", "base": str(args.base), "corpus": str(args.corpus), "seed": args.seed}
    made_from |= {"recipe": args.recipe, "prompt": args.prompt, "counts": rows.counts, **report}
    made_from["rendering"] = rendering(tokenizer, prompt)
    folders.finish(trained, args.out, made_from)


if __name__ == "__main__":
    run(main)
