"""The settings of one fine-tuning, and the packages that they need."""

import importlib.util
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from micota.common.errors import EnvironmentFault
from micota.common.settings import EXECUTION, ROUNDING, Attention, Closed, Dtype


class TrainingSettings(Closed):
    """Hyperparameters of one fine-tuning; names follow transformers' TrainingArguments where there is one.

    An optimiser step learns from the global batch: batch_size * accumulation * processes examples.
    """

    epochs: Annotated[int, Field(ge=1, description="passes over the corpus")]
    learning_rate: Annotated[float, Field(gt=0, description="the peak; in YAML 1.0e-5, not 1e-5")]
    batch_size: Annotated[
        int, Field(ge=1, description="examples (packed rows, with packing) that a process computes at a time")
    ]
    accumulation: Annotated[int, Field(ge=1, description="such batches of a process in a step")] = 1
    scheduler: Annotated[
        Literal["cosine", "linear", "constant", "constant_with_warmup"],
        Field(description="how the learning rate falls"),
    ] = "cosine"
    warmup_ratio: Annotated[
        float, Field(ge=0, lt=1, description="share of the steps in which the learning rate rises")
    ] = 0.0
    weight_decay: Annotated[float, Field(ge=0, description="of AdamW")] = 0.0
    adam_beta2: Annotated[float, Field(ge=0, lt=1, description="of AdamW")] = 0.999
    max_grad_norm: Annotated[float, Field(gt=0, description="longer gradients are cut to this length")] = 1.0
    max_length: Annotated[
        int, Field(ge=1, description="tokens of an example; longer ones are dropped and counted, never cut")
    ] = 4096
    packing: Annotated[bool, Field(description="several examples in a row of max_length tokens")] = False
    bucketed: Annotated[bool, Field(description="batches of similar length in random order; not with packing")] = True
    dtype: Annotated[
        Dtype, Field(description="of the computation and the finished weights; the optimiser has float32")
    ] = "float32"
    gradient_checkpointing: Annotated[
        bool,
        Field(description="activations are computed again: less memory, a third slower", json_schema_extra=ROUNDING),
    ] = False
    attention: Annotated[
        Attention | None,
        Field(description="null: sdpa, or eager for a model that needs it", json_schema_extra=ROUNDING),
    ] = "sdpa"
    liger_kernel: Annotated[bool, Field(description="fused kernels, on GPUs", json_schema_extra=ROUNDING)] = False
    save_steps: Annotated[
        int, Field(ge=1, description="steps from one checkpoint to the next", json_schema_extra=EXECUTION)
    ] = 500
    max_examples: Annotated[int | None, Field(ge=1, description="a seeded sample of the corpus; null: all of it")] = (
        None
    )
    processes: Annotated[
        int,
        Field(
            ge=1,
            description="on one node, a device each; a step learns from batch_size * accumulation * processes rows",
        ),
    ] = 1
    sharding: Annotated[
        Literal["none", "fsdp2"],
        Field(description="of weights and optimiser over the processes; none: a copy each (DDP)"),
    ] = "none"

    @model_validator(mode="after")
    def has_something_to_shard_over(self) -> Self:
        if self.sharding != "none" and self.processes == 1:
            raise ValueError("sharding: there is nothing to shard over; set processes to 2 or more")
        return self


def check_packages(settings: TrainingSettings) -> None:
    """Raise UserError for a setting that needs a package which is not installed; imports nothing."""
    if settings.attention == "flash_attention_2" and importlib.util.find_spec("flash_attn") is None:
        raise EnvironmentFault(
            "attention: flash_attention_2 needs the package flash-attn, which is not installed; install it"
            " (`pip install flash-attn --no-build-isolation`, on a GPU) or set `attention: sdpa`"
        )
    if settings.liger_kernel and importlib.util.find_spec("liger_kernel") is None:
        raise EnvironmentFault(
            "liger_kernel: true needs the package liger-kernel, which is not installed; install it"
            " (`pip install liger-kernel`, on a GPU) or set `liger_kernel: false`"
        )
