"""Models of random weights in the shapes of real ones, written shard by shard: what costs time is size, not sense."""

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

# Of Qwen2.5 (config.json of its repositories on the hub); pico is to try a script.
SHAPES: dict[str, dict[str, int]] = {
    "pico": {"hidden_size": 64, "intermediate_size": 128, "layers": 2, "heads": 2, "kv_heads": 1, "vocabulary": 512},
    "0.5b": {"hidden_size": 896, "intermediate_size": 4864, "layers": 24, "heads": 14, "kv_heads": 2},
    "3b": {"hidden_size": 2048, "intermediate_size": 11008, "layers": 36, "heads": 16, "kv_heads": 2},
}
VOCABULARY = 151936


def write_model(shape: Mapping[str, int], folder: Path, seed: int = 0, shard_bytes: int = 10**9) -> int:
    """Write a Qwen2 in bfloat16 with tied embeddings; returns its parameters. Holds one shard in memory at a time.

    Its tokenizer is the miniature's, whose tokens are the first of the vocabulary. Matrices are normal with a std of
    0.02, as transformers has it, scales of norms 1, biases 0.
    """
    import torch
    from safetensors.torch import save_file
    from transformers import Qwen2Config, Qwen2ForCausalLM

    from micota.models.scratch import build_tokenizer

    tokenizer = build_tokenizer()
    config = Qwen2Config(
        vocab_size=shape.get("vocabulary", VOCABULARY),
        hidden_size=shape["hidden_size"],
        intermediate_size=shape["intermediate_size"],
        num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape["kv_heads"],
        max_position_embeddings=32768,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        architectures=["Qwen2ForCausalLM"],
        dtype="bfloat16",
    )
    folder.mkdir(parents=True)
    config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    with torch.device("meta"):
        shapes = {name: tuple(tensor.shape) for name, tensor in Qwen2ForCausalLM(config).state_dict().items()}
    del shapes["lm_head.weight"]  # tied: stored once, as the embeddings
    shards: list[dict[str, tuple[int, ...]]] = [{}]
    for name, size in shapes.items():
        if shards[-1] and 2 * sum(map(prod, [*shards[-1].values(), size])) > shard_bytes:
            shards.append({})
        shards[-1][name] = size
    generator = torch.Generator().manual_seed(seed)
    places: dict[str, str] = {}
    for number, shard in enumerate(shards, start=1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors" if len(shards) > 1 else "model.safetensors"
        tensors = {name: fill(torch, name, size, generator) for name, size in shard.items()}
        save_file(tensors, folder / file, metadata={"format": "pt"})
        places |= dict.fromkeys(shard, file)
    parameters = sum(map(prod, shapes.values()))
    if len(shards) > 1:
        index = {"metadata": {"total_size": 2 * parameters}, "weight_map": places}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return parameters


def fill(torch: Any, name: str, size: tuple[int, ...], generator: Any) -> Any:
    """One tensor [size], bfloat16."""
    if len(size) == 1:
        return torch.full(size, float("norm" in name), dtype=torch.bfloat16)
    return torch.empty(size, dtype=torch.bfloat16).normal_(std=0.02, generator=generator)
