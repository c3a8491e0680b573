"""Both engines on a tiny random model: batches change nothing, ends are found, and the two agree token by token."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from transformers import AutoTokenizer

from micota.common.flags import as_flags
from micota.common.records import read_jsonl
from micota.models.prompts import Prompt, render
from micota.models.tokenizer import end_tokens, load_tokenizer
from micota.sampling import transformers_engine, vllm_engine
from micota.sampling.engine import Completion, Decoding, EngineSettings, Request, cut
from micota.sampling.kv_cache import RoomyLayer, roomy_cache
from micota.sampling.transformers_engine import TransformersEngine
from micota.sampling.vllm_engine import VllmEngine
from scripts import sample as script
from tests.tiny import NARROW, PROMPT, ROOT, problems, write_kind, write_model, write_problems

LENGTH = 40
END = "6"  # the character that ends a completion of this model: some do end, some do not (asserted below)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "m", seed=3, end=END)


@pytest.fixture(scope="module")
def prompts(model: Path) -> list[list[int]]:
    tokenizer = load_tokenizer(model)
    found = [render(tokenizer, Prompt(**PROMPT), row["problem"]).prompt_ids for row in problems(10)]
    assert len({len(prompt) for prompt in found}) > 5
    return found[5:] + found[:5]  # not in the order of their lengths


def engine(model: Path, **settings: Any) -> TransformersEngine:
    return TransformersEngine(
        str(model), load_tokenizer(model), EngineSettings(name="transformers", **settings), threads=1
    )


def complete(engine: TransformersEngine, prompts: list[list[int]], decoding: Decoding) -> list[Completion]:
    """The completions of one request."""
    ((number, completions),) = engine.generate([Request(prompts, decoding, [0] * len(prompts))])
    assert number == 0 and {completion.seed for completion in completions} == {decoding.seed}
    return completions


def greedy(stop: tuple[str, ...] = (), max_tokens: int = LENGTH) -> Decoding:
    return Decoding(max_tokens=max_tokens, stop=list(stop))


def sampled(seed: int) -> Decoding:
    return Decoding(temperature=1.0, top_p=0.95, max_tokens=LENGTH, seed=seed)


@pytest.fixture(scope="module")
def one_by_one(model: Path, prompts: list[list[int]]) -> list[Completion]:
    """What plain `generate` writes, prompt by prompt."""
    import torch
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    tokenizer = load_tokenizer(model)
    found = []
    for prompt in prompts:
        ids = torch.tensor([prompt])
        row = plain.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=LENGTH, do_sample=False)[
            0, len(prompt) :
        ]
        ended = tokenizer.decode(row[-1:]) == END
        found.append(Completion(tokenizer.decode(row[:-1] if ended else row), len(row), "stop" if ended else "length"))
    return found


def test_the_model_ends_some_completions_and_not_others(one_by_one: list[Completion]) -> None:
    assert {c.finish_reason for c in one_by_one} == {"stop", "length"}
    assert len({c.n_tokens for c in one_by_one}) > 2
    assert len({c.text for c in one_by_one}) == len(one_by_one)


@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_a_batch_of_any_size_writes_what_single_prompts_do(
    model: Path, prompts: list[list[int]], one_by_one: list[Completion], batch_size: int
) -> None:
    assert complete(engine(model, batch_size=batch_size), prompts, greedy()) == one_by_one


@pytest.mark.parametrize("stretch", [1, 3, 7, 1000])
def test_what_ends_leaves_its_batch_and_the_others_write_on(
    monkeypatch: pytest.MonkeyPatch, model: Path, prompts: list[list[int]], one_by_one: list[Completion], stretch: int
) -> None:
    """However long the stretches between: also where a stop string of several tokens lies across two of them."""
    calls: list[int] = []
    monkeypatch.setattr(transformers_engine, "STRETCH", stretch)
    ours = engine(model)
    generate = ours.model.generate

    def counted(**options: Any) -> Any:
        calls.append(len(options["input_ids"]))
        return generate(**options)

    ours.model.generate = counted
    assert complete(ours, prompts, greedy()) == one_by_one
    assert calls == sorted(calls, reverse=True) and len(calls) == -(-LENGTH // stretch)
    assert calls[0] == len(prompts) and (stretch == 1000 or calls[-1] < calls[0])
    stop = next(c.text for c in one_by_one if c.n_tokens > 8)[4:7]
    expected = [
        Completion(c.text[: c.text.index(stop)], c.text.index(stop) + 3, "stop", stop) if stop in c.text else c
        for c in one_by_one
    ]
    assert expected != one_by_one and complete(ours, prompts, greedy((stop,))) == expected


def test_the_roomy_cache_holds_what_transformers_own_does(model: Path) -> None:
    """Past the room that it begins with, with rows taken out on the way, and tokens taken back."""
    import torch
    from transformers import AutoModelForCausalLM, DynamicCache

    plain = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
    ids = torch.randint(0, plain.config.vocab_size, (4, 300), generator=torch.Generator().manual_seed(0))
    caches = roomy_cache(plain.config), DynamicCache(config=plain.config)
    assert all(type(layer) is RoomyLayer for layer in caches[0].layers)
    logits = []
    for cache in caches:
        rows = ids
        with torch.inference_mode():
            plain(rows[:, :100], past_key_values=cache)
            for place in range(100, 300):
                if place == 180:
                    rows = rows[[0, 2, 3]]
                    cache.batch_select_indices(torch.tensor([0, 2, 3]))
                if place == 250:
                    cache.crop(-5)
                found = plain(rows[:, place : place + 1], past_key_values=cache).logits
        logits.append(found)
        assert cache.get_seq_length() == 295
    for ours, theirs in zip(caches[0].layers, caches[1].layers, strict=True):
        assert ours.keys.equal(theirs.keys) and ours.values.equal(theirs.values)
    assert logits[0].equal(logits[1])


def test_a_limit_cuts_and_says_so(model: Path, prompts: list[list[int]], one_by_one: list[Completion]) -> None:
    for short, long in zip(complete(engine(model), prompts, greedy(max_tokens=5)), one_by_one, strict=True):
        if long.n_tokens > 5:
            assert (short.n_tokens, short.finish_reason) == (5, "length")
            assert long.text.startswith(short.text)
        else:
            assert short == long


def test_a_prompts_room_is_its_own_whatever_its_batch(model: Path, prompts: list[list[int]]) -> None:
    limit = max(len(prompt) for prompt in prompts) + 3
    found = {size: complete(engine(model, batch_size=size, max_model_len=limit), prompts, greedy()) for size in (1, 64)}
    assert found[1] == found[64]
    for prompt, completion in zip(prompts, found[64], strict=True):
        if completion.finish_reason == "length":
            assert completion.n_tokens == min(LENGTH, limit - len(prompt))


def test_stop_strings_end_a_completion_and_are_cut_off(
    model: Path, prompts: list[list[int]], one_by_one: list[Completion]
) -> None:
    stop = next(c.text for c in one_by_one if c.n_tokens > 8)[4:6]
    hits = 0
    for found, whole in zip(complete(engine(model), prompts, greedy((stop, "never written"))), one_by_one, strict=True):
        if stop in whole.text:
            hits += 1
            before = whole.text.index(stop)
            assert found == Completion(whole.text[:before], before + len(stop), "stop", stop)  # a token a character
        else:
            assert found == whole
    assert 0 < hits < len(prompts)


@pytest.mark.parametrize(("hidden", "padding_ends"), [(True, True), (False, False)])
@pytest.mark.parametrize("stretch", [3, 32])
def test_a_stop_string_is_looked_for_in_the_completion_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hidden: bool, padding_ends: bool, stretch: int
) -> None:
    """Whatever the batch, and whatever stands before the completion or is hidden in it.

    Each stop string begins with the prompt's last character: that and the completion's first are no stop string.
    """
    monkeypatch.setattr(transformers_engine, "STRETCH", stretch)
    folder = write_model(tmp_path / "m", seed=3, end=END)
    tokenizer = load_tokenizer(folder)
    if not padding_ends:
        ids = {"eos_token_id": tokenizer.convert_tokens_to_ids(END)}
        (folder / "generation_config.json").write_text(json.dumps(ids), encoding="utf-8")
    found = [render(tokenizer, Prompt(**PROMPT), row["problem"]).prompt_ids for row in problems(4)]
    ours = {size: engine(folder, batch_size=size, skip_special_tokens=hidden) for size in (1, 4)}
    whole = complete(ours[1], found, greedy(max_tokens=12))
    before = tokenizer.decode(found[0][-1:])
    first = [completion.text[:1] for completion in whole]
    middle = next(c.text for c in whole if c.n_tokens > 8)
    for stops in ((before + first[0],), (first[1], before), (middle[3:6], middle[5:7]), ("<|im_start|>",), (before,)):
        expected = []
        for completion in whole:
            text, stop = cut(completion.text, stops)
            tokens = len(text) + len(stop or "")  # a token a character
            expected.append(Completion(text, tokens, "stop", stop) if stop else completion)
        for size, one in ours.items():
            assert complete(one, found, greedy(stops, 12)) == expected, (stops, size)


@pytest.mark.parametrize("named", [0, [0], None])
def test_the_end_tokens_are_those_of_model_and_tokenizer(tmp_path: Path, named: Any) -> None:
    folder = write_model(tmp_path / "m")
    tokenizer = load_tokenizer(folder)
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": named}), encoding="utf-8")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | {"eos_token_id": 5}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert end_tokens(folder, tokenizer) == [5 if named is None else 0, tokenizer.eos_token_id]
    tokenizer.eos_token = "<|endoftext|>"  # the template still closes a turn with <|im_end|>
    assert set(end_tokens(folder, tokenizer)) >= {tokenizer.convert_tokens_to_ids("<|im_end|>"), tokenizer.eos_token_id}


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("gemma2", {"attn_logit_softcapping": 0.1, "initializer_range": 1.0}),
        ("gpt_oss", {"num_local_experts": 2, "num_experts_per_tok": 1}),
    ],
)
def test_attention_is_computed_as_the_model_needs_it(tmp_path: Path, kind: str, more: dict[str, Any]) -> None:
    """sdpa leaves Gemma 2's soft cap out, and gpt-oss has none."""
    import torch
    from transformers import AutoModelForCausalLM

    folder = write_kind(tmp_path / "m", kind, **NARROW, head_dim=8, tie_word_embeddings=False, **more)
    tokenizer = load_tokenizer(folder)
    ids = render(tokenizer, Prompt(**PROMPT), "1+1").prompt_ids
    found = complete(engine(folder, skip_special_tokens=False), [ids], greedy(max_tokens=12))[0]
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    written: list[int] = []
    with torch.inference_mode():
        while len(written) < found.n_tokens:
            written.append(int(model(torch.tensor([ids + written])).logits[0, -1].argmax()))
    assert found.text == tokenizer.decode([token for token in written if token != tokenizer.eos_token_id])


