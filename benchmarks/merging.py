"""Seconds and memory of a merge, against the mergekit command line on the same configuration.

    python -m benchmarks.merging --shapes 0.5b 3b --rounds 3 --folder /scratch/merging

Both are processes of their own, in turns, and must write the same tensors. Ours also checks the partners and hashes the
weights that it wrote. Random checkpoints: base and tuned model are drawn apart, which costs mergekit what real ones do.
The 3B shape takes 6 GB on disk for each of up to four folders. `--sweep N` adds N merges in N processes against one.
Memory: "peak" counts mapped files (the checkpoints' pages, which the system can drop), "private" does not.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.measuring import Runs, Usage, interleave, report, run_command
from benchmarks.shapes import SHAPES, write_model
from micota.common.cli import run
from micota.common.errors import UserError
from micota.common.records import write_json
from micota.models.merge_methods import Merge

RECIPE: dict[str, Any] = {"method": "dare_ties", "weight": 0.175, "density": 0.5, "seed": 0}
DTYPE = "bfloat16"
IN_ONE = "import json, sys; from scripts.merge import main; [main(flags) for flags in json.loads(sys.argv[1])]"


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=["0.5b"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shard-bytes", type=int, default=10**9)
    parser.add_argument("--sweep", type=int, default=0, help="merges in one process against one process each")
    parser.add_argument("--folder", type=Path, help="where to write; by default the system's folder for such")
    parser.add_argument("--out", type=Path, help="JSON with every single run")
    return parser.parse_args(argv)


def flags_of(base: Path, tuned: Path, out: Path, weight: float) -> list[str]:
    """The command line of scripts.merge."""
    flags = {"--base": base, "--tuned": tuned, "--method": RECIPE["method"], "--weight": weight}
    flags |= {"--density": RECIPE["density"], "--seed": 0, "--dtype": RECIPE["dtype"], "--out": out}
    return [str(part) for flag in flags.items() for part in flag]


def mergekit_command(base: Path, tuned: Path, out: Path) -> list[str]:
    """mergekit-yaml on our configuration, told what decides the result; without the card, which asks the hub."""
    config = out.with_suffix(".yaml")
    write_json(config, Merge(**RECIPE).config(str(base), str(tuned), DTYPE))  # JSON is YAML
    tool = Path(sys.executable).with_name("mergekit-yaml")
    options = ["--random-seed", "0", "--copy-tokenizer", "--no-write-model-card"]
    return [str(tool), str(config), str(out), *options]


def check_same(ours: Path, theirs: Path) -> None:
    """Both folders hold the same tensors, bit by bit; UserError names the first that differs."""
    one, other = tensors_of(ours), tensors_of(theirs)
    if one.keys() != other.keys():
        raise UserError(f"{ours} and {theirs} hold other tensors: {sorted(one.keys() ^ other.keys())[:3]}")
    for name, handle in one.items():
        if not handle.get_tensor(name).equal(other[name].get_tensor(name)):
            raise UserError(f"{name} differs between {ours} and {theirs}")


def tensors_of(folder: Path) -> dict[str, Any]:
    """Tensor -> the open file that holds it."""
    from safetensors import safe_open

    handles = [safe_open(path, "pt") for path in sorted(folder.glob("*.safetensors"))]
    return {name: handle for handle in handles for name in handle.keys()}  # noqa: SIM118, not a dict


def measured(command: Sequence[str], out: Path, *made: Path) -> Usage:
    """A process that writes folders; they are removed first."""
    for folder in made or (out,):
        shutil.rmtree(folder, ignore_errors=True)
    return run_command(command, out.with_suffix(".log"))


def versus_mergekit(args: argparse.Namespace, base: Path, tuned: Path, folder: Path) -> Runs:
    """One merge by us and by mergekit's command line."""
    ours, theirs = folder / "ours", folder / "theirs"
    command = [sys.executable, "-m", "scripts.merge", *flags_of(base, tuned, ours, RECIPE["weight"])]
    contenders: Mapping[str, Callable[[], Usage]] = {
        "mergekit-yaml": lambda: measured(mergekit_command(base, tuned, theirs), theirs),
        "ours": lambda: measured(command, ours),
    }
    runs = interleave(contenders, args.rounds)
    check_same(ours, theirs)
    return runs


def sweep(args: argparse.Namespace, base: Path, tuned: Path, folder: Path) -> Runs:
    """Several weights: a process each, as the workflow has it, against one process for all."""
    outs = [folder / f"sweep-{number}" for number in range(args.sweep)]
    flags = [flags_of(base, tuned, out, 0.1 * (number + 1)) for number, out in enumerate(outs)]

    def apart() -> Usage:
        used = [
            measured([sys.executable, "-m", "scripts.merge", *line], out) for line, out in zip(flags, outs, strict=True)
        ]
        sums = {name: sum(getattr(usage, name) for usage in used) for name in ("wall", "cpu", "amount")}
        return replace(max(used, key=lambda usage: usage.peak), **sums)

    def together() -> Usage:
        used = measured([sys.executable, "-c", IN_ONE, json.dumps(flags)], folder / "sweep", *outs)
        return replace(used, amount=float(args.sweep))

    return interleave({"a process each": apart, "one process": together}, args.rounds)


def main(argv: Sequence[str] | None = None) -> None:
    """Each shape in turn."""
    args = parse_args(argv)
    for shape in args.shapes:
        with tempfile.TemporaryDirectory(dir=args.folder) as name:
            folder = Path(name)
            base, tuned = folder / "base", folder / "tuned"
            for seed, place in enumerate((base, tuned)):
                parameters = write_model(SHAPES[shape], place, seed, args.shard_bytes)
            needed, free = 4 * 2 * parameters, shutil.disk_usage(folder).free
            if free < needed / 2:
                raise UserError(
                    f"{folder}: {shape} needs {needed / 2e9:.0f} GB more, {free / 1e9:.0f} are free (--folder)"
                )
            runs = versus_mergekit(args, base, tuned, folder)
            out = args.out.with_stem(f"{args.out.stem}-{shape}") if args.out else None
            size = f"{shape}: {parameters / 1e9:.3g} B parameters, shards of {args.shard_bytes / 1e9:g} GB"
            report(f"Merging {size}; same tensors", runs, "mergekit-yaml", "merges", out)
            for contender, usages in runs.items():
                print(f"{contender}: private memory {max(usage.private or 0 for usage in usages):.0f} MB")
            if args.sweep:
                report(f"Sweep of {args.sweep}, {size}", sweep(args, base, tuned, folder), "a process each", "merges")


if __name__ == "__main__":
    run(main)
