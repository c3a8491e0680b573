"""Merge a fine-tuned model with its own base by DARE (Yu et al. 2024, arXiv 2311.03099), through mergekit.

`density` is the share of the delta (tuned minus base) that is kept, drop rate = 1 - density; the kept part is rescaled
and added to the base with `weight`. With a single tuned model dare_ties and dare_linear are the same.
"""

from pathlib import Path
from typing import Any

from micota.cli import UserError
from micota.records import read_json

# What two models must share, in the words of config.json, for their tensors to have the same shapes.
SHAPE = (
    "model_type",
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
)

SHARD_BYTES = 10**9  # of a file of the merged model: mergekit holds one in memory until it is whole (5 GB by default)


def merge_config(base: str, tuned: str, method: str, weight: float, density: float, dtype: str) -> dict[str, Any]:
    """mergekit's configuration; `normalize` is off, or a single model's weight would be scaled back to 1."""
    if method == "linear":
        models = [
            {"model": tuned, "parameters": {"weight": weight}},
            {"model": base, "parameters": {"weight": 1.0 - weight}},
        ]
        return {"merge_method": "linear", "models": models, "dtype": dtype}
    return {
        "merge_method": method,
        "base_model": base,
        "models": [{"model": tuned, "parameters": {"weight": weight, "density": density}}],
        "parameters": {"normalize": False},
        "dtype": dtype,
    }


def check_partners(base: Path, tuned: Path) -> None:
    """Raise UserError unless the two folders hold models of one shape and one vocabulary."""
    configs = [read_json(folder / "config.json") for folder in (base, tuned)]
    for key in SHAPE:
        values = [config.get(key) for config in configs]
        if values[0] != values[1]:
            raise UserError(f"cannot merge {tuned} with {base}: {key} is {values[1]} against {values[0]}")
    tokenizers = [folder / "tokenizer.json" for folder in (base, tuned)]
    if all(path.is_file() for path in tokenizers) and vocabulary(tokenizers[0]) != vocabulary(tokenizers[1]):
        raise UserError(f"cannot merge {tuned} with {base}: their tokenizers have different vocabularies")


def vocabulary(tokenizer: Path) -> Any:
    """Which token has which number, in a tokenizer.json, added tokens included."""
    document = read_json(tokenizer)
    return document["model"].get("vocab"), {token["id"]: token["content"] for token in document.get("added_tokens", [])}


def merge(config: dict[str, Any], seed: int, out: Path) -> None:
    """Run mergekit into `out`; the same seed drops the same parameters."""
    from mergekit.config import MergeConfiguration
    from mergekit.merge import run_merge
    from mergekit.options import MergeOptions

    options = MergeOptions(
        random_seed=seed,
        copy_tokenizer=True,
        safe_serialization=True,
        out_shard_size=SHARD_BYTES,
        lazy_unpickle=False,
        write_model_card=False,  # the card looks the models up on the hub
        trust_remote_code=False,
    )
    run_merge(MergeConfiguration.model_validate(config), out_path=str(out), options=options)
