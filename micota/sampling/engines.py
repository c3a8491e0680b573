"""Inference engines behind one interface: token ids in, completions out.

An engine is started once per job, or once per replica of it. Both engines get the prompts' token ids from
`micota.models.prompts.render`, return the text without the end token, and count the end token in `n_tokens`.
"""

import atexit
import multiprocessing
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from micota.common.records import read_json, write_json
from micota.models.folders import attention, end_tokens
from micota.sampling.replicas import take_along

STRETCH = 32  # tokens by which TransformersEngine goes on before it takes what has ended out of a batch
# What vLLM 0.32 is told through its environment, whatever the user's says.
VLLM_ENVIRONMENT = {
    # It forks its engine's process unless CUDA is initialised. After torch.cuda.is_available(), which does not count as
    # that, a forked process cannot use CUDA any more ("Cannot re-initialize CUDA in forked subprocess").
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
    # FlashInfer's sampler is compiled at the start, by an nvcc that containers and many nodes lack (vllm #49497).
    # Greedy requests and those with a seed of their own, all that we make, never use it.
    "VLLM_USE_FLASHINFER_SAMPLER": "0",
    "VLLM_NO_USAGE_STATS": "1",  # nothing is sent to vLLM's makers
}


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


def keep_memory() -> None:
    """Make glibc keep freed memory instead of handing it back; elsewhere, do nothing.

    transformers' cache is copied into a longer one at every token. Over 32 MB glibc maps and unmaps each copy: 256
    traces of a 0.2 M model took 89 s so, 26 s with memory kept, and 60 s in batches of 64 (same texts; 2 cores, busy).
    """
    import ctypes

    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(-4, 0)  # M_MMAP_MAX: never map
    mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD: never trim


class TransformersEngine:
    """transformers' `generate`: batches of prompts of similar length, left-padded, with the KV cache.

    One request after another, and what one gives never depends on the others: on a CPU in float32 the same bytes,
    whatever ran before.
    """

    def __init__(self, model: str, tokenizer: Any, settings: EngineSettings, threads: int) -> None:
        import torch
        from transformers import AutoModelForCausalLM

        keep_memory()
        torch.set_num_threads(threads)
        self.torch = torch
        self.tokenizer = tokenizer
        self.settings = settings
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        how = attention(model, settings.attention, "sampling.engine.attention")
        self.model = AutoModelForCausalLM.from_pretrained(
            model, dtype=getattr(torch, settings.dtype), attn_implementation=how, use_safetensors=True
        ).to(self.device)
        self.model.eval()
        # A model folder may bring its own sampling defaults (Qwen2.5: temperature 0.7, repetition penalty 1.05);
        # the study's configuration alone decides, so only the end tokens are taken from it.
        self.end_tokens = end_tokens(model, tokenizer)

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        for number, request in enumerate(requests):
            yield number, self._complete(request.prompts, request.decoding)

    def _complete(self, prompts: list[list[int]], decoding: Decoding) -> list[Completion]:
        by_length = sorted(range(len(prompts)), key=lambda i: (len(prompts[i]), i))
        completions: dict[int, Completion] = {}
        self.torch.manual_seed(decoding.seed)
        for start in range(0, len(by_length), self.settings.batch_size):
            batch = by_length[start : start + self.settings.batch_size]
            completions |= dict(zip(batch, self._batch([prompts[i] for i in batch], decoding), strict=True))
        return [completions[i] for i in range(len(prompts))]

    def _batch(self, prompts: list[list[int]], decoding: Decoding) -> list[Completion]:
        """Complete prompts side by side; `generate` is called again and again, and what has ended leaves the batch."""
        from micota.sampling.kv_cache import roomy_cache

        torch = self.torch
        width = max(len(prompt) for prompt in prompts)
        pad = self.tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (width - len(p)) + p for p in prompts], device=self.device)
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=self.device)
        # Each prompt's own room, so that what it gets does not depend on its batch.
        rooms = [min(decoding.max_tokens, self.settings.max_model_len - len(p)) for p in prompts]
        cache = roomy_cache(self.model.config)
        completions: dict[int, Completion] = {}
        left = list(range(len(prompts)))  # the prompts that the rows of `ids` belong to
        while left:
            before = ids.shape[1]
            most = max(rooms[i] for i in left) - (before - width)
            ends = Ends(self, width, decoding.stop, len(left))
            with torch.inference_mode():
                ids = self.model.generate(
                    input_ids=ids,
                    attention_mask=mask,
                    past_key_values=cache,
                    generation_config=self._generation_config(decoding, min(most, STRETCH)),
                    stopping_criteria=[ends],
                )
            written = ids.shape[1] - width
            over = [end is not None or rooms[i] <= written for end, i in zip(ends.lengths, left, strict=True)]
            ended = [row for row in range(len(left)) if over[row]]
            going = [row for row in range(len(left)) if not over[row]]
            for row, tokens in zip(ended, ids[ended, width:].tolist(), strict=True):
                completions[left[row]] = self._completion(tokens, ends.lengths[row], rooms[left[row]], decoding)
            left = [left[row] for row in going]
            ids, mask = ids[going], mask[going]
            mask = torch.cat([mask, mask.new_ones(len(going), ids.shape[1] - before)], dim=1)
            if ended:
                cache.batch_select_indices(torch.tensor(going, dtype=torch.long, device=self.device))
        return [completions[i] for i in range(len(prompts))]

    def _generation_config(self, decoding: Decoding, max_new_tokens: int) -> Any:
        from transformers import GenerationConfig

        sampling: dict[str, Any] = {"do_sample": False}
        if decoding.temperature > 0:
            sampling = {"do_sample": True, "temperature": decoding.temperature, "top_p": decoding.top_p, "top_k": 0}
        config = GenerationConfig(
            max_new_tokens=max_new_tokens,
            eos_token_id=self.end_tokens,
            pad_token_id=self.tokenizer.pad_token_id,
            **sampling,
        )
        self.model.generation_config = config  # else `generate` fills up with the model folder's own
        return config

    def _completion(self, row: list[int], end: int | None, room: int, decoding: Decoding) -> Completion:
        """What the first `end` tokens of a row say, if it has ended, or those that it has room for."""
        if end is None or end > room:
            return Completion(self.text(row[:room]), room, "length", seed=decoding.seed)
        if row[end - 1] in self.end_tokens:
            return Completion(self.text(row[: end - 1]), end, "stop", seed=decoding.seed)
        text, stop = cut(self.text(row[:end]), decoding.stop)
        return Completion(text, end, "stop", stop, decoding.seed)

    def text(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=self.settings.skip_special_tokens)