def test_sampling_follows_its_seed(model: Path, prompts: list[list[int]]) -> None:
    same = engine(model)
    first = complete(same, prompts, sampled(1))
    complete(same, prompts, sampled(2))  # what ran before does not matter
    assert complete(same, prompts, sampled(1)) == first
    assert complete(same, prompts, sampled(2)) != first
    assert len({c.text for c in complete(same, [prompts[0]] * 8, sampled(1))}) == 8


def test_the_model_folders_sampling_defaults_are_ignored(
    model: Path, tmp_path: Path, prompts: list[list[int]], one_by_one: list[Completion]
) -> None:
    """Qwen2.5-Instruct's generation_config.json asks for sampling at 0.7 with a repetition penalty of 1.05."""
    write_model(tmp_path / "m", seed=3, end=END)
    path = tmp_path / "m" / "generation_config.json"
    defaults = {"do_sample": True, "temperature": 0.7, "top_k": 20, "repetition_penalty": 2.0}
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | defaults), encoding="utf-8")
    assert complete(engine(tmp_path / "m"), prompts, greedy()) == one_by_one


class Queue:
    """Stands for vLLM's engine: takes requests, and finishes them one a step, the shortest answer first."""

    def __init__(self) -> None:
        self.waiting: dict[str, tuple[list[int], Any]] = {}
        self.longest = 0

    def add_request(self, name: str, prompt: list[int], params: Any) -> None:
        assert name not in self.waiting
        self.waiting[name] = prompt, params
        self.longest = max(self.longest, len(self.waiting))

    def has_unfinished_requests(self) -> bool:
        return bool(self.waiting)

    def step(self) -> list[SimpleNamespace]:
        name = min(self.waiting, key=lambda name: self.waiting[name][0][-1])
        prompt, params = self.waiting.pop(name)
        answer = SimpleNamespace(text=f"{prompt}", token_ids=[1, 2], finish_reason="stop", stop_reason=None)
        answer.params = params
        return [SimpleNamespace(request_id=name, outputs=[answer])]


