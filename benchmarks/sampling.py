"""How fast traces are sampled, against what one would write without this project.

    python -m benchmarks.sampling transformers --model results/mini/models/teacher --prompts 1024 --rounds 3
    python -m benchmarks.sampling vllm --prompts 512 --rounds 5

transformers: our engine against `generate` in a loop over static batches in the given order, with and without the end
    token's early exit, and against variants of ours (`--variants cache=dynamic attention=eager,batch_size=64 ...`).
vllm: our sampler against one `LLM.generate` on the same prompts, and against batches of 64 one after another, eager, as
    the authors' script has it. Lengths are imposed on all three: lognormal, 3 % at the limit.

Prompts are problems of the procedural arithmetic; any model folder with a chat template does.
"""

import argparse
import random
import tempfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring import Living, Runs, Work, interleave, report
from micota.common.cli import run
from micota.common.flags import as_flags
from micota.common.records import read_jsonl, write_jsonl
from micota.problems.arithmetic import problems
from micota.sampling.engine import EngineSettings

PROMPT: dict[str, Any] = {"user": "{problem}"}
OPERATIONS = [2, 3, 4, 5, 6]  # those of the miniature's training problems
# STRETCH as long as any completion: rows stay in their batch to its end. Both together: as it was before.
VARIANTS = ("cache=dynamic,stretch=100000", "cache=dynamic", "stretch=100000", "attention=eager", "batch_size=64")


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=MAINS)
    parser.add_argument("--model", type=Path, default=Path("reference/mini/bases/large"))
    parser.add_argument("--prompts", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-tokens", type=int, default=560)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--chunk-size", type=int, default=512)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--variants", nargs="*", default=VARIANTS, help="transformers: setting=value[,setting=value]")
    parser.add_argument("--compiled", action="store_true", help="vllm: ours and LLM.generate without enforce_eager")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--out", type=Path, help="JSON with every single run")
    return parser.parse_args(argv)


def write_problems(count: int, folder: Path) -> Path:
    """Problems as scripts.problems would write them."""
    found = problems("test", count, 11, OPERATIONS, 299)
    path = folder / f"problems-{count}.jsonl"
    write_jsonl(path, ({"id": f"p/{number}", **problem} for number, problem in enumerate(found)))
    return path


def prompt_ids(tokenizer: Any, path: Path) -> list[list[int]]:
    from micota.models.prompts import Prompt, render

    return [render(tokenizer, Prompt(**PROMPT), problem["problem"]).prompt_ids for problem in read_jsonl(path)]


def job(model: Path, path: Path, engine: Mapping[str, Any], max_tokens: int, folder: Path, *flags: str) -> list[str]:
    """The flags of scripts.sample for one greedy sample a problem; work and output are in `folder`."""
    settings = [*as_flags(engine, "engine_"), *as_flags(PROMPT, "prompt_"), "--max-tokens", str(max_tokens)]
    flags = (*settings, *flags, "--work", str(folder / "work"), "--out", str(folder / "traces.jsonl"))
    return ["--model", str(model), "--sampler", "m", "--problems", str(path), *flags]


def drawn(folder: Path) -> tuple[float, dict[str, Any]]:
    """Tokens of a job's traces, and a mark of each completion."""
    traces = list(read_jsonl(folder / "traces.jsonl"))
    marks = [zlib.crc32(trace["completion"].encode()) for trace in traces]
    return float(sum(trace["n_tokens"] for trace in traces)), {"marks": marks}


def our_job(model: Path, path: Path, settings: EngineSettings, max_tokens: int, started: Any) -> Work:
    """scripts.sample on an engine that is started already: loading the tokenizer, rendering, chunks and all files."""
    import micota.sampling.start
    from scripts import sample

    micota.sampling.start.start_engine = lambda *_: started

    def work() -> tuple[float, dict[str, Any]]:
        with tempfile.TemporaryDirectory() as folder:
            sample.main(job(model, path, settings.model_dump(), max_tokens, Path(folder)))
            return drawn(Path(folder))

    return work


# --- transformers ---------------------------------------------------------------------------------------------------


