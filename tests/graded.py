"""What tables are made from, small: graded traces, entries of models, parts of claims."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from micota.common.files import name_of
from micota.common.records import Record, write_json, write_jsonl
from micota.results.entries import Entry
from micota.sampling.engine import Task
from micota.study import tasks
from micota.study.graph import Study

ACCURACY = {"measure": "accuracy", "contrast": {"s-mid": 1, "s-long": -1}, "base": None, "margin": 0.0}
ACCURACY |= dict.fromkeys(("equivalence", "benchmarks", "unit"))
SWEEP = ACCURACY | {"measure": "validation_accuracy", "contrast": {"merged": 1, "unmerged": -1}, "expected": "positive"}
NLL = ACCURACY | {"measure": "nll_per_token", "contrast": {"mid": 1, "long": -1}, "base": "s", "expected": "negative"}

PROBLEMS = 20  # of each data set that a study's models answer


def trace(problem: str, dataset: str, correct: bool, **changes: Any) -> dict[str, Any]:
    """A graded trace; every grader agrees unless told otherwise."""
    return {
        "id": problem, "sample": 0, "sampler": "m", "dataset": dataset, "prompt": "p", "completion": "c", "seed": 0,
        "finish_reason": "stop", "n_tokens": 10, "answer": "1", "extracted": "1", "repeated_share": 0.0,
        "correct": correct,
        "reason": "equal" if correct else "different",
        "verdicts": dict.fromkeys(("math_verify", "string_rule", "last_number"), correct), **changes,
    }  # fmt: skip


def traces(dataset: str, verdicts: Iterable[object], **changes: Any) -> list[Record]:
    """A graded trace of each problem of a data set, right or wrong."""
    return [trace(f"{dataset}/{number}", dataset, bool(right), **changes) for number, right in enumerate(verdicts)]


def write_graded(folder: Path, model: str, verdicts: Mapping[str, Iterable[object]], **changes: Any) -> Path:
    """A model's graded traces, by data set which problems it solves."""
    rows = [row for dataset, each in verdicts.items() for row in traces(dataset, each, **changes)]
    return write_traces(folder / f"{model}.jsonl", rows)


def write_traces(path: Path, rows: Iterable[Record]) -> Path:
    """Graded traces as those of the model that the file is named after."""
    write_jsonl(path, (row | {"sampler": name_of(path)} for row in rows))
    return path


def entry(model: str, base: str, corpus: str, seed: int = 0) -> Entry:
    return {"model": model, "base": base, "corpus": corpus, "seed": seed}


def named(*own: str, chain: int | None = None) -> list[Entry]:
    """Models or corpora that have no chains, or are of this one, as micota.results.entries.named has them."""
    mark = "" if chain is None else f"-c{chain}"
    return [{"own": f"{name}{mark}", "name": name, "chain": chain} for name in own]


def write_results(study: Study, results: Path) -> None:
    """What a run of the study leaves for its tables, drawn at random: few problems, every model, corpus and base."""
    rng = np.random.default_rng(5)
    config = study.config

    def graded(task: Task, number: int, sample: int) -> Record:
        text = f"{number}: {rng.integers(10**6)}"
        tokens = int(rng.integers(9, 300))
        right = bool(rng.random() < 0.5)
        problem = f"{task.problems}/{number}"
        return trace(problem, task.dataset, right, sample=sample, n_tokens=tokens, completion=text)

    for model in study.models:
        rows = []
        for task in tasks.tasks(study, model):
            samples = range(task.decoding.n)
            rows += [graded(task, number, sample) for number in range(PROBLEMS) for sample in samples]
        write_traces(results / f"graded/{model}.jsonl", rows)
    for dataset in tasks.cleaned_datasets(study):
        write_json(results / f"problems/{dataset}.report.json", {"kept": PROBLEMS})
    for base in study.bases:
        write_json(results / f"sizes/{base}.json", {"model": base, "parameters": int(rng.integers(10**5, 10**6))})
    for base in config.students.bases:
        likelihoods = [
            {"model": base, "corpus": corpus, "id": f"train/{number}", "sample": 0, "nll": float(rng.gamma(4.0)),
             "n_tokens": int(rng.integers(9, 300)), "rank_sum": int(rng.integers(300, 900))}
            for corpus in study.likely(base)
            for number in range(PROBLEMS)
        ]  # fmt: skip
        write_jsonl(results / f"likelihood/{base}.jsonl", likelihoods)
    for corpus in config.corpora:
        rows = [
            {"id": f"train/{number}", "sample": 0, "sampler": corpus, "problem": "1+1?", "completion": "2",
             "n_tokens": int(rng.integers(9, 300))}
            for number in range(PROBLEMS)
        ]  # fmt: skip
        tokens = [row["n_tokens"] for row in rows]
        measured = {"mean": float(np.mean(tokens)), "median": float(np.median(tokens)), "max": max(tokens)}
        counts = {"corpus": corpus, "read": PROBLEMS, "kept": PROBLEMS, "dropped": {}, "problems": PROBLEMS}
        write_jsonl(results / f"corpora/{corpus}.jsonl", rows)
        write_json(results / f"corpora/{corpus}.counts.json", counts | {"tokens": {**measured, "total": sum(tokens)}})
