"""Our half of the comparison: a few rows of each benchmark through scripts.problems, scripts.sample and scripts.grade.

    python -m benchmarks.lm_eval_parity.ours --data ../shared/data --out results/lm_eval_parity

Prompts, stop strings and the rows' choice (`limit`) are those of --config. Beside the graded traces it writes what
lm-eval is then told: which rows (samples.json) and which system prompt (system.txt). Runs in the project's environment.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import yaml

from micota.common.cli import run
from micota.common.records import Record, read_jsonl, write_json, write_jsonl
from micota.models.prompts import render
from micota.models.tokenizer import load_tokenizer
from micota.sampling.engine import Task
from micota.study.graph import Study
from micota.study.load import load_study
from micota.study.tasks import sampling_task
from scripts import grade, problems, sample

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the benchmarks' JSON Lines files")
    parser.add_argument("--out", type=Path, required=True, help="folder of the comparison")
    parser.add_argument("--config", type=Path, default=ROOT / "config" / "smoke.yaml")
    parser.add_argument("--model", type=Path, default=ROOT / "reference" / "mini" / "bases" / "tiny")
    parser.add_argument("--max-tokens", type=int, default=48)
    parser.add_argument("--stop", action="append", help="stop strings instead of the configuration's")
    return parser.parse_args(argv)


def write_problems(study: Study, data: Path, out: Path) -> list[Task]:
    """The problem records of each benchmark; returns what scripts.sample is to do with them."""
    tasks = []
    for name in study.config.benchmarks:
        block = study.config.datasets[name]
        path = out / "problems" / f"{name}.jsonl"
        limit = ["--limit", str(block.limit), "--seed", str(block.seed)] if block.limit else []
        source = data / str(block.path)
        problems.main(["--dataset", name, "--loader", block.loader, "--path", str(source), "--out", str(path), *limit])
        tasks.append(sampling_task(study, name).but(problems=str(path)))
    return tasks


def for_lm_eval(tasks: Sequence[Task], model: Path, out: Path) -> None:
    """What lm-eval is told, and our prompts' token ids for the comparison."""
    tokenizer = load_tokenizer(model)
    chosen: dict[str, list[int]] = {}
    ids: list[Record] = []
    for task in tasks:
        for problem in read_jsonl(task.problems):
            chosen.setdefault(f"micota_{task.dataset}", []).append(int(problem["id"].rpartition("/")[2]))
            rendered = render(tokenizer, task.prompt, problem["problem"])
            ids.append({"id": problem["id"], "prompt_ids": rendered.prompt_ids})
    (system,) = {task.prompt.system or "" for task in tasks}  # lm-eval takes one for all tasks
    write_json(out / "samples.json", chosen)
    write_jsonl(out / "prompt_ids.jsonl", ids)
    (out / "system.txt").write_text(system, encoding="utf-8")
    (out / "model.txt").write_text(str(model), encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> None:
    """Problems, completions, verdicts."""
    args = parse_args(argv)
    study = load_study(yaml.safe_load(args.config.read_text(encoding="utf-8")))
    tasks = write_problems(study, args.data, args.out)
    traces, graded = args.out / "traces.jsonl", args.out / "graded.jsonl"
    files = [task.problems for task in tasks]
    flags = ["--study", str(args.config), "--sampler", study.evaluated[0], "--model", str(args.model)]
    flags += ["--max-tokens", str(args.max_tokens), *(["--stop", *args.stop] if args.stop else [])]
    flags += ["--engine-name", "transformers", "--engine-dtype", "float32", "--problems", *files]
    sample.main([*flags, "--work", str(args.out / "work"), "--out", str(traces)])
    grade.main(["--problems", *files, "--traces", str(traces), "--graded", str(graded)])
    for_lm_eval(tasks, args.model, args.out)
    stop = {"until": args.stop} if args.stop else {}
    write_json(args.out / "gen_kwargs.json", {"max_gen_toks": args.max_tokens} | stop)
    write_json(args.out / "prompts.json", {task.dataset: task.prompt.model_dump() for task in tasks})


if __name__ == "__main__":
    run(main)
