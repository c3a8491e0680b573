"""What every inference engine takes and gives: token ids in, completions out.

An engine is started once per job, or once per replica of it. Both engines get the prompts' token ids from
`micota.models.prompts.render`, return the text without the end token, and count the end token in `n_tokens`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, Self

from pydantic import Field, model_validator

from micota.common.settings import EXECUTION, ROUNDING, Attention, Closed, Dtype, Seed, StopString
from micota.models.prompts import Prompt


class Decoding(Closed):
    """How completions are drawn; temperature 0 is greedy."""

    temperature: Annotated[float, Field(ge=0, description="0: greedy")] = 0.0
    top_p: Annotated[
        float, Field(gt=0, le=1, description="tokens are drawn from the likeliest that hold this probability")
    ] = 1.0
    n: Annotated[int, Field(ge=1, description="samples a problem")] = 1
    max_tokens: Annotated[int, Field(ge=1, description="of a completion")]
    stop: list[StopString] = Field([], description="a completion ends before one of these")
    seed: Seed = Field(0, description="of the draws")

    @model_validator(mode="after")
    def has_samples_that_differ(self) -> Self:
        if self.n > 1 and self.temperature == 0:
            raise ValueError(f"n: {self.n} greedy samples are one; set a temperature above 0, or n to 1")
        return self


class Task(Closed):
    """One data set for one model: which problems, put how, decoded how."""

    dataset: Annotated[str, Field(description="its name in the traces")]
    problems: Annotated[str, Field(description="the data set that the problems are of, or their file")]
    prompt: Prompt
    decoding: Decoding
    deviation: Annotated[
        str | None, Field(description="why the prompt may differ from the one that a model was trained on")
    ] = None


@dataclass(frozen=True)
class Request:
    """Prompts that are completed alike and handed back together.

    `decoding.seed` is the request's own; `seeds`, one a prompt, are for an engine that seeds each completion.
    """

    prompts: list[list[int]]
    decoding: Decoding
    seeds: list[int]


@dataclass(frozen=True)
class Completion:
    text: str
    n_tokens: int
    finish_reason: str  # "stop" or "length"
    stop_string: str | None = None  # which one ended it, if one did
    seed: int = 0  # the one it was drawn with


class EngineSettings(Closed):
    """The inference engine and its settings."""

    name: Annotated[Literal["transformers", "vllm"], Field(description="the engine")] = "transformers"
    dtype: Annotated[Dtype, Field(description="of the weights and the computation")] = "float32"
    batch_size: Annotated[int, Field(ge=1, description="transformers: prompts a batch", json_schema_extra=ROUNDING)] = (
        256
    )
    chunk_size: Annotated[
        int, Field(ge=1, description="completions written at a time; a killed job loses the chunks that are not whole")
    ] = 1024
    max_model_len: Annotated[int, Field(ge=1, description="tokens of a prompt and its completion together")] = 4096
    tensor_parallel: Annotated[
        int, Field(ge=1, description="vLLM: GPUs that hold one copy of the model", json_schema_extra=ROUNDING)
    ] = 1
    data_parallel: Annotated[
        int, Field(ge=1, description="copies of the model that share a job's chunks", json_schema_extra=EXECUTION)
    ] = 1
    enforce_eager: Annotated[
        bool,
        Field(description="vLLM: no CUDA graphs, which is slower and starts sooner", json_schema_extra=ROUNDING),
    ] = False
    gpu_memory_utilization: Annotated[
        float,
        Field(gt=0, le=1, description="vLLM: share of a GPU's memory that it may take", json_schema_extra=EXECUTION),
    ] = 0.9
    max_num_seqs: Annotated[
        int | None,
        Field(
            ge=1,
            description="vLLM: sequences decoded together at most; null: its own default (1,024 on an H100)",
            json_schema_extra=EXECUTION,
        ),
    ] = None
    skip_special_tokens: Annotated[bool, Field(description="false: they stay in the completions' texts")] = True
    attention: Annotated[
        Attention | None,
        Field(
            description="transformers: how attention is computed; null: sdpa, or eager for a model that needs it",
            json_schema_extra=ROUNDING,
        ),
    ] = None


class Engine(Protocol):
    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        """Yield each request's number and its completions, in the order of its prompts, as soon as it is whole."""


def cut(text: str, stops: Sequence[str]) -> tuple[str, str | None]:
    """A text up to the first of the stop strings, and which one it is; the whole text and None without one."""
    found = [(text.find(stop), stop) for stop in stops if stop in text]
    place, stop = min(found, default=(len(text), None))
    return text[:place], stop
