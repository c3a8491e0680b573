"""How fast large shapes are trained: tokens/s, MFU and peak memory of a model of random weights on packed rows.

    python -m benchmarks.mfu --shape 3b --length 4096 --rows 512 --recipe '{"batch_size": 4}'

The model and rows go through scripts.train. `--recipe` is laid over one row a batch, packed, bfloat16 computation on
float32 weights, gradient checkpointing (micota.training.settings.TrainingSettings). The first round warms up and is not
counted.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring import Living, Work, machine, spread
from benchmarks.sampling import PROMPT
from benchmarks.shapes import SHAPES, write_model
from micota.common.cli import run
from micota.common.flags import as_flags
from micota.common.records import Record, read_jsonl, write_jsonl

# Dense bfloat16 FLOP/s of NVIDIA's data sheets (without sparsity), by what torch calls the device.
PEAK = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12}


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="3b")
    parser.add_argument("--length", type=int, default=4096, help="tokens of a packed row")
    parser.add_argument("--rows", type=int, default=512, help="rows of the corpus, before they are packed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--recipe", type=json.loads, default={}, help="changes to the recipe, JSON")
    parser.add_argument("--peak", type=float, help="the device's FLOP/s, where the script does not know it")
    return parser.parse_args(argv)


def long_rows(rows: int, length: int) -> Iterator[Record]:
    """Random text, a token a letter, an eighth to the whole of `length` long: what the model learns does not matter."""
    rng = random.Random(0)
    for number in range(rows):
        text = "".join(rng.choices("0123456789+-*/=;,", k=rng.randint(length // 8, length - 64)))
        yield {
            "id": str(number),
            "sample": 0,
            "sampler": "random",
            "problem": "1+1",
            "completion": text,
            "n_tokens": len(text),
        }


def flops(parameters: int, shape: Mapping[str, int], lengths: Sequence[int]) -> float:
    """FLOP of one pass over rows, forward and backward: 6 a parameter and token (Kaplan et al. 2020,
    arXiv:2001.08361), and 6 * layers * hidden * length a token for causal attention within a row (half of the 12 of
    PaLM's appendix B, arXiv:2204.02311, which counts masked places too). Tied embeddings count once, as the head.
    Recomputation by gradient checkpointing is none of it.
    """
    attention = 6 * shape["layers"] * shape["hidden_size"] * sum(length**2 for length in lengths)
    return 6.0 * parameters * sum(lengths) + attention


def training_work(model: Path, path: Path, recipe: Record, threads: int) -> Work:
    """scripts.train in this process; the time is that of SFTTrainer.train alone."""
    import time

    import torch
    import trl

    from scripts import train

    took: list[float] = []
    original = trl.SFTTrainer.train

    def timed(self: Any, *rest: Any, **named: Any) -> Any:
        started = time.monotonic()
        result = original(self, *rest, **named)
        took.append(time.monotonic() - started)
        return result

    trl.SFTTrainer.train = timed

    def work() -> tuple[float, dict[str, Any]]:
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            command = ["--base", str(model), "--corpus", str(path), *as_flags(recipe), *as_flags(PROMPT, "prompt_")]
            command += ["--work", f"{folder}/work", "--out", f"{folder}/out"]
            train.main([*command, "--threads", str(threads)])
        peak = torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else None
        return 1.0, {"training": took[-1], "gpu_peak": peak}

    return work


def known_peak() -> float | None:
    """The GPU's FLOP/s in bfloat16, by its name."""
    import torch

    name = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    return next((peak for key, peak in PEAK.items() if key in name), None)


def measure_shape(args: argparse.Namespace, folder: Path) -> None:
    """Tokens/s, MFU and peak memory of one shape on this device."""
    from micota.models.prompts import Prompt, render
    from micota.models.tokenizer import load_tokenizer

    shape, model, path = SHAPES[args.shape], folder / "model", folder / "corpus.jsonl"
    parameters = write_model(shape, model)
    write_jsonl(path, long_rows(args.rows, args.length))
    tokenizer, prompt = load_tokenizer(model), Prompt(**PROMPT)
    rows = read_jsonl(path)
    lengths = [len(render(tokenizer, prompt, row["problem"], row["completion"]).input_ids) for row in rows]
    recipe = {"epochs": 1, "learning_rate": 1e-5, "batch_size": 1, "max_length": args.length, "packing": True}
    recipe |= {"dtype": "bfloat16", "gradient_checkpointing": True, "save_steps": 10**6, **args.recipe}
    living = Living(training_work, model=model, path=path, recipe=recipe, threads=args.threads)
    try:
        usages = [living() for _ in range(args.rounds + 1)][1:]
    finally:
        living.close()
    peak = args.peak or known_peak()
    print(f"\n{args.shape}: {parameters / 1e9:.3g} B parameters, {len(lengths)} rows, {sum(lengths)} tokens, {recipe}")
    print(machine())
    seconds = [usage.notes["training"] for usage in usages]
    rates = [sum(lengths) / taken for taken in seconds]
    print(f"tokens a second: {spread(rates)}")
    share = [flops(parameters, shape, lengths) / taken / peak for taken in seconds] if peak else []
    print(f"MFU: {spread(share)}" if share else "MFU: not known here (give the device's FLOP/s with --peak)")
    memory = usages[0].notes["gpu_peak"]
    print(f"peak memory: {f'{memory:.1f} GB on the GPU' if memory else f'{usages[0].peak / 1000:.2f} GB'}")


def main(argv: Sequence[str] | None = None) -> None:
    """Make the model and the rows, train, print."""
    args = parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        measure_shape(args, Path(folder))


if __name__ == "__main__":
    run(main)
