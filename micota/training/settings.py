"""The settings of one fine-tuning, and the packages that they need."""

import importlib.util
from dataclasses import dataclass

from micota.common.cli import UserError


@dataclass(frozen=True)
class TrainingSettings:
    """Hyperparameters of one fine-tuning; names follow transformers' TrainingArguments where there is one.

    An optimiser step learns from the global batch: batch_size * accumulation * processes examples.
    """

    epochs: int
    learning_rate: float
    batch_size: int  # examples (packed rows, with packing) that one process computes at a time
    accumulation: int = 1  # such batches of a process in a step
    scheduler: str = "cosine"
    warmup_ratio: float = 0.0
    weight_decay: float = 0.0
    adam_beta2: float = 0.999
    max_grad_norm: float = 1.0
    max_length: int = (
        4096  # tokens; longer examples are dropped, never cut (LlamaFactory #5231: cutting loses the end token)
    )
    packing: bool = False
    bucketed: bool = True  # batches of similar length in random order; not with packing
    dtype: str = "float32"
    gradient_checkpointing: bool = False
    attention: str | None = "sdpa"
    liger_kernel: bool = False
    save_steps: int = 500
    max_examples: int | None = None
    processes: int = 1  # on one machine, a device each; see micota/training/processes.py
    sharding: str = "none"  # of weights and optimiser over the processes: none (a copy each) or fsdp2


def check_packages(settings: TrainingSettings) -> None:
    """Raise UserError for a setting that needs a package which is not installed; imports nothing."""
    if settings.attention == "flash_attention_2" and importlib.util.find_spec("flash_attn") is None:
        raise UserError(
            "attention: flash_attention_2 needs the package flash-attn, which is not installed; install it"
            " (`pip install flash-attn --no-build-isolation`, on a GPU) or set `attention: sdpa`"
        )
    if settings.liger_kernel and importlib.util.find_spec("liger_kernel") is None:
        raise UserError(
            "liger_kernel: true needs the package liger-kernel, which is not installed; install it"
            " (`pip install liger-kernel`, on a GPU) or set `liger_kernel: false`"
        )