def ours(model: Path, path: Path, max_tokens: int, threads: int, settings: EngineSettings, changes: str = "") -> Work:
    """Our engine; `changes`, as `cache=dynamic,batch_size=64`, are made to it."""
    import torch
    from transformers import DynamicCache

    import micota.sampling.kv_cache
    import micota.sampling.transformers_engine
    from micota.models.tokenizer import load_tokenizer

    changed = dict(change.split("=") for change in changes.split(",") if change)
    threads = int(changed.pop("threads", threads))
    if changed.pop("cache", "roomy") == "dynamic":
        micota.sampling.kv_cache.roomy_cache = lambda config: DynamicCache(config=config)
    micota.sampling.transformers_engine.STRETCH = int(
        changed.pop("stretch", micota.sampling.transformers_engine.STRETCH)
    )
    attention = changed.pop("attention", "sdpa")
    if "dtype" in changed:
        settings = settings.but(dtype=changed.pop("dtype"))
    settings = settings.but(**{key: int(value) for key, value in changed.items()})
    torch.set_num_threads(threads)
    engine = micota.sampling.transformers_engine.TransformersEngine(
        str(model), load_tokenizer(model), settings, threads
    )
    engine.model.set_attn_implementation(attention)
    return our_job(model, path, settings, max_tokens, engine)


def plain(model: Path, path: Path, max_tokens: int, threads: int, batch_size: int, dtype: str, exits: bool) -> Work:
    """What one writes without us: `generate` over batches in the given order; `exits`: when all have ended."""
    import torch
    from transformers import AutoModelForCausalLM

    from micota.models.tokenizer import load_tokenizer

    torch.set_num_threads(threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = load_tokenizer(model)
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=getattr(torch, dtype), use_safetensors=True).to(device)
    end = tokenizer.eos_token_id
    prompts = prompt_ids(tokenizer, path)
    options: dict[str, Any] = {"do_sample": False, "max_new_tokens": max_tokens, "pad_token_id": tokenizer.pad_token_id}
    loaded.generation_config.eos_token_id = end if exits else None

    def work() -> tuple[float, dict[str, Any]]:
        tokens = 0
        for start in range(0, len(prompts), batch_size):
            batch = tokenizer.pad(
                {"input_ids": prompts[start : start + batch_size]}, padding_side="left", return_tensors="pt"
            ).to(device)
            with torch.inference_mode():
                output = loaded.generate(**batch, **options)
            for row in output[:, batch["input_ids"].shape[1] :].tolist():
                tokens += row.index(end) + 1 if end in row else len(row)
        return float(tokens), {}

    return work


def transformers_main(args: argparse.Namespace, folder: Path) -> None:
    """Ours against plain batches, and its variants."""
    path = write_problems(args.prompts, folder)
    same: dict[str, Any] = {"model": args.model, "path": path, "max_tokens": args.max_tokens, "threads": args.threads}
    settings = EngineSettings(
        name="transformers",
        dtype=args.dtype,
        batch_size=args.batch_size,
        chunk_size=args.chunk_size,
        max_model_len=1024,
    )
    static = {**same, "batch_size": args.batch_size, "dtype": args.dtype}
    builds: dict[str, Callable[[], Living]] = {
        "ours": lambda: Living(ours, settings=settings, **same),
        "plain batches": lambda: Living(plain, exits=True, **static),
        "plain, no early exit": lambda: Living(plain, exits=False, **static),
    }
    for variant in args.variants:
        builds[f"ours, {variant}"] = lambda variant=variant: Living(ours, settings=settings, changes=variant, **same)  # type: ignore[misc]
    runs = side_by_side(builds, args.rounds)
    compare_completions(runs, "ours")
    title = f"{args.model}, {args.prompts} prompts in batches of {args.batch_size}, chunks of {args.chunk_size}"
    report(title, runs, "ours", "tokens", args.out)


def side_by_side(builds: Mapping[str, Callable[[], Living]], rounds: int) -> Runs:
    """Start every contender, run them in turns, end them."""
    living: dict[str, Living] = {}
    try:
        for name, build in builds.items():
            living[name] = build()
            start = living[name].start
            print(f"{name}: started in {start.wall:.1f} s, CPU {start.cpu:.1f} s", flush=True)
        return interleave(living, rounds)
    finally:
        for contender in living.values():
            contender.close()


