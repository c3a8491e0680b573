"""The engine of transformers: for CPUs, small models, and machines without vLLM."""

from collections.abc import Iterator, Sequence
from typing import Any

from micota.models.folders import attention
from micota.models.loading import load_model
from micota.models.tokenizer import end_tokens
from micota.sampling.engine import Completion, Decoding, EngineSettings, Request, cut

STRETCH = 32  # tokens by which TransformersEngine goes on before it takes what has ended out of a batch


class TransformersEngine:
    """transformers' `generate`: batches of prompts of similar length, left-padded, with the KV cache.

    One request after another, and what one gives never depends on the others: on a CPU in float32 the same bytes,
    whatever ran before.
    """

    def __init__(self, model: str, tokenizer: Any, settings: EngineSettings, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        self.torch = torch
        self.tokenizer = tokenizer
        self.settings = settings
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        how = attention(model, settings.attention, "sampling.engine.attention")
        loaded = load_model(model, dtype=getattr(torch, settings.dtype), attn_implementation=how)
        self.model = loaded.to(self.device)
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