def cut(text: str, stops: Sequence[str]) -> tuple[str, str | None]:
    """A text up to the first of the stop strings, and which one it is; the whole text and None without one."""
    found = [(text.find(stop), stop) for stop in stops if stop in text]
    place, stop = min(found, default=(len(text), None))
    return text[:place], stop


class Ends:
    """A stopping criterion of `generate`: when the rows of a batch end, by an end token or a stop string.

    It looks at the text that is handed back, the completion's; transformers' own looks at the prompt's end too, where
    "\\n" before and "\\n" behind are a "\\n\\n", and at special tokens that are left out of the text.
    `lengths` holds the tokens of each row that has ended, its last one included: what comes behind is padding.
    """

    def __init__(self, engine: TransformersEngine, width: int, stops: Sequence[str], rows: int) -> None:
        self.engine, self.width, self.stops = engine, width, stops
        self.lengths: list[int | None] = [None] * rows
        self.longest = max(map(len, stops), default=0)

    def __call__(self, ids: Any, scores: Any, **options: Any) -> Any:
        torch, written = self.engine.torch, ids.shape[1] - self.width
        ended = torch.isin(ids[:, -1], torch.tensor(self.engine.end_tokens, device=ids.device)).tolist()
        for row, length in enumerate(self.lengths):
            if length is None and (ended[row] or (self.stops and self._stops(ids[row, self.width :]))):
                self.lengths[row] = written
        return torch.tensor([length is not None for length in self.lengths], device=ids.device)

    def _stops(self, row: Any) -> bool:
        """A tail is quickly read; where it holds a stop string it may have cut a character: the whole text is asked.

        The tail is long enough for a stop string that ends in the last token, though a token may show nothing.
        """
        text, size = self.engine.text, 4 * self.longest
        needed = self.longest + len(text(row[-1:].tolist())) + 4  # at most three marks for the bytes of a cut character
        while size < len(row):
            tail = text(row[-size:].tolist())
            if len(tail) >= needed:
                if cut(tail, self.stops)[1] is None:
                    return False
                break
            size *= 2
        return cut(text(row.tolist()), self.stops)[1] is not None


