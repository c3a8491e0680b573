"""What every inference engine takes and gives: token ids in, completions out.

An engine is started once per job, or once per replica of it. Both engines get the prompts' token ids from
`micota.models.prompts.render`, return the text without the end token, and count the end token in `n_tokens`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Decoding:
    """How completions are drawn; temperature 0 is greedy."""

    temperature: float
    top_p: float
    max_tokens: int
    stop: tuple[str, ...]
    seed: int


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


@dataclass(frozen=True)
class EngineSettings:
    """See micota.study.config.Engine for the meaning of each."""

    name: str
    dtype: str = "float32"
    batch_size: int = 256
    chunk_size: int = 1024
    max_model_len: int = 4096
    tensor_parallel: int = 1
    data_parallel: int = 1
    enforce_eager: bool = False
    gpu_memory_utilization: float = 0.9
    max_num_seqs: int | None = None
    skip_special_tokens: bool = True
    attention: str | None = None


class Engine(Protocol):
    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        """Yield each request's number and its completions, in the order of its prompts, as soon as it is whole."""


def cut(text: str, stops: Sequence[str]) -> tuple[str, str | None]:
    """A text up to the first of the stop strings, and which one it is; the whole text and None without one."""
    found = [(text.find(stop), stop) for stop in stops if stop in text]
    place, stop = min(found, default=(len(text), None))
    return text[:place], stop
