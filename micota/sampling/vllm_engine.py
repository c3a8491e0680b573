"""The engine of vLLM: for GPUs; its CPU build takes the same road in the tests."""

import atexit
import multiprocessing
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from micota.common.records import read_json, write_json
from micota.models.tokenizer import end_tokens
from micota.sampling.engine import Completion, EngineSettings, Request, cut
from micota.sampling.replicas import take_along

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
