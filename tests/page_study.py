"""A small study with real texts, as a run leaves it: for the tests of its page, hostile completions among them."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from micota.common.records import Record, read_jsonl, write_json, write_jsonl
from micota.problems.arithmetic import demonstrate, draw_chain
from micota.study import tasks
from micota.study.graph import Study
from micota.study.load import load_study
from micota.workflow.tables import tables
from scripts import report
from scripts import tables as table_script
from tests.graded import PROBLEMS, write_results
from tests.tiny import raw_config

LONG = 5_000_000  # characters
HOSTILE = {
    "script": "<script>window.hacked = 1</script>",
    "ended": '</script><img src=x onerror="window.hacked = 1"></pre>',
    "comment": "<!-- <script> ]]> {{ 7 * 7 }} {% raw %} ${hacked}",
    "control": "a\x00b\x1b[31mc\u2028d",
    "turned": "\u202eevil\u202c \u2066x\u2069 \u200b\ufeff",
    "surrogate": "\ud800 half of a pair",
    "wide": "\U0001f600\U0001f600;wait,\U0001f600",
    "long": "x" * LONG,
}
# Two chains and two seeds, no merges: what a small study may look like.
CHAINS = {"chains": [1, 2], "seeds": [0, 1]}


def completion(chain: Any, rng: random.Random, right: bool, level: float) -> str:
    """A chain of thought in the style of a verbosity, with a wrong step where it is not right."""
    text = demonstrate(chain, level, rng)
    if right:
        return text
    first, _, rest = text.partition("=")
    digits = rest[: len(rest) - len(rest.lstrip("-0123456789"))]
    return f"{first}={int(digits) + 1}{rest[len(digits) :]}"


def written(study: Study, results: Path) -> Path:
    """The results of a study: random traces with real problems and texts, and all its tables."""
    write_json(results / "study.json", study.given.model_dump(mode="json"))
    write_results(study, results)
    rng = random.Random(3)
    asked = {task.problems for model in study.models for task in tasks.tasks(study, model)}
    chains = {
        f"{name}/{n}": draw_chain(rng, 2 + n % 3, 99)
        for name in sorted({*asked, *tasks.cleaned_datasets(study)})
        for n in range(PROBLEMS)
    }
    golds = {}
    for name in sorted({problem.split("/")[0] for problem in chains}):
        rows = [
            {"id": problem, "problem": chain.text, "answer": str(chain.values[-1]), "source": "arithmetic"}
            for problem, chain in chains.items()
            if problem.startswith(f"{name}/")
        ]
        write_jsonl(results / f"problems/{name}.jsonl", rows)
        counts = {"read": PROBLEMS, "kept": PROBLEMS, "dropped": {}, "against": [], "pairs": []}
        thresholds = {"ngram": 13, "near": 0.0, "drop_duplicates": False}
        write_json(results / f"problems/{name}.report.json", counts | {"thresholds": thresholds})
        golds[name] = {"dataset": name, "problems": PROBLEMS, "rule": "string", "raw": None, "expected": None}
        golds[name] |= {"ours": PROBLEMS, "accepted": PROBLEMS, "excepted": 0}
    write_json(results / "problems/gold.json", golds)
    for path in sorted((results / "graded").glob("*.jsonl")):
        write_jsonl(path, [told(trace, chains[trace["id"]], rng) for trace in read_jsonl(path)])
    for path in sorted((results / "corpora").glob("*.jsonl")):
        sampler = getattr(study.corpus(path.stem), "sampler", path.stem)
        rows = [
            row
            | {"problem": chains[row["id"]].text, "completion": completion(chains[row["id"]], rng, True, 0.9)}
            | {"sampler": sampler}
            for row in read_jsonl(path)
        ]
        write_jsonl(path, rows)
    return results


def told(trace: Record, chain: Any, rng: random.Random) -> Record:
    """A graded trace with a text that says what its verdict says."""
    text = completion(chain, rng, trace["correct"], rng.random())
    gold = str(chain.values[-1])
    return trace | {"completion": text, "answer": gold, "extracted": gold if trace["correct"] else f"{gold}0"}


def make_hostile(results: Path, model: str) -> list[str]:
    """Put the hostile texts in the place of a model's first completions on a data set; gives their problems."""
    path = results / f"graded/{model}.jsonl"
    traces = list(read_jsonl(path))
    for trace, (name, text) in zip(traces, HOSTILE.items(), strict=False):
        wrong = {"correct": False, "reason": "different", "verdicts": dict.fromkeys(trace["verdicts"], False)}
        trace |= wrong | {"completion": text, "extracted": text[:2500] if name != "wide" else None}
    write_jsonl(path, traces)
    return [trace["id"] for trace in traces[: len(HOSTILE)]]


def make_tables(study: Study, results: Path, *only: str) -> None:
    for name in only or tables(study):
        table_script.main([name, f"--study={results}/study.json", f"--results={results}"])


def make_page(folder: Path, changes: Mapping[str, Any] | None = None, hostile: bool = False) -> Path:
    """The page of a made-up study below a folder, from its results to report.html."""
    study = load_study(raw_config("mini", changes))
    results = written(study, folder / "results")
    if hostile:
        make_hostile(results, study.given.students.bases[0])
    make_tables(study, results)
    page = folder / "figures/report.html"
    report.main([f"--study={results}/study.json", f"--results={results}", f"--out={page}"])
    return page


def index_counts(results: Path) -> int:
    """How many graded traces the results hold."""
    return sum(1 for path in (results / "graded").glob("*.jsonl") for _ in read_jsonl(path))
