"""Small things to test with: the studies' raw configurations, problem files and a random model of 0.1 M parameters."""

import copy
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from micota.common.records import Record, write_jsonl
from micota.common.settings import laid_over

ROOT = Path(__file__).parents[1]
SHAPE = {"hidden_size": 64, "intermediate_size": 96, "layers": 2, "heads": 2}
# The same in the words of transformers' configurations, for other architectures.
NARROW: dict[str, Any] = {
    **{"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2},
    **{"num_attention_heads": 2, "num_key_value_heads": 2},
}
PROMPT: dict[str, Any] = {"user": "{problem}"}
# A configuration that says only what differs -> the one that it is laid over.
LAID_OVER = {"study": "mini", "controls": "study", "map": "mini", "rivals": "mini"}

REPEATED = {"part": "test", "count": 60, "seed": 9, "operations": [4], "bound": 299}
SWEEP = {"tuned": "ta_long", "weights": [0.2, 0.4, 0.6], "densities": [0.5], "mask_seeds": [0]}
CLAIMED = {"measure": "accuracy", "contrast": {"small-mid": 1.0, "small-long": -1.0}, "expected": "positive"}
CANDIDATES = ["mid_w2", "mid", "mid_w6"]
# Changes of the miniature that use every optional block: two sweeps, each kind of corpus, the gap by size, the budget.
EXTENDED: dict[str, Any] = {
    "seeds": [0, 1],
    "datasets.repeated": {"loader": "arithmetic", "options": REPEATED},
    "merges": [
        SWEEP,
        {**SWEEP, "weights": [0.4], "mask_seeds": [1, 2]},
        {**SWEEP, "tuned": "teacher", "weights": [0.5]},
    ],
    "tuned.ta_long.corpus": "long",
    "corpora.short": {"kind": "sampled", "sampler": "large"},
    "corpora.long": {"kind": "sampled", "sampler": "teacher"},
    "corpora.unmerged": {"kind": "sampled", "sampler": "ta_long"},
    "corpora.mid": {"kind": "sampled", "sampler": "ta_long-w0.4-d0.5-m0"},
    "corpora.mid_w2": {"kind": "sampled", "sampler": "ta_long-w0.2-d0.5-m0"},
    "corpora.mid_w6": {"kind": "sampled", "sampler": "ta_long-w0.6-d0.5-m0"},
    "corpora.mid_m1": {"kind": "sampled", "sampler": "ta_long-w0.4-d0.5-m1"},
    "corpora.mid_m2": {"kind": "sampled", "sampler": "ta_long-w0.4-d0.5-m2"},
    "corpora.long_same": {"kind": "matched", "of": "long", "problems_of": ["short", "mid"]},
    "corpora.mid_few": {"kind": "matched", "of": "mid", "match": "tokens", "to": "short", "seed": 1},
    "corpora.auto_mid": {
        "kind": "chosen", "candidates": CANDIDATES, "by": "length", "between": ["short", "long"], "floor": 0.9
    },
    "corpora.auto_nll": {"kind": "chosen", "candidates": CANDIDATES, "by": "nll", "base": "small"},
    "likelihood.corpora": ["short", *CANDIDATES, "unmerged", "long", "auto_mid"],
    "students.bases": ["small", "medium"],
    "students.corpora": ["short", "long", "unmerged", "mix", "mid"],
    "students.extra_corpora": {"small": ["mid_m1", "mid_m2", "long_same", "mid_few", "auto_mid", "auto_nll"]},
    "sampling.repeated": {"prompt": "chat", "temperature": 0.7, "n": 4, "max_tokens": 560},
    "claims": {"family": {"mid_over_long": {"text": "Mid-CoT teaches more than long CoT", "parts": [CLAIMED]}}},
    "sizes": {"gaps": [["long", "short"], ["mid", "long"], ["mid", "short"]]},
    "variance": {"base": "small", "corpora": ["mid", "mid_m1", "mid_m2"], "dataset": "repeated"},
}  # fmt: skip

# Three chains with own bases and students; two methods of merging, claims of corpora.
MASKS = {"tuned": "ta_long", "weights": [0.2, 0.4, 0.6], "densities": [0.5], "mask_seeds": [0]}
OWN: dict[str, Any] = {"kind": "sampled", "sampler": "ta_long"}
ABOUT = {"kind": "estimate", "text": "How long, how many solved"}
CHAINED = {
    key: value for key, value in EXTENDED.items() if key.split(".")[0] not in ("variance", "merges", "sizes")
} | {
    "chains": [1, 2, 3],
    "seeds": [0, 1],
    "bases.small.seeds": [7, 8, 9],
    "bases.small.pretrained": "bases/small-{seed}",
    "merges": [MASKS, {"tuned": "ta_long", "method": "task_arithmetic", "weights": [0.4]}],
    "corpora.mid_m1": OWN,
    "corpora.mid_m2": OWN,
    "claims": {
        "family": {
            "length": ABOUT
            | {"parts": [{"measure": "tokens_per_trace", "base": "small", "contrast": {"auto_mid": 1, "long": -1}}]},
            "price": ABOUT | {"parts": [{"measure": "solved", "contrast": {"auto_mid": 1, "unmerged": -1}}]},
        }
    },
}


def config_files(study: str) -> list[str]:
    """What --configfile takes to run a study, relative to the project."""
    below = config_files(LAID_OVER[study]) if study in LAID_OVER else []
    return [*below, f"config/{study}.yaml"]


def raw_config(study: str, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A study's configuration as YAML gives it, with values set (or, where ..., removed) at dotted paths."""
    raw: dict[str, Any] = {}
    for file in config_files(study):
        raw = laid_over(raw, yaml.safe_load((ROOT / file).read_text(encoding="utf-8")))
    raw = copy.deepcopy(raw)
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        block = raw
        for key in parents:
            block[key] = copy.deepcopy(block[key])  # YAML's anchors share objects
            block = block[key]
        if value is ...:
            del block[last]
        else:
            block[last] = value
    return raw


def problems(count: int, dataset: str = "train") -> list[Record]:
    """Problems whose texts differ in length, by a few to a few dozen tokens."""
    return [
        {
            "id": f"{dataset}/{i}",
            "problem": "+".join(str(n) for n in range(i, 2 * i + 2)),
            "answer": "0",
            "source": "tiny",
        }
        for i in range(count)
    ]


def write_problems(path: Path, count: int, dataset: str = "train") -> Path:
    write_jsonl(path, problems(count, dataset))
    return path


def corpus(count: int) -> list[Record]:
    """Corpus rows that a model learns something from in a few steps, of different lengths."""
    return [
        {
            "id": f"train/{i}",
            "sample": 0,
            "sampler": "tiny",
            "problem": f"{i}a+{i % 7}?",
            "completion": f"a{i}+{i % 7}={i + i % 7};" * (1 + i % 3) + f"\\boxed{{{i + i % 7}}}",
            "n_tokens": 9,
        }
        for i in range(count)
    ]


def write_model(folder: Path, seed: int = 0, end: str | None = None, shape: Mapping[str, int] = SHAPE) -> Path:
    """A random model that greedily writes printable ASCII only, so that any two decoders agree on its text.

    With `end`, that character ends a completion, as said in generation_config.json alone.
    """
    import torch

    from micota.models.scratch import build_model, build_tokenizer

    tokenizer = build_tokenizer()
    model = build_model(tokenizer, dict(shape), seed)
    printable = {
        tokenizer.convert_tokens_to_ids(char) for char in string.printable if char.isprintable() and char != " "
    }
    with torch.no_grad():
        for token in set(range(len(tokenizer))) - printable:
            model.get_input_embeddings().weight[token] = 0.0  # tied: its logit is 0, below the best of a hundred others
    if end is not None:
        model.generation_config.eos_token_id = [tokenizer.convert_tokens_to_ids(end), tokenizer.pad_token_id]
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_kind(folder: Path, kind: str, **settings: Any) -> Path:
    """A random model of another architecture, of a few thousand parameters, with the miniature's tokenizer."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from micota.models.scratch import build_tokenizer

    tokenizer = build_tokenizer()
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, vocab_size=len(tokenizer), eos_token_id=258, pad_token_id=256, **settings)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def weights(folder: Path) -> dict[str, Any]:
    """All tensors of a model folder."""
    from safetensors.torch import load_file

    return {name: tensor for path in sorted(folder.glob("*.safetensors")) for name, tensor in load_file(path).items()}


def same_weights(first: Path, second: Path) -> bool:
    """Whether two model folders hold the same tensors, bit for bit."""
    one, other = weights(first), weights(second)
    return one.keys() == other.keys() and all(bool((one[name] == other[name]).all()) for name in one)
