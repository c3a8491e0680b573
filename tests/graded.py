"""What tables are made from, small: graded traces, entries of models, parts of claims."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from micota.common.records import Record, write_jsonl
from micota.results.entries import Entry

ACCURACY = {"measure": "accuracy", "contrast": {"s-mid": 1, "s-long": -1}, "base": None, "margin": 0.0}
SWEEP = ACCURACY | {"measure": "validation_accuracy", "contrast": {"merged": 1, "unmerged": -1}, "expected": "positive"}
NLL = ACCURACY | {"measure": "nll_per_token", "contrast": {"mid": 1, "long": -1}, "base": "s", "expected": "negative"}


def trace(problem: str, dataset: str, correct: bool, **changes: Any) -> dict[str, Any]:
    """A graded trace; every grader agrees unless told otherwise."""
    return {
        "id": problem, "sample": 0, "sampler": "m", "dataset": dataset, "prompt": "p", "completion": "c", "seed": 0,
        "finish_reason": "stop", "n_tokens": 10, "answer": "1", "extracted": "1", "correct": correct,
        "reason": "equal" if correct else "different",
        "verdicts": dict.fromkeys(("math_verify", "string_rule", "last_number"), correct), **changes,
    }  # fmt: skip


def traces(dataset: str, verdicts: Iterable[object], **changes: Any) -> list[Record]:
    """A graded trace of each problem of a data set, right or wrong."""
    return [trace(f"{dataset}/{number}", dataset, bool(right), **changes) for number, right in enumerate(verdicts)]


def write_graded(folder: Path, model: str, verdicts: Mapping[str, Iterable[object]], **changes: Any) -> Path:
    """A model's graded traces, by data set which problems it solves."""
    rows = [row for dataset, each in verdicts.items() for row in traces(dataset, each, **changes)]
    path = folder / f"{model}.jsonl"
    write_jsonl(path, rows)
    return path


def entry(model: str, base: str, corpus: str, seed: int = 0) -> Entry:
    return {"model": model, "base": base, "corpus": corpus, "seed": seed}
