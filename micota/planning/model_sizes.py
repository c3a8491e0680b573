"""How large a study's models are: by their files where these are at hand, by their shape from scratch, else by name.

Asked by the plan, by preflight and by a run before its first job, so that all three mean the same models. Nothing is
downloaded: of a model on the hub, what lies in the local cache is at hand.
"""

import re
from collections.abc import Mapping
from math import log
from pathlib import Path
from typing import Any

from micota.common.errors import UserError
from micota.common.hub import cached, reason
from micota.common.records import read_json
from micota.models.folders import has_weights, parameters
from micota.models.settings import HubBase, LocalBase, ScratchBase
from micota.planning.gpu_memory import BYTES, Shape
from micota.study.graph import Study

NAMED_SIZE = re.compile(r"(\d+(?:\.\d+)?)[bB](?![a-zA-Z0-9])")
UNNAMED = 7e9  # parameters, where no model of the study has its size in its name
VOCABULARY = 268  # micota/models/scratch.py's tokenizer
# Qwen2.5's, by billions of parameters: layers, width, vocabulary, width of the cache, as their config.json have them.
QWEN = {
    0.5: (24, 896, 151_936, 128),
    1.5: (28, 1_536, 151_936, 256),
    3: (36, 2_048, 151_936, 256),
    7: (28, 3_584, 152_064, 512),
    14: (48, 5_120, 152_064, 1_024),
    32: (64, 5_120, 152_064, 1_024),
    72: (80, 8_192, 152_064, 1_024),
}


def named_size(name: str) -> float | None:
    """Parameters by a model's name: "Qwen2.5-1.5B-Instruct" -> 1.5e9, the last such number; None without one."""
    found = NAMED_SIZE.findall(name)
    return float(found[-1]) * 1e9 if found else None


def count(folder: Path) -> int:
    """A model's parameters, by its weights' headers, or else of a model that is built without memory for its weights.

    KeyError, ValueError, OSError or ImportError where config.json is none that transformers can build a model of.
    """
    if has_weights(folder):
        return parameters(folder)
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    return int(model.num_parameters())


class ModelSizes:
    """Shapes and sizes of a study's models; `home` is the study's folder of results."""

    def __init__(self, study: Study, home: Path) -> None:
        self.study = study
        self.blocks: dict[str, LocalBase | HubBase | ScratchBase] = {
            **study.config.bases,
            **study.config.external_models,
        }
        self.home = home
        self._known: dict[str, Shape | str] = {}

    def base_of(self, model: str) -> str:
        """The base that a model is, or was tuned or merged from: its shape is that base's."""
        made = self.study.tunes.get(model) or self.study.merges.get(model)
        return made.base if made else model

    def source(self, base: str) -> Path | None:
        """Where a base comes from, if its configuration lies there: a folder, or the hub's cache."""
        match self.blocks[base]:
            case HubBase(repo=repo, revision=revision):
                return cached(repo, revision)
            case LocalBase(path=path) | ScratchBase(pretrained=path):
                return Path(path) if path and (Path(path) / "config.json").is_file() else None

    def folder(self, base: str) -> Path | None:
        """Where a base's configuration is read: in the results, or where it comes from."""
        made = self.home / "models" / base
        return made if (made / "config.json").is_file() else self.source(base)

    def config(self, base: str) -> Mapping[str, Any]:
        """A base's config.json, of the language model where it has several parts; empty where it is not at hand."""
        folder = self.folder(base)
        config = read_json(folder / "config.json") if folder else {}
        return config | config.get("text_config", {})

    def known(self, base: str) -> Shape | str:
        """A base's shape, or why it has to be guessed."""
        if base not in self._known:
            self._known[base] = self._look(base)
        return self._known[base]

    def _look(self, base: str) -> Shape | str:
        block, folder = self.blocks[base], self.folder(base)
        if isinstance(block, ScratchBase):
            shape = block.shape
            width, inner = shape.hidden_size, shape.intermediate_size
            # attention with biases of its three projections, MLP, two norms; embeddings (tied), the last norm
            layer = 4 * width**2 + 3 * width + 3 * width * inner + 2 * width
            size = shape.layers * layer + VOCABULARY * width + width
            return Shape(size, shape.layers, width, VOCABULARY, cache_width=width)
        if folder is None:
            return f"{base} is not at hand"
        try:
            return Shape.of(self.config(base), count(folder))
        except (KeyError, ValueError, OSError, ImportError) as error:
            return f"config.json does not say its shape ({reason(error)})"

    def shape(self, model: str) -> Shape:
        """A model's shape. One that has to be guessed is the shape of the Qwen2.5 nearest in size."""
        base = self.base_of(model)
        known = self.known(base)
        if isinstance(known, Shape):
            return known
        size = self._guessed(base)
        nearest = min(QWEN, key=lambda billions: abs(log(size / (billions * 1e9))))
        return Shape(int(size), *QWEN[nearest])

    def _guessed(self, base: str) -> float:
        """Parameters by the weights or the name; with neither, as many as the largest model whose size is known."""
        block, folder = self.blocks[base], self.folder(base)
        if folder and has_weights(folder):
            return parameters(folder)
        sizes = [named_size(block.repo) for block in self.study.config.bases.values() if isinstance(block, HubBase)]
        name = block.repo if isinstance(block, HubBase) else getattr(block, "path", "")
        return named_size(name) or max((size for size in sizes if size), default=UNNAMED)

    def parameters(self, model: str) -> int:
        return self.shape(model).parameters

    def stored(self, base: str) -> int:
        """Bytes of a base's weights as they are stored: in the type that its config.json names, else in 16 bits."""
        try:
            config = self.config(base)
        except UserError:
            config = {}
        return self.parameters(base) * BYTES.get(str(config.get("dtype") or config.get("torch_dtype")), 2)
