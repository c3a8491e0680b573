"""Merge a fine-tuned model with its own base through mergekit: by DARE (Yu et al. 2024, arXiv 2311.03099), or others.

`density` is the share of the delta (tuned minus base) that is kept, drop rate = 1 - density; the kept part is rescaled
and added to the base with `weight`. With a single tuned model dare_ties and dare_linear are the same. Yu et al. rescale
by 1 / density. mergekit 0.1.5 rescales each tensor such that its kept part has the L1 norm of its whole delta, which is
that on average: norms and biases of 80 entries came out times 1.97 to 2.31 at density 0.5, matrices times 1.98 to 2.05.
"""

import shutil
from pathlib import Path
from typing import Any

from micota.common.errors import ModelError, UserError
from micota.common.records import read_json, write_json
from micota.models.folders import INDEX, SUFFIXES, check_folder, has_weights, is_tied, shapes
from micota.models.tokenizer import load_tokenizer

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


def check_partners(base: Path, tuned: Path) -> None:
    """Raise UserError unless the two folders hold models of one shape and one vocabulary."""
    configs = [read_json(folder / "config.json") for folder in (base, tuned)]
    for key in SHAPE:
        values = [config.get(key) for config in configs]
        if values[0] != values[1]:
            raise ModelError(f"cannot merge {tuned} with {base}: {key} is {values[1]} against {values[0]}")
    if is_tied(configs[0]) and not is_tied(configs[1]):
        raise ModelError(f"cannot merge {tuned} with {base}: it has a head of its own, the base's is its embedding")
    tokenizers = [folder / "tokenizer.json" for folder in (base, tuned)]
    if all(path.is_file() for path in tokenizers) and vocabulary(tokenizers[0]) != vocabulary(tokenizers[1]):
        raise ModelError(f"cannot merge {tuned} with {base}: their tokenizers have different vocabularies")
    if not (has_weights(base) and has_weights(tuned)):  # preflight looks at configurations alone, too
        return
    one, other = shapes(base), shapes(tuned)
    if differing := sorted(name for name in one.keys() & other.keys() if one[name] != other[name]):
        name = differing[0]
        raise ModelError(f"cannot merge {tuned} with {base}: {name} has shape {other[name]} against {one[name]}")


def vocabulary(tokenizer: Path) -> Any:
    """Which token has which number, in a tokenizer.json, added tokens included."""
    document = read_json(tokenizer)
    return document["model"].get("vocab"), {token["id"]: token["content"] for token in document.get("added_tokens", [])}


def merge(config: dict[str, Any], seed: int, out: Path) -> None:
    """Run mergekit into `out`; the same seed drops the same parameters. Writes weights and config.json."""
    from mergekit.config import MergeConfiguration
    from mergekit.merge import run_merge
    from mergekit.options import MergeOptions

    options = MergeOptions(
        random_seed=seed,
        copy_tokenizer=False,  # `complete` does
        safe_serialization=True,
        out_shard_size=SHARD_BYTES,
        lazy_unpickle=False,
        write_model_card=False,  # the card looks the models up on the hub
        trust_remote_code=False,
    )
    try:
        run_merge(MergeConfiguration.model_validate(with_paths(config)), out_path=str(out), options=options)
    except RuntimeError as error:
        if "required but not present" not in str(error):
            raise
        raise ModelError(
            f"mergekit cannot merge models of this architecture, it takes it for another: {error}"
        ) from None


def with_paths(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with its models as objects: in a text, mergekit takes `+` for a LoRA and `@` for a revision."""

    def reference(path: str) -> dict[str, Any]:
        return {"model": {"path": path}}

    models = [{**model, "model": reference(model["model"])} for model in config["models"]]
    base = {"base_model": reference(config["base_model"])} if "base_model" in config else {}
    return {**config, **base, "models": models}


def complete(merged: Path, base: Path, tuned: Path) -> None:
    """Give merged weights the tuned model's tokenizer, template and end tokens, and check that they are whole.

    mergekit would copy the base's, and the merged model would not stop where the tuned one has learned to. UserError
    where a tensor of a parent is missing (of an architecture that mergekit only guesses) or the tokenizer doesn't load.
    """
    own = {"config.json", INDEX, "micota.json"}
    for source in sorted(tuned.iterdir()):
        if source.suffix in SUFFIXES and source.suffix != ".safetensors" and source.name not in own:
            shutil.copyfile(source, merged / source.name)
    taught, config = read_json(tuned / "config.json"), read_json(merged / "config.json")
    config |= {key: taught[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id") if key in taught}
    write_json(merged / "config.json", config)
    found = shapes(merged)
    wanted = shapes(base) | shapes(tuned)
    # Old checkpoints store the rotary frequencies, which every model computes by itself.
    lost = sorted(
        name for name in wanted if found.get(name) != wanted[name] and not name.endswith("rotary_emb.inv_freq")
    )
    if lost:
        kind = (config.get("architectures") or [config.get("model_type")])[0]
        raise ModelError(
            f"cannot merge {tuned} with {base}: mergekit left out or changed {len(lost)} of {len(wanted)} tensors"
            f" ({', '.join(lost[:3])}); it does not know all of {kind}: take models of an architecture that it does"
        )
    check_folder(merged)
    try:
        load_tokenizer(merged)
    except UserError:
        raise
    except Exception as error:  # whatever a tokenizer's files may be short of
        raise ModelError(
            f"cannot merge {tuned} with {base}: the tokenizer in {tuned} does not load"
            f" ({' '.join(str(error).split())[:200]}); put its files back"
        ) from None
