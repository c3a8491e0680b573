"""How the cost of each stage grows with the number of traces.

    python -m benchmarks.growth --traces 2500 --times 1 4 16
    python -m benchmarks.growth --with-models --traces 250 --times 1 4 16

The first is of the stages that gather, grade, filter and tabulate, the second of those that run a model (sampling,
training, likelihoods: the smallest committed base on arithmetic). Merging reads no traces.

Runs each stage's script on made-up traces (lognormal lengths around 2,500 characters, three in four right, one answer
in twenty in another form than the gold one) of 1, 4 and 16 times as many problems, and prints seconds of CPU, the
largest resident set, and the exponent: the slope of log(CPU - start-up) on log(traces), start-up being the stage on
twenty traces. Seconds are CPU time, user and system, of the script itself: the processes in which grade judges what is
neither equal nor an integer are not in it (benchmarks/grading.py times those). Bytes a trace are what the last step
added. Needs Linux.
"""

import argparse
import math
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import growth_tables
from benchmarks.workflow import Cost, measured
from micota.common.cli import run
from micota.common.flags import as_flags
from micota.common.records import Record, write_jsonl

ROOT = Path(__file__).resolve().parent.parent
WORDS = ("so we have", "the sum of both", "and then", "$x = 3 + 4 = 7$", "which is why", "the value of that is 12,")
# A script in a process that says its largest resident set: wait4's is at least that of the process it was made by.
REPORTING = """
import importlib, pathlib, sys
importlib.import_module(sys.argv.pop(1)).main(sys.argv[1:])
print(pathlib.Path("/proc/self/status").read_text())
"""
BASE = ROOT / "reference/mini/bases/tiny"
START = 20  # traces of the run that stands for start-up
MATCHED = ("--of", "one", "--problems-of", "other", "--match", "tokens", "--to", "other")


def problems(count: int, rng: random.Random) -> Iterator[Record]:
    """Distinct problems of a few dozen words; the gold answer is a number."""
    for i in range(count):
        text = " ".join(str(rng.randrange(10**6)) for _ in range(rng.randint(10, 60)))
        yield {"id": f"set/{i}", "problem": f"{i}: {text}", "answer": str(i % 977), "source": "made up"}


def traces(count: int, sampler: str, rng: random.Random) -> Iterator[Record]:
    """One trace a problem."""
    for i in range(count):
        gold, chance = i % 977, rng.random()
        answer = f"{gold}+0" if chance < 0.05 else str(gold if chance < 0.75 else gold + 1)
        words = max(1, round(rng.lognormvariate(5.0, 0.5)))
        completion = " ".join(rng.choices(WORDS, k=words)) + rf" \boxed{{{answer}}}."
        yield {
            "id": f"set/{i}", "sample": 0, "sampler": sampler, "dataset": "set", "prompt": f"Problem {i}",
            "completion": completion, "finish_reason": "stop", "n_tokens": 4 * words, "seed": 0,
        }  # fmt: skip


def stages() -> dict[str, list[str]]:
    """Stage -> script or module, and flags, on the files of the folder they run in; each reads what came before it."""

    def corpus(name: str, kind: str, *flags: str) -> list[str]:
        return ["corpus", "--kind", kind, *flags, "--out", f"{name}.jsonl", "--counts", f"{name}.json"]

    def sampled(sampler: str, other: str) -> list[str]:
        graded = [f"graded/{name}.jsonl" for name in (sampler, other)]
        read = ["--graded", *graded, "--dataset", "set", "--problems", "problems.jsonl"]
        return corpus(sampler, "sampled", "--sampler", sampler, "--only-if-solved-by", other, *read)

    def grade(name: str) -> list[str]:
        out = ["--graded", f"graded/{name}.jsonl"]
        return ["grade", "--problems", "problems.jsonl", "--traces", f"{name}.traces.jsonl", *out]

    parts = ["--parts", "one.jsonl", "other.jsonl"]
    clean = ["--problems", "problems.jsonl", "--against", "benchmark.jsonl", "--drop-duplicates", "--near", "0.5"]
    lines = {
        "clean": ["clean", *clean, "--out", "clean.jsonl", "--report", "clean.report.json"],
        "grade": grade("one"),
        "grade, again": grade("other"),
        "corpus, sampled": sampled("one", "other"),
        "corpus, sampled, again": sampled("other", "one"),
        "corpus, mixed": corpus("mix", "mixed", "--shares", "one=1", "other=4", *parts),
        "corpus, matched": corpus("matched", "matched", *MATCHED, *parts),
        **{f"table_{name}": ["benchmarks.growth_tables", name] for name in growth_tables.SETTINGS},
    }
    return lines