def compare_completions(runs: Runs, reference: str) -> None:
    """Print the share of each contender's completions that are the reference's, letter by letter."""
    expected = runs[reference][0].notes["marks"]
    for name, usages in runs.items():
        marks = [usage.notes.pop("marks", None) for usage in usages].pop()
        if marks:
            same = sum(one == other for one, other in zip(marks, expected, strict=True))
            print(f"{name}: {same} of {len(marks)} completions as {reference}'s")


# --- vLLM -----------------------------------------------------------------------------------------------------------


def lengths(prompts: Sequence[Sequence[int]], limit: int) -> dict[tuple[int, ...], int]:
    """Prompt -> tokens of its completion: lognormal around 110 with sigma 0.8, cut at the limit, 3 % at the limit."""
    rng = random.Random(0)
    return {
        tuple(prompt): limit if rng.random() < 0.03 else max(1, min(limit, round(rng.lognormvariate(4.7, 0.8))))
        for prompt in prompts
    }


def impose(wanted: Mapping[tuple[int, ...], int]) -> None:
    """Make vLLM's engine end each prompt's completion at its length, whoever asks for it."""
    from vllm.v1.engine.llm_engine import LLMEngine

    add = LLMEngine.add_request

    def add_request(self: Any, request_id: str, prompt: Any, params: Any, *rest: Any, **named: Any) -> Any:
        params.max_tokens = wanted[tuple(prompt["prompt_token_ids"])]
        params.ignore_eos = True
        return add(self, request_id, prompt, params, *rest, **named)

    LLMEngine.add_request = add_request


def ours_on_vllm(model: Path, path: Path, limit: int, threads: int, settings: EngineSettings) -> Work:
    from micota.models.tokenizer import load_tokenizer
    from micota.sampling.start import start_engine

    tokenizer = load_tokenizer(model)
    impose(lengths(prompt_ids(tokenizer, path), limit))
    return our_job(model, path, settings, limit, start_engine(str(model), tokenizer, settings, threads))


def raw_vllm(model: Path, path: Path, limit: int, threads: int, settings: EngineSettings, at_once: int = 0) -> Work:
    """`LLM.generate`, all prompts in one call, or `at_once` of them in each of several."""
    from micota.models.tokenizer import load_tokenizer
    from micota.sampling.vllm_engine import VllmEngine

    tokenizer = load_tokenizer(model)
    prompts = prompt_ids(tokenizer, path)
    impose(lengths(prompts, limit))
    llm = VllmEngine(str(model), tokenizer, settings, threads).llm  # the same options as ours
    from vllm import SamplingParams

    def work() -> tuple[float, dict[str, Any]]:
        size, tokens = at_once or len(prompts), 0
        for start in range(0, len(prompts), size):
            asked = [{"prompt_token_ids": prompt} for prompt in prompts[start : start + size]]
            answers = llm.generate(asked, [SamplingParams(temperature=0) for _ in asked], use_tqdm=False)
            tokens += sum(len(answer.outputs[0].token_ids) for answer in answers)
        return float(tokens), {}

    return work


def vllm_main(args: argparse.Namespace, folder: Path) -> None:
    """Ours against LLM.generate and the authors' batches."""
    path = write_problems(args.prompts, folder)
    # One chunk holds all: the comparison is of the queue, not of where our files are cut.
    settings = EngineSettings(
        name="vllm",
        dtype=args.dtype,
        batch_size=args.batch_size,
        chunk_size=args.prompts,
        max_model_len=1024,
        enforce_eager=not args.compiled,
    )
    same: dict[str, Any] = {"model": args.model, "path": path, "limit": args.max_tokens, "threads": args.threads}
    eager = settings.but(enforce_eager=True)
    builds: dict[str, Callable[[], Living]] = {
        "ours": lambda: Living(ours_on_vllm, settings=settings, **same),
        "LLM.generate": lambda: Living(raw_vllm, settings=settings, **same),
        "batches of 64, eager": lambda: Living(raw_vllm, settings=eager, at_once=64, **same),
    }
    title = f"vLLM, {args.model}, {args.prompts} prompts, lengths lognormal, 3 % at {args.max_tokens}"
    report(title, side_by_side(builds, args.rounds), "ours", "tokens", args.out)


MAINS = {"transformers": transformers_main, "vllm": vllm_main}


def main(argv: Sequence[str] | None = None) -> None:
    """Run one of the comparisons."""
    args = parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        MAINS[args.what](args, Path(folder))


if __name__ == "__main__":
    run(main)
