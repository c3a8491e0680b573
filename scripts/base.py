"""Provide a base model as a plain folder.

    python -m scripts.base --base '{"source": "local", "path": "Qwen2.5-3B-Instruct"}' --out results/S/models/small
    python -m scripts.base --base '{"source": "hub", "repo": "Qwen/Qwen2.5-3B-Instruct", "revision": "..."}' --out ...
    python -m scripts.base --base '{"source": "scratch", "shape": {...}, "training": {...}, ...}' --out ...

A from-scratch base is pre-trained here, or taken from `pretrained` if that folder was made by the same recipe.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import UserError, json_flag, run
from micota.common.devices import add_gpus_flag, require_gpus


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=json_flag, required=True, help="a `bases` block of the config, as JSON")
    parser.add_argument("--work", type=Path, default=Path("work"), help="folder for checkpoints of a from-scratch run")
    parser.add_argument("--threads", type=int, default=1)
    add_gpus_flag(parser)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    require_gpus(args.gpus)
    from micota.models import folders

    base = args.base
    if base["source"] == "local":
        folders.copy_local(Path(base["path"]), args.out)
    elif base["source"] == "hub":
        folders.download(base["repo"], base["revision"], args.out, key=f"bases.{args.out.name}")
    elif base.get("pretrained"):
        take_pretrained(base, args.out)
    else:
        pretrain(base, args.work, args.threads, args.out)


def take_pretrained(base: dict, out: Path) -> None:
    """Take the finished model of a from-scratch base, if it was made by the recipe that the study asks for."""
    from pydantic import ValidationError

    from micota.common.records import read_json
    from micota.models import folders
    from micota.models.prompts import Prompt
    from micota.training.settings import TrainingSettings

    folder = Path(base["pretrained"])
    folders.check_folder(folder)
    made = read_json(folder / "micota.json")
    try:
        whole = made["sha256"] == folders.weight_hashes(folder)
        same = all(made[key] == base[key] for key in ("seed", "shape", "demonstrations"))
        same = same and TrainingSettings(**made["training"]) == TrainingSettings(**base["training"])
        same = same and Prompt(**made["prompt"]) == Prompt(**base["prompt"])
    except (
        KeyError,
        TypeError,
        ValidationError,
    ):  # a model that something else made, or an older version of this project
        same, whole = False, False
    if same and not whole:
        raise UserError(f"{folder}: the weights are not those that micota.json names; rebuild them (`make bases`)")
    if not same:
        raise UserError(
            f"{folder}: made by another recipe than the config's; rebuild it (`make bases`) or set `from_scratch: true`"
        )
    folders.copy_local(folder, out)


def pretrain(base: dict, work: Path, threads: int, out: Path) -> None:
    """Pre-train a random Qwen2 on procedural demonstrations, with the trainer that the students get."""
    import torch

    from micota.common.settings import checked
    from micota.models import folders
    from micota.models.prompts import Prompt
    from micota.models.scratch import write_random_model
    from micota.problems.arithmetic import demonstrations
    from micota.training.settings import TrainingSettings
    from micota.training.trainer import fine_tune, training_rows

    torch.set_num_threads(threads)
    random_folder = folders.fresh(out.with_name(f"{out.name}-random"))
    write_random_model(random_folder, base["shape"], base["seed"])
    tokenizer = folders.load_tokenizer(random_folder)
    settings = checked(TrainingSettings, base["training"], "--base: training")
    rows = training_rows(
        demonstrations(seed=base["seed"], **base["demonstrations"]), tokenizer, Prompt(**base["prompt"]), settings
    )
    trained = folders.fresh(out.with_name(f"{out.name}-trained"))
    report = fine_tune(random_folder, tokenizer, rows, settings, base["seed"], work / out.name, trained)
    folders.finish(trained, out, {"kind": "base", **base, "counts": rows.counts, **report})
    shutil.rmtree(random_folder)


if __name__ == "__main__":
    run(main)