class VllmEngine:
    """vLLM with every request in its queue at once; each is handed back when its last completion is finished.

    What stands side by side in a batch changes from run to run, and with it the rounding: equal bytes are not promised.
    Prefix caching is on where the model allows it (vLLM's default), so the samples of one prompt share its KV cache.
    """

    def __init__(self, model: str, tokenizer: Any, settings: EngineSettings, threads: int) -> None:
        import torch

        os.environ.update(VLLM_ENVIRONMENT)
        self.on_gpu = torch.cuda.is_available()
        if not self.on_gpu:  # vLLM's CPU build takes its memory and its threads from the environment
            os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
            os.environ.setdefault("OMP_NUM_THREADS", str(threads))
        from vllm import LLM

        self.settings = settings
        self.end_tokens = end_tokens(model, tokenizer)
        self.llm = LLM(
            model=model,
            tokenizer=own_tokenizer(tokenizer),
            dtype=settings.dtype,
            max_model_len=settings.max_model_len,
            tensor_parallel_size=settings.tensor_parallel,
            enforce_eager=settings.enforce_eager,
            gpu_memory_utilization=settings.gpu_memory_utilization,
            max_num_seqs=settings.max_num_seqs,
            generation_config="vllm",  # the study's configuration decides, not the model folder's defaults
            seed=0,
        )
        take_along(multiprocessing.active_children())

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        from vllm.inputs import tokens_input

        engine = self.llm.llm_engine  # LLM.generate hands nothing back before all is done
        finished: dict[int, dict[int, Completion]] = defaultdict(dict)
        for number, request in enumerate(requests):
            for place, prompt in enumerate(request.prompts):
                engine.add_request(f"{number}/{place}", tokens_input(prompt), self._params(request, place))
        while engine.has_unfinished_requests():
            for output in engine.step():
                number, place = map(int, output.request_id.split("/"))
                finished[number][place] = self._completion(output.outputs[0], requests[number], place)
                if len(finished[number]) == len(requests[number].prompts):
                    yield number, [completion for _, completion in sorted(finished.pop(number).items())]

    def _seed(self, request: Request, place: int) -> int | None:
        """The completion's own, so that neither its place nor its neighbours shape what is drawn.

        None on a CPU, where a seed per request kills vLLM 0.32's engine ("CPU Generator does not use offset").
        """
        return request.seeds[place] if self.on_gpu else None

    def _params(self, request: Request, place: int) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        decoding = request.decoding
        return SamplingParams(
            temperature=decoding.temperature,
            top_p=decoding.top_p,
            max_tokens=min(decoding.max_tokens, self.settings.max_model_len - len(request.prompts[place])),
            stop=list(decoding.stop) or None,
            stop_token_ids=self.end_tokens,
            seed=self._seed(request, place),
            skip_special_tokens=self.settings.skip_special_tokens,
            output_kind=RequestOutputKind.FINAL_ONLY,  # one output a prompt, when it is finished
        )

    def _completion(self, answer: Any, request: Request, place: int) -> Completion:
        stop = answer.stop_reason if isinstance(answer.stop_reason, str) else None  # else the number of an end token
        text, earlier = cut(answer.text, request.decoding.stop)  # of two within a token, vLLM may take the later one
        return Completion(
            text,
            len(answer.token_ids),
            "length" if answer.finish_reason == "length" else "stop",
            earlier or stop,
            self._seed(request, place) or 0,  # the engine's
        )


def own_tokenizer(tokenizer: Any) -> str:
    """A folder of the tokenizer alone, gone with the process: vLLM would read the model's by the rules of its class."""
    folder = tempfile.TemporaryDirectory(prefix="micota-tokenizer-")
    atexit.register(folder.cleanup)
    tokenizer.save_pretrained(folder.name)
    if tokenizer.is_fast:
        path = Path(folder.name) / "tokenizer_config.json"
        write_json(path, read_json(path) | {"tokenizer_class": "PreTrainedTokenizerFast"})
    write_json(Path(folder.name) / "config.json", {})
    return folder.name


def start_engine(model: str, tokenizer: Any, settings: EngineSettings, threads: int) -> Engine:
    """Load the model into the engine that the settings name."""
    engines: dict[str, type[TransformersEngine | VllmEngine]] = {"transformers": TransformersEngine, "vllm": VllmEngine}
    return engines[settings.name](model, tokenizer, settings, threads)