def test_vllm_has_every_request_in_its_queue_and_hands_each_back_when_it_is_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    params: list[Any] = []

    def remember(**settings: Any) -> Any:
        params.append(settings)
        return settings

    monkeypatch.setitem(sys.modules, "vllm", SimpleNamespace(SamplingParams=remember))
    monkeypatch.setitem(sys.modules, "vllm.inputs", SimpleNamespace(tokens_input=lambda ids: ids))
    final = SimpleNamespace(RequestOutputKind=SimpleNamespace(FINAL_ONLY="final"))
    monkeypatch.setitem(sys.modules, "vllm.sampling_params", final)
    queue, engine = Queue(), VllmEngine.__new__(VllmEngine)
    engine.on_gpu, engine.settings, engine.end_tokens = True, EngineSettings(name="vllm", max_model_len=10), [7, 0]
    engine.llm = SimpleNamespace(llm_engine=queue)
    # The last token says when a prompt is finished: the second request is whole first.
    requests = [
        Request(
            [[0, 5], [0, 1], [0, 0, 0, 9]],
            Decoding(temperature=1.0, top_p=0.9, max_tokens=8, stop=["U"], seed=3),
            [11, 12, 13],
        ),
        Request([[3], [2]], Decoding(max_tokens=8, seed=4), [21, 22]),
    ]
    found = list(engine.generate(requests))
    assert queue.longest == 5
    assert [(number, [(c.text, c.seed) for c in completions]) for number, completions in found] == [
        (1, [("[3]", 21), ("[2]", 22)]),
        (0, [("[0, 5]", 11), ("[0, 1]", 12), ("[0, 0, 0, 9]", 13)]),
    ]
    assert [one["seed"] for one in params] == [11, 12, 13, 21, 22]
    assert [one["max_tokens"] for one in params] == [8, 8, 6, 8, 8]  # the third prompt leaves room for six
    assert [one["stop_token_ids"] for one in params] == [[7, 0]] * 5
    assert [(one["temperature"], one["stop"]) for one in params] == [(1.0, ["U"])] * 3 + [(0.0, None)] * 2


