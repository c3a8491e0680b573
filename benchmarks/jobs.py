"""What whole sampling jobs cost, start included: which engine pays from which size on, and what a shard adds.

    python -m benchmarks.jobs engines --model results/mini/models/teacher --counts 150 1800
    python -m benchmarks.jobs shards --prompts 512 --shards 8

engines: transformers and vLLM at two sizes: from how many tokens on does vLLM pay, on this machine?
shards: what every further shard of a job costs.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring import Usage, interleave, report, run_command
from benchmarks.sampling import drawn, job, write_problems
from micota.common.cli import run

NUMBERS = count()


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=MAINS)
    parser.add_argument("--model", type=Path, default=Path("reference/mini/bases/large"))
    parser.add_argument("--counts", type=int, nargs=2, default=(150, 1800), help="engines: prompts of the two sizes")
    parser.add_argument("--prompts", type=int, default=512, help="shards: prompts of the job")
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--engine", default="transformers", help="shards: which engine")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-tokens", type=int, default=560)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--chunk-size", type=int, default=512)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compiled", action="store_true", help="vLLM without enforce_eager")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--out", type=Path, help="JSON with every single run")
    return parser.parse_args(argv)


def whole_job(args: argparse.Namespace, engine: str, path: Path, folder: Path, *flags: str) -> Usage:
    """scripts.sample as a process of its own, from its start to its end."""
    place = folder / f"job-{next(NUMBERS)}"
    settings: dict[str, Any] = {"name": engine, "dtype": args.dtype, "batch_size": args.batch_size}
    settings |= {"chunk_size": args.chunk_size, "max_model_len": 1024, "enforce_eager": not args.compiled}
    command = [sys.executable, "-m", "scripts.sample"]
    command += job(args.model, path, settings, args.max_tokens, place, "--threads", str(args.threads), *flags)
    used = run_command(command, place / "log.txt", {"OMP_NUM_THREADS": str(args.threads)})
    amount, _ = drawn(place)
    return replace(used, amount=amount)


def break_even(points: Mapping[str, tuple[tuple[float, float], tuple[float, float]]]) -> str:
    """From how many tokens a job on the second engine is the faster one; `points`: (tokens, seconds) at two sizes.

    Says so, and decides nothing, where the larger job of an engine was not the longer one: noise, or sizes too alike.
    """
    lines = {}
    for name, ((few, short), (many, long)) in points.items():
        if many <= few or long <= short:
            return (
                f"{name}: {short:.1f} s for {few:.0f} tokens, {long:.1f} s for {many:.0f}: no rate to be had from that"
            )
        each = (long - short) / (many - few)
        lines[name] = short - each * few, each
    (start, each), (other_start, other_each) = lines.values()
    said = ", ".join(
        f"{name} starts in {line[0]:.1f} s, then {1 / line[1]:.0f} tokens a second" for name, line in lines.items()
    )
    other = [*lines][1]
    if other_start <= start and other_each <= each:
        return f"{said}; {other} pays at any size"
    if other_each >= each:
        return (
            f"{said}; {other} pays at no size" if other_start >= start else f"{said}; {other} pays for short jobs only"
        )
    return f"{said}; {other} pays from {(other_start - start) / (each - other_each):.0f} tokens a job on"


def engines_main(args: argparse.Namespace, folder: Path) -> None:
    """Two engines at two sizes: start and rate of each, and where they meet."""
    small, large = (write_problems(count, folder) for count in args.counts)

    def timed(engine: str, path: Path) -> Callable[[], Usage]:
        return lambda: whole_job(args, engine, path, folder)

    names = ("transformers", "vllm")
    contenders = {f"{name}, {path.stem}": timed(name, path) for name in names for path in (small, large)}
    runs = interleave(contenders, args.rounds)

    def point(name: str, path: Path, kind: str) -> tuple[float, float]:
        used = runs[f"{name}, {path.stem}"]
        return median(usage.amount for usage in used), median(getattr(usage, kind) for usage in used)

    for kind in ("wall", "cpu"):
        points = {name: (point(name, small, kind), point(name, large, kind)) for name in names}
        print(f"{kind}: {break_even(points)}")
    report(f"Whole jobs, {args.model}", runs, f"transformers, {large.stem}", "tokens", args.out)


def shards_main(args: argparse.Namespace, folder: Path) -> None:
    """One job against the same in shards, one after another."""
    path = write_problems(args.prompts, folder)

    def in_shards(shards: int) -> Usage:
        flags = [("--shard", str(shard), "--shards", str(shards)) for shard in range(shards)]
        used = [whole_job(args, args.engine, path, folder, *part) for part in flags]
        total = {name: sum(getattr(usage, name) for usage in used) for name in ("wall", "cpu", "amount")}
        return Usage(**total, peak=max(usage.peak for usage in used))

    many = f"{args.shards} shards"
    runs = interleave({"1 shard": lambda: in_shards(1), many: lambda: in_shards(args.shards)}, args.rounds)
    for kind in ("wall", "cpu"):
        pairs: Iterator[tuple[Usage, Usage]] = zip(runs["1 shard"], runs[many], strict=True)
        extra = median((getattr(more, kind) - getattr(one, kind)) / (args.shards - 1) for one, more in pairs)
        print(f"{kind}: {extra:.2f} s for every further shard")
    report(f"Shards, {args.engine}, {args.model}, {args.prompts} prompts", runs, "1 shard", "tokens", args.out)


MAINS = {"engines": engines_main, "shards": shards_main}


def main(argv: Sequence[str] | None = None) -> None:
    """Run one of the comparisons."""
    args = parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        MAINS[args.what](args, Path(folder))


if __name__ == "__main__":
    run(main)
