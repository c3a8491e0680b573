"""Load a model's weights: all that its configuration asks for, nothing else, and numbers alone."""

from pathlib import Path
from typing import Any

from micota.common.errors import ModelError
from micota.models.finite import check_finite

SHOWN = 3
# Old checkpoints store the rotary frequencies, which every model computes by itself.
COMPUTED = "rotary_emb.inv_freq"


def load_model(folder: str | Path, **how: Any) -> Any:
    """The causal language model of a folder; `how` is handed to transformers: `dtype`, `attn_implementation`.

    ModelError where a tensor is missing (transformers would draw it at random, and warn), left over (it would be
    ignored), of another shape, or no number.
    """
    from transformers import AutoModelForCausalLM

    model, info = AutoModelForCausalLM.from_pretrained(
        folder, use_safetensors=True, output_loading_info=True, ignore_mismatched_sizes=True, **how
    )
    for name, found, wanted in sorted(info["mismatched_keys"])[:1]:
        raise ModelError(
            f"{folder}: {name} has shape {tuple(found)}, by config.json {tuple(wanted)}: config.json and weights are"
            " not of one model; take it again, whole"
        )
    missing = sorted(info["missing_keys"])
    unexpected = sorted(name for name in info["unexpected_keys"] if not name.endswith(COMPUTED))
    for names, words in ((missing, "its weights lack"), (unexpected, "config.json knows nothing of")):
        if names:
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            raise ModelError(
                f"{folder}: {words} {', '.join(names[:SHOWN])}{more}: config.json and weights are not of one model;"
                " take it again, whole"
            )
    check_finite(model.state_dict(), Path(folder))
    return model