def model_stages() -> dict[str, list[str]]:
    """The same of the stages that run a model; the rows of the corpus are demonstrations of every verbosity."""
    base, prompt = str(BASE), ["--prompt-user", "{problem}"]
    engine = {"batch_size": 256, "chunk_size": 512, "max_model_len": 1024}
    recipe = {"epochs": 1, "learning_rate": 3e-4, "batch_size": 8, "max_length": 1024}
    sample = ["--model", base, "--sampler", "base", "--problems", "problems.jsonl", "--max-tokens", "560"]
    sample += [*as_flags(engine, "engine_"), *prompt]
    train = ["--base", base, "--corpus", "corpus.jsonl", *as_flags(recipe), *prompt]
    likelihood = ["--model", base, "--base", "base", "--corpora", "corpus.jsonl", *prompt]
    return {
        "sample": ["sample", *sample, "--work", "work", "--out", "sampled.jsonl"],
        "train": ["train", *train, "--work", "work", "--out", "model"],
        "likelihood": ["likelihood", *likelihood, "--work", "work", "--out", "likelihood.jsonl"],
    }


def make_for_models(folder: Path, count: int) -> Path:
    """Input of the stages that run a model, for so many traces."""
    from micota.problems.arithmetic import demonstrations
    from micota.problems.arithmetic import problems as chains

    project_in(folder)
    found = enumerate(chains("test", count, 11, range(2, 7), 299))
    write_jsonl(folder / "problems.jsonl", ({"id": f"set/{number}", **problem} for number, problem in found))
    rows = demonstrations(count, 7, range(2, 8), 299, verbose_share=0.55, verbosity=(0.0, 1.0))
    write_jsonl(folder / "corpus.jsonl", ({**row, "n_tokens": 0} for row in rows))  # nobody looks at the number here
    return folder


def project_in(folder: Path) -> None:
    """A new folder in which `python -m ...` finds the project."""
    folder.mkdir(parents=True)
    for part in ("benchmarks", "scripts", "micota"):
        (folder / part).symlink_to(ROOT / part)


def make(folder: Path, count: int) -> Path:
    """The stages' input for so many traces."""
    project_in(folder)
    write_jsonl(folder / "problems.jsonl", problems(count, random.Random(0)))
    write_jsonl(folder / "benchmark.jsonl", problems(200, random.Random(1)))
    for seed, name in enumerate(("one", "other")):
        write_jsonl(folder / f"{name}.traces.jsonl", traces(count, name, random.Random(seed)))
    return folder


def exponent(counts: Sequence[int], seconds: Sequence[float]) -> float:
    """The slope of log(seconds) on log(counts), by least squares; not a number where there was nothing to time."""
    if min(seconds) <= 0:
        return math.nan
    x, y = [math.log(count) for count in counts], [math.log(second) for second in seconds]
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    above = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
    return above / sum((a - middle_x) ** 2 for a in x)


def row(stage: str, counts: Sequence[int], start: Cost, costs: Sequence[Cost]) -> str:
    """One line of the table."""
    cells = [f"{start.cpu:.2f}", *(f"{cost.cpu:.2f}" for cost in costs)]
    cells.append(f"{exponent(counts, [cost.cpu - start.cpu for cost in costs]):.2f}")
    cells += [f"{cost.memory:.0f}" for cost in (start, *costs)]
    added = (costs[-1].memory - costs[-2].memory) * 2**20 / (counts[-1] - counts[-2])
    return f"| {stage} | {' | '.join(cells)} | {added:.0f} |"


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=int, default=2500, help="traces at 1 times")
    parser.add_argument("--with-models", action="store_true", help="the stages that run a model, instead of the others")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 4, 16], help="how many times as many, rising")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print the table."""
    args = parse_args(argv)
    counts = [args.traces * times for times in args.times]
    found: dict[str, list[Cost]] = {}
    make_input, lines = (make_for_models, model_stages()) if args.with_models else (make, stages())
    with tempfile.TemporaryDirectory() as work:
        for count in (START, *counts):
            folder = make_input(Path(work) / str(count), count)
            for stage, (script, *flags) in lines.items():
                module = script if "." in script else f"scripts.{script}"
                cost, said = measured([sys.executable, "-c", REPORTING, module, *flags], folder)
                memory = int(re.findall(r"VmHWM:\s+(\d+) kB", said)[-1]) / 1024
                found.setdefault(stage, []).append(replace(cost, memory=memory))
                print(f"{count} traces, {stage}: {found[stage][-1].cpu:.1f} s", file=sys.stderr, flush=True)
            shutil.rmtree(folder)
    sizes = " | ".join(f"{count:,}" for count in (START, *counts))
    print(f"| traces | CPU s: {sizes} | exponent | MB: {sizes} | bytes a trace |")
    print(f"|---|{'---:|' * (2 * len(counts) + 4)}")
    for stage, (start, *costs) in found.items():
        print(row(stage, counts, start, costs))


if __name__ == "__main__":
    run(main)
