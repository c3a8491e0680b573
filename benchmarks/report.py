"""Seconds, memory and size of the report of a large study: traces of so many characters, made up, graded on disk.

    python -m benchmarks.report --traces 100000 --characters 17000

Only what grows with the traces is timed: the reading of graded traces and corpora, the sample of texts, the page.
Tables and figures are left out, and so are claims. The folder takes as much room as the traces (1.8 GB as above).
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import Parser, run
from micota.common.records import write_json, write_jsonl
from micota.study import tasks
from micota.study.graph import Study
from micota.study.load import load_study, read_config

PROJECT = Path(__file__).resolve().parents[1]
WORDS = ["so", "then", "we have", "x^2", "= 4", "Wait,", "let me check", "therefore", "the sum", "\\frac{1}{2}", "is"]
TIMED = """
import json, resource, sys, time
from pathlib import Path
from micota.pages.gather import gather
from micota.pages.page import views
from micota.pages.write import Chunks, write
from micota.study.load import study_of
results, page = Path(sys.argv[1]), Path(sys.argv[2])
begun, study, chunks = time.perf_counter(), study_of([results / "study.json"]), Chunks()
found = gather(study, results, chunks.keep)
chunks.keep("index", found.index)
made = write(page, views(found, {}, {}, {}, page.parent), chunks)
peak = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"seconds": time.perf_counter() - begun, "cpu_seconds": peak.ru_utime + peak.ru_stime,
                  "peak_mb": peak.ru_maxrss / 1024, "page_mb": made["bytes"] / 1e6, "beside": made["beside"],
                  "beside_mb": sum(p.stat().st_size for p in page.parent.glob("traces/*")) / 1e6,
                  **found.index["counts"]}))
"""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=int, default=100_000)
    parser.add_argument("--characters", type=int, default=17_000, help="of each trace, on average")
    parser.add_argument("--study", type=Path, nargs="+", default=[PROJECT / "config/paper.yaml"])
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    study = load_study(read_config(args.study) | {"claims": None, "published": None})
    folder = Path(tempfile.mkdtemp())
    try:
        made = make(study, folder / "results", args.traces, args.characters)
        command = [sys.executable, "-c", TIMED, str(folder / "results"), str(folder / "figures/report.html")]
        said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT).stdout
        print(json.dumps({"bytes": made} | json.loads(said), indent=2))
    finally:
        shutil.rmtree(folder)


def make(study: Study, results: Path, traces: int, characters: int) -> int:
    """Results of so many traces, evenly over the study's models and data sets; gives their bytes."""
    write_json(results / "study.json", study.given.model_dump(mode="json"))
    cells = [(model, task) for model in study.models for task in tasks.tasks(study, model)]
    count = max(1, traces // sum(task.decoding.n for _, task in cells))
    for name in {task.problems for _, task in cells}:
        asked = ({"id": f"{name}/{n}", "problem": f"What is {n}?", "answer": "1", "source": "t"} for n in range(count))
        write_jsonl(results / f"problems/{name}.jsonl", asked)
    rng = random.Random(0)
    text = " ".join(rng.choices(WORDS, k=characters))  # longer than any trace, which is a piece of it
    for model in study.models:
        rows = (
            graded(model, task.dataset, f"{task.problems}/{number}", sample, piece(rng, text, characters), rng)
            for task in tasks.tasks(study, model)
            for number in range(count)
            for sample in range(task.decoding.n)
        )
        write_jsonl(results / f"graded/{model}.jsonl", rows)
    for corpus in study.config.corpora:
        write_corpus(results, corpus, count, characters, rng, text)
    return sum(path.stat().st_size for path in results.rglob("*.jsonl"))


def piece(rng: random.Random, text: str, characters: int) -> str:
    """A text like no other: pieces of one long text in another order."""
    length = rng.randint(characters // 2, characters + characters // 2)
    cuts = [rng.randrange(len(text) - 200) for _ in range(max(1, length // 200))]
    return "".join(text[cut : cut + 200] for cut in cuts)


def graded(model: str, dataset: str, problem: str, sample: int, text: str, rng: random.Random) -> dict[str, object]:
    right, differ = rng.random() < 0.5, rng.random() < 0.05
    verdicts = {"math_verify": right, "string_rule": right != differ, "last_number": right}
    return {
        "id": problem, "sample": sample, "sampler": model, "dataset": dataset, "prompt": "?", "completion": text,
        "finish_reason": "stop", "n_tokens": len(text) // 4, "seed": 0, "answer": "1", "extracted": "1",
        "repeated_share": 0.0, "correct": right, "reason": "equal" if right else "different", "verdicts": verdicts,
    }  # fmt: skip


def write_corpus(results: Path, corpus: str, count: int, characters: int, rng: random.Random, text: str) -> None:
    problems = json.loads((results / "study.json").read_text(encoding="utf-8"))["training_problems"]
    rows = [
        {"id": f"{problems}/{n}", "sample": 0, "sampler": corpus, "problem": f"What is {n}?",
         "n_tokens": characters // 4, "completion": piece(rng, text, characters)}
        for n in range(count)
    ]  # fmt: skip
    tokens = {
        "mean": characters / 4,
        "median": characters / 4,
        "max": characters // 4,
        "total": count * characters // 4,
    }
    counts = {"corpus": corpus, "read": count, "kept": count, "dropped": {}, "problems": count, "tokens": tokens}
    write_jsonl(results / f"corpora/{corpus}.jsonl", rows)
    write_json(results / f"corpora/{corpus}.counts.json", counts)


if __name__ == "__main__":
    run(main)
