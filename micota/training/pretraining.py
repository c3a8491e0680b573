"""The from-scratch bases of a miniature: pre-trained here, or taken from a folder that the same recipe made."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from micota.common.errors import ModelError
from micota.common.files import discard
from micota.common.records import read_json
from micota.common.settings import Closed, identity
from micota.models import folders
from micota.models.prompts import Prompt
from micota.models.settings import ScratchBase, Shape
from micota.problems.settings import Demonstrations
from micota.training.settings import TrainingSettings


@dataclass(frozen=True)
class Recipe:
    """All that a from-scratch base is made from."""

    base: ScratchBase
    training: TrainingSettings
    prompt: Prompt

    @property
    def parts(self) -> dict[str, Closed]:
        """The settings that shape it, by their key in micota.json."""
        return {
            "shape": self.base.shape,
            "demonstrations": self.base.demonstrations,
            "training": self.training,
            "prompt": self.prompt,
        }

    def record(self) -> dict[str, Any]:
        """What micota.json says of it; without defaults in the demonstrations, as of old."""
        written = {key: part.model_dump(exclude_defaults=key == "demonstrations") for key, part in self.parts.items()}
        return {"source": "scratch", "pretrained": self.base.pretrained, "seed": self.base.seed, **written}

    def made(self, micota: dict[str, Any]) -> bool:
        """Whether a model's micota.json tells of this recipe; what does not shape a result may differ."""
        kinds = {"shape": Shape, "demonstrations": Demonstrations, "training": TrainingSettings, "prompt": Prompt}
        try:
            told = {key: identity(kind(**micota[key])) for key, kind in kinds.items()}
        except (KeyError, TypeError, ValidationError):  # something else made it, or an older version of this project
            return False
        return micota.get("seed") == self.base.seed and told == {key: identity(p) for key, p in self.parts.items()}


def take_pretrained(recipe: Recipe, folder: Path, out: Path) -> None:
    """Take the finished model of a from-scratch base, if it was made by the recipe that the study asks for."""
    folders.check_folder(folder)
    made = read_json(folder / "micota.json")
    if not recipe.made(made):
        raise ModelError(
            f"{folder}: made by another recipe than the config's; rebuild it (`make bases`) or set `from_scratch: true`"
        )
    if made.get("sha256") != folders.weight_hashes(folder):
        raise ModelError(f"{folder}: the weights are not those that micota.json names; rebuild them (`make bases`)")
    folders.copy_local(folder, out)


def pretrain(recipe: Recipe, work: Path, threads: int, out: Path) -> None:
    """Pre-train a random Qwen2 on procedural demonstrations, with the trainer that the students get."""
    import torch

    from micota.models.scratch import write_random_model
    from micota.models.tokenizer import load_tokenizer
    from micota.problems.arithmetic import demonstrations
    from micota.training.rows import training_rows
    from micota.training.trainer import fine_tune

    torch.set_num_threads(threads)
    base = recipe.base
    random_folder = folders.fresh(out.with_name(f"{out.name}-random"))
    write_random_model(random_folder, base.shape.model_dump(), base.seed)
    tokenizer = load_tokenizer(random_folder)
    examples = demonstrations(seed=base.seed, **base.demonstrations.model_dump(exclude_defaults=True))
    rows = training_rows(examples, tokenizer, recipe.prompt, recipe.training)
    trained = folders.fresh(out.with_name(f"{out.name}-trained"))
    report = fine_tune(random_folder, tokenizer, rows, recipe.training, base.seed, work / out.name, trained)
    folders.finish(trained, out, {"kind": "base", **recipe.record(), "counts": rows.counts, **report})
    discard(random_folder)
