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

    try:
        model, info = AutoModelForCausalLM.from_pretrained(
            folder, use_safetensors=True, output_loading_info=True, **how
        )
    except RuntimeError as error:  # of tensors that have another shape than config.json says
        if "size mismatch" not in str(error) and "ignore_mismatched_sizes" not in str(error):
            raise
        raise ModelError(
            f"{folder}: tensors have other shapes than config.json says ({' '.join(str(error).split())[:200]}); take"
            " the model again, whole"
        ) from None
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