def sampling_command(model: Path, folder: Path, engine_name: str) -> list[str]:
    """Arguments of scripts/sample.py for two data sets in three chunks each, with stop strings."""
    settings = {"name": engine_name, "dtype": "float32", "max_model_len": 512, "enforce_eager": True, "chunk_size": 4}
    problems = [write_problems(folder / "train.jsonl", 10), write_problems(folder / "test.jsonl", 10, "test")]
    arguments = ["--model", str(model), "--sampler", "m", "--problems", *map(str, problems)]
    arguments += [*as_flags(settings, "engine_"), *as_flags(PROMPT, "prompt_")]
    arguments += ["--max-tokens", str(LENGTH), "--stop", "U", "mm"]
    return [*arguments, "--work", str(folder / "work"), "--out", str(folder / f"{engine_name}.jsonl")]


@pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="vLLM is not installed")
def test_both_engines_write_the_same_greedy_tokens(model: Path, tmp_path: Path) -> None:
    script.main(sampling_command(model, tmp_path, "transformers"))
    # vLLM in a process of its own: it leaves threads and workers behind.
    command = [sys.executable, "-m", "scripts.sample", *sampling_command(model, tmp_path, "vllm")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-4000:]
    one, other = (list(read_jsonl(tmp_path / f"{name}.jsonl")) for name in ("transformers", "vllm"))
    assert [row | {"seed": 0} for row in one] == other  # greedy ignores the seeds, and each engine has its own
    assert {row["finish_reason"] for row in one} == {"stop", "length"}
    stopped = [row for row in one if row["dataset"] == "test" and row["n_tokens"] == len(row["completion"]) + 1]
    assert stopped  # by the stop string or the end token, one token each


@pytest.mark.parametrize("theirs", [{}, {"VLLM_WORKER_MULTIPROC_METHOD": "fork", "VLLM_USE_FLASHINFER_SAMPLER": "1"}])
def test_vllm_starts_its_processes_anew_and_compiles_nothing(
    model: Path, monkeypatch: pytest.MonkeyPatch, theirs: dict[str, str]
) -> None:
    """A forked engine could not use CUDA, FlashInfer's sampler would need nvcc: told before vLLM is imported."""
    seen: dict[str, str] = {}
    given: dict[str, Any] = {}

    class Spy:
        def __getattr__(self, name: str) -> Any:
            seen.update(os.environ)
            return lambda **settings: given.update(settings)

    for name in ("VLLM_WORKER_MULTIPROC_METHOD", "VLLM_USE_FLASHINFER_SAMPLER", "VLLM_NO_USAGE_STATS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, "vllm", Spy())
    monkeypatch.setattr(vllm_engine, "take_along", lambda children: None)
    tokenizer = load_tokenizer(model)
    VllmEngine(str(model), tokenizer, EngineSettings(name="vllm", max_num_seqs=128), 1)
    # ... and reads the tokenizer that made the prompts, not the model folder's by the rules of its class.
    theirs_too: Any = AutoTokenizer.from_pretrained(given["tokenizer"])
    assert theirs_too._tokenizer.to_str() == tokenizer._tokenizer.to_str()
    assert seen["VLLM_WORKER_MULTIPROC_METHOD"] == "spawn"
    assert seen["VLLM_USE_FLASHINFER_SAMPLER"] == "0"
    assert seen["VLLM_NO_USAGE_STATS"] == "1"
    assert given["max_num_seqs"] == 128
