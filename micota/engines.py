"""Inference engines behind one interface: token ids in, completions out.

An engine is started once per job. Both engines get the prompt's token ids from `micota.prompts.render`, return the
text without the end token, and count the end token in `n_tokens`.
"""

import os
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Decoding:
    """How one batch of completions is drawn; temperature 0 is greedy."""

    temperature: float
    top_p: float
    max_tokens: int
    stop: tuple[str, ...]
    seed: int


@dataclass(frozen=True)
class Completion:
    text: str
    n_tokens: int
    finish_reason: str  # "stop" or "length"
    stop_string: str | None = None  # which one ended it, if one did


@dataclass(frozen=True)
class EngineSettings:
    """See micota.config.Engine for the meaning of each."""

    name: str
    dtype: str = "float32"
    batch_size: int = 256
    chunk_size: int = 1024
    max_model_len: int = 4096
    tensor_parallel: int = 1
    data_parallel: int = 1
    enforce_eager: bool = False
    gpu_memory_utilization: float = 0.9
    skip_special_tokens: bool = True


class Engine(Protocol):
    def generate(self, prompts: list[list[int]], decoding: Decoding) -> list[Completion]:
        """Complete each prompt once, in order."""


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
    """transformers' `generate`: batches of prompts of similar length, left-padded, with the KV cache."""

    def __init__(self, model: str, tokenizer: Any, settings: EngineSettings, threads: int) -> None:
        import torch
        from transformers import AutoModelForCausalLM

        keep_memory()
        torch.set_num_threads(threads)
        self.torch = torch
        self.tokenizer = tokenizer
        self.settings = settings
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = AutoModelForCausalLM.from_pretrained(
            model, dtype=getattr(torch, settings.dtype), attn_implementation="sdpa", use_safetensors=True
        ).to(self.device)
        self.model.eval()
        # A model folder may bring its own sampling defaults (Qwen2.5: temperature 0.7, repetition penalty 1.05);
        # the study's configuration alone decides, so only the end tokens are taken from it.
        end = self.model.generation_config.eos_token_id or tokenizer.eos_token_id
        self.end_tokens = [end] if isinstance(end, int) else list(end)

    def generate(self, prompts: list[list[int]], decoding: Decoding) -> list[Completion]:
        by_length = sorted(range(len(prompts)), key=lambda i: (len(prompts[i]), i))
        completions: dict[int, Completion] = {}
        self.torch.manual_seed(decoding.seed)
        for start in range(0, len(by_length), self.settings.batch_size):
            batch = by_length[start : start + self.settings.batch_size]
            completions |= dict(zip(batch, self._batch([prompts[i] for i in batch], decoding), strict=True))
        return [completions[i] for i in range(len(prompts))]

    def _batch(self, prompts: list[list[int]], decoding: Decoding) -> list[Completion]:
        from transformers import GenerationConfig

        torch = self.torch
        width = max(len(prompt) for prompt in prompts)
        pad = self.tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (width - len(p)) + p for p in prompts], device=self.device)
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=self.device)
        sampling: dict[str, Any] = {"do_sample": False}
        if decoding.temperature > 0:
            sampling = {"do_sample": True, "temperature": decoding.temperature, "top_p": decoding.top_p, "top_k": 0}
        # Each prompt's own room, so that what it gets does not depend on its batch.
        rooms = [min(decoding.max_tokens, self.settings.max_model_len - len(p)) for p in prompts]
        config = GenerationConfig(
            max_new_tokens=max(rooms),
            eos_token_id=self.end_tokens,
            pad_token_id=pad,
            stop_strings=list(decoding.stop) or None,
            **sampling,
        )
        self.model.generation_config = config
        with torch.inference_mode():
            output = self.model.generate(
                input_ids=ids, attention_mask=mask, generation_config=config, tokenizer=self.tokenizer
            )
        rows = output[:, width:].tolist()
        return [self._completion(row[:room], decoding) for row, room in zip(rows, rooms, strict=True)]

    def _completion(self, row: list[int], decoding: Decoding) -> Completion:
        """Cut a row of a batch at its stop string or end token; what follows is padding.

        Stop strings come first: the padding after one may itself be an end token (Qwen2.5's <|endoftext|>).
        """
        end = next((position for position, token in enumerate(row) if token in self.end_tokens), None)
        text = self._text(row[:end])
        cuts = [(text.find(stop), stop) for stop in decoding.stop if stop in text]
        if cuts:
            first, stop = min(cuts)
            return Completion(text[:first], len(self._without_padding(row[:end])), "stop", stop)
        if end is not None:
            return Completion(text, end + 1, "stop")
        return Completion(text, len(row), "length")

    def _without_padding(self, row: list[int]) -> list[int]:
        end = len(row)
        while end and row[end - 1] == self.tokenizer.pad_token_id:
            end -= 1
        return row[:end]

    def _text(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=self.settings.skip_special_tokens)


class VllmEngine:
    """vLLM, given the whole list at once so that its continuous batching can work."""

    def __init__(self, model: str, tokenizer: Any, settings: EngineSettings, threads: int) -> None:
        import torch

        self.on_gpu = torch.cuda.is_available()
        if not self.on_gpu:  # vLLM's CPU build takes its memory and its threads from the environment
            os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
            os.environ.setdefault("OMP_NUM_THREADS", str(threads))
        from vllm import LLM

        self.settings = settings
        self.llm = LLM(
            model=model,
            dtype=settings.dtype,
            max_model_len=settings.max_model_len,
            tensor_parallel_size=settings.tensor_parallel,
            enforce_eager=settings.enforce_eager,
            gpu_memory_utilization=settings.gpu_memory_utilization,
            generation_config="vllm",  # the study's configuration decides, not the model folder's defaults
            seed=0,
        )

    def generate(self, prompts: list[list[int]], decoding: Decoding) -> list[Completion]:
        from vllm import SamplingParams

        params = [
            SamplingParams(
                temperature=decoding.temperature,
                top_p=decoding.top_p,
                max_tokens=min(decoding.max_tokens, self.settings.max_model_len - len(prompt)),
                stop=list(decoding.stop) or None,
                # A seed per request kills vLLM 0.32's engine on a CPU ("CPU Generator does not use offset").
                seed=decoding.seed + i if decoding.temperature > 0 and self.on_gpu else None,
                skip_special_tokens=self.settings.skip_special_tokens,
            )
            for i, prompt in enumerate(prompts)
        ]
        outputs = self.llm.generate([{"prompt_token_ids": prompt} for prompt in prompts], params)
        answers = [output.outputs[0] for output in outputs]
        return [
            Completion(
                a.text,
                len(a.token_ids),
                "length" if a.finish_reason == "length" else "stop",
                a.stop_reason if isinstance(a.stop_reason, str) else None,  # else the number of an end token
            )
            for a in answers
        ]


def start_engine(model: str, tokenizer: Any, settings: EngineSettings, threads: int) -> Engine:
    """Load the model into the engine that the settings name."""
    engines: dict[str, type[TransformersEngine | VllmEngine]] = {"transformers": TransformersEngine, "vllm": VllmEngine}
    return engines[settings.name](model, tokenizer, settings, threads)
