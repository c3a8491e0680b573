"""How much GPU memory a job needs, estimated from its model's shape: an order of magnitude, no promise.

The plan and preflight both ask `job_bytes`. Left out: the CUDA context and fragmentation, a gigabyte or two, which is
why preflight warns of a job that fills nine tenths. Nothing here has been measured on a GPU yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from micota.models.likelihood import POSITIONS
from micota.models.settings import ScratchBase
from micota.sampling.engine import EngineSettings
from micota.study.config import Config, Training
from micota.study.graph import Study

BYTES = {"float32": 4, "bfloat16": 2}
# Weights, gradients and Adam's two moments, all float32 (Rajbhandari et al. 2020, arXiv 1910.02054, section 3.1).
TRAINED_PARAMETER = 16
CHECKPOINT = 12  # of them a checkpoint holds the weights and both moments, no gradients
# A layer's activations per token and unit of width, 16 bits, without the attention matrix, which SDPA never holds
# (Korthikanti et al. 2022, arXiv 2205.05198, equation 2).
ACTIVATION = 34
TILE = 4096, 32_768  # tokens, vocabulary: of the logits that TRL 1.16 holds at a time (trl/kernels/chunked_logprob.py)


@dataclass(frozen=True)
class Shape:
    """What memory depends on."""

    parameters: int
    layers: int
    width: int
    vocabulary: int
    cache_width: int  # key-value heads times their width

    @classmethod
    def of(cls, config: Mapping[str, Any], parameters: int) -> "Shape":
        """From config.json's keys; KeyError names one that is not there."""
        heads = config["num_attention_heads"]
        head = config.get("head_dim") or config["hidden_size"] // heads
        key_value_heads = config.get("num_key_value_heads") or heads
        return cls(
            parameters, config["num_hidden_layers"], config["hidden_size"], config["vocab_size"], key_value_heads * head
        )

    def cache_bytes(self, dtype: str) -> int:
        """Of a token's keys and values in all layers."""
        return 2 * self.layers * self.cache_width * BYTES[dtype]


def job_bytes(study: Study, rule: str, model: str, shape: Shape) -> int:
    """On each GPU of a job of a rule on a model of this shape; 0 where the rule needs none."""
    config = study.config
    match rule:
        case "sample" | "judge":
            return sampling_bytes(shape, config.sampling.engine)
        case "train":
            return training_bytes(shape, config.training[study.tunes[model].recipe])
        case "base_model":
            if isinstance(block := config.bases.get(model), ScratchBase) and pretrained_here(study, model):
                return training_bytes(shape, config.training[block.recipe])
        case "likelihood":
            return scoring_bytes(shape, config.sampling.engine.dtype, config.likelihood.batch_size * scored(study))
    return 0


def pretrained_here(study: Study, base: str) -> bool:
    """Whether the study trains a base from scratch."""
    block = study.config.bases.get(base)
    return isinstance(block, ScratchBase) and (study.config.from_scratch or not block.pretrained)


def share(config: Config, rule: str) -> float:
    """How much of a GPU's memory a job of the rule may fill: what vLLM takes for itself, else all."""
    engine = config.sampling.engine
    return engine.gpu_memory_utilization if rule in ("sample", "judge") and engine.name == "vllm" else 1.0


def scored(study: Study) -> int:
    """Tokens of the longest trace whose NLL is taken: what the corpora keep, or a context (no prompt counted)."""
    sampling, context = study.config.sampling, study.config.sampling.engine.max_model_len
    parts = {part for corpus in study.config.likelihood.corpora for part in study.parts(corpus)}
    blocks = [block for part in parts if not study.corpus(part).made_of() for block in [study.corpus(part)]]
    asked = sampling.training.max_tokens if sampling.training else context
    kept = [block.longest() or (asked if block.written_by() else context) for block in blocks]
    return min(context, max(kept, default=context))


def sampling_bytes(shape: Shape, engine: EngineSettings) -> int:
    """On one GPU: its part of the weights, and the keys and values of what must fit at least.

    vLLM needs one whole context, transformers `batch_size` of them.
    """
    split, contexts = (engine.tensor_parallel, 1) if engine.name == "vllm" else (1, engine.batch_size)
    cache = shape.cache_bytes(engine.dtype) * engine.max_model_len * contexts
    return (shape.parameters * BYTES[engine.dtype] + cache) // split


def training_bytes(shape: Shape, recipe: Training) -> int:
    """On one GPU: states, weights that autocast casts, TRL's head, and activations of one batch of longest examples.

    TRL's head works on tiles of logits; over all tokens there are none. With FSDP each process gathers the head's whole
    weight. Between the batches of a step the gradients are spread too (`sync_each_batch` in
    micota/training/trainer.py).
    """
    sharded = recipe.sharding != "none"
    split = recipe.processes if sharded else 1
    tokens = recipe.batch_size * recipe.max_length
    half = recipe.dtype == "bfloat16"
    cast = shape.parameters * 2 // split if half else 0
    # The gradient of the head, in float32, and its weight again where it is spread over processes.
    head = shape.vocabulary * shape.width * 4 * (2 if sharded else 1)
    tile = min(tokens, TILE[0]) * min(shape.vocabulary, TILE[1]) * (2 if half else 4)
    layer = tokens * shape.width * ACTIVATION * (1 if half else 2)
    # With checkpointing a layer's input stays, float32 under autocast too, and one layer is worked on at a time.
    kept = tokens * shape.width * 4 * shape.layers + layer if recipe.gradient_checkpointing else layer * shape.layers
    return shape.parameters * TRAINED_PARAMETER // split + cast + head + tile + kept


def scoring_bytes(shape: Shape, dtype: str, tokens: int) -> int:
    """On one GPU, for the likelihood of `tokens` tokens at once: weights, logits, and float32 copies of some."""
    return shape.parameters * BYTES[dtype] + shape.vocabulary * (tokens * BYTES[dtype] + min(tokens, POSITIONS) * 8)
