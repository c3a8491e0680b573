"""The small finished study that faults are injected into, and the programs that meet them, as the rules call them."""

import json
from pathlib import Path
from typing import Any

import yaml

from tests.project import ROOT, copy_project, output_of, snakemake
from tests.tiny import raw_config

MERGED = "ta_long-w0.4-d0.5-m0"
ARITHMETIC = {"bound": 99, "operations": [1, 2]}
KEPT = {"keep": "all", "special_tokens": "keep"}
# Two student corpora, one merge, two benchmarks, two shards: every stage once, and no more.
CHANGES: dict[str, Any] = {
    "study": "faults",
    "datasets": {
        name: {"loader": "arithmetic", "options": {"part": part, "count": count, "seed": seed, **ARITHMETIC}}
        for name, part, count, seed in (
            ("train", "train", 16, 1),
            ("validation", "validation", 6, 2),
            ("easy", "test", 6, 3),
            ("hard", "test", 6, 4),
        )
    },
    "benchmarks": ["easy", "hard"],
    "tuned": {"ta_long": {"base": "medium", "corpus": "long", "recipe": "student"}},
    "merges": [{"tuned": "ta_long", "weights": [0.4], "densities": [0.5], "mask_seeds": [0]}],
    "corpora": {
        "long": {"kind": "sampled", "sampler": "medium", **KEPT},
        "mid": {"kind": "sampled", "sampler": MERGED, **KEPT},
        "mix": {"kind": "mixed", "shares": {"long": 1, "mid": 1}},
    },
    "students": {"bases": ["small"], "corpora": ["long", "mid", "mix"], "recipe": "student", "proposed": "mid"},
    "sampling.shards": 2,
    "sampling.engine.chunk_size": 16,
    "sampling.training.max_tokens": 60,
    "sampling.validation.max_tokens": 60,
    "sampling.evaluation.max_tokens": 60,
    "training.student.epochs": 1,
    "likelihood": {"corpora": ["long", "mid"], "prompt": "chat"},
    "claims.family": {
        "mid_over_long": {
            "text": "Mid-CoT teaches more than long CoT",
            "parts": [
                {"measure": "accuracy", "contrast": {"small-mid": 1, "small-long": -1}, "expected": "positive"},
                {"measure": "nll_per_token", "contrast": {"mid": 1, "long": -1}, "base": "small",
                 "expected": "negative"},
            ],
        }
    },
}  # fmt: skip


def build(folder: Path) -> Path:
    """The study, run to its end in a copy of the project; returns that copy."""
    copy_project(folder)
    raw = raw_config("mini", CHANGES)
    raw["bases"] = {name: raw["bases"][name] for name in ("small", "medium")}
    (folder / "config/faults.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(raw))))
    made = snakemake(folder, "--configfile", "config/faults.yaml")
    assert made.returncode == 0, output_of(made)
    return folder


# --- programs, as the rules call them ---------------------------------------------------------------------------------

HOME = "results/faults"
FILE = "{file}"  # where a command has the file that is broken
STUDY = ["--study", f"{HOME}/study.json"]
PROBLEMS = {
    "medium": ["train", "validation"], "ta_long": ["validation"], MERGED: ["train", "validation"],
    "small-mid-s0": ["easy", "hard"],
}  # fmt: skip


def sample(model: str) -> list[str]:
    problems = [f"{HOME}/problems/{name}.jsonl" for name in PROBLEMS[model]]
    files = ["--problems", *problems, "--work", "work", "--out", "made/out.jsonl", "--meta", "made/meta.json"]
    return ["sample", *STUDY, "--sampler", model, "--model", f"{HOME}/models/{model}", "--shard", "0", *files]


def grade(model: str) -> list[str]:
    traces = [f"{HOME}/cot/{model}/shard-{shard}.jsonl" for shard in range(2)]
    problems = [f"{HOME}/problems/{name}.jsonl" for name in PROBLEMS[model]]
    files = ["--problems", *problems, "--traces", *traces, "--graded", "made/out.jsonl"]
    return ["grade", *STUDY, "--model", model, *files]


def corpus(name: str, *flags: str) -> list[str]:
    return ["corpus", *STUDY, "--corpus", name, *flags, "--out", "made/out.jsonl", "--counts", "made/counts.json"]


def train(model: str) -> list[str]:
    base, corpus = ("medium", "long") if model == "ta_long" else ("small", model.split("-")[1])
    files = ["--base", f"{HOME}/models/{base}", "--corpus", f"{HOME}/corpora/{corpus}.jsonl", "--work", "work"]
    return ["train", *STUDY, "--model", model, *files, "--out", "made/model"]


def table(name: str) -> list[str]:
    return ["tables", name, *STUDY, "--results", HOME, "--out", "made"]


def figure(name: str, of: str) -> list[str]:
    return ["figures", name, "--table", f"{HOME}/tables/{of}.csv", "--figures", "made"]


PROGRAMS: dict[str, list[str]] = {
    "sampling": sample("small-mid-s0"),
    "sampling for corpora": sample("medium"),
    "grading": grade("small-mid-s0"),
    "corpus long": corpus(
        "long", "--graded", f"{HOME}/graded/medium.jsonl", "--problems", f"{HOME}/problems/train.jsonl",
        "--rendering", f"{HOME}/cot/medium/shard-0.meta.json",
    ),
    "corpus mix": corpus("mix", "--parts", f"{HOME}/corpora/long.jsonl", f"{HOME}/corpora/mid.jsonl"),
    "training": train("small-mid-s0"),
    "merging": [
        "merge", *STUDY, "--model", MERGED, "--base", f"{HOME}/models/medium", "--tuned", f"{HOME}/models/ta_long",
        "--out", "made/model",
    ],
    "likelihood": [
        "likelihood", *STUDY, "--base", "small", "--model", f"{HOME}/models/small", "--corpora",
        f"{HOME}/corpora/long.jsonl", f"{HOME}/corpora/mid.jsonl", "--work", "work", "--out", "made/out.jsonl",
    ],
    "table main": table("main"),
    "table scores": table("scores"),
    "table assistants": table("assistants"),
    "table claims": table("claims"),
    "table corpora": table("corpora"),
    "table lengths": table("lengths"),
    "table likelihood": table("likelihood"),
    "table gold": table("gold"),
    "table contamination": table("contamination"),
    "figure accuracy": figure("accuracy", "main"),
    "figure claims": figure("claims", "claims"),
    "check of the results": ["check_results", "--results", HOME, "--figures", "figures/faults"],
    "reading a data set": [
        "problems", "--dataset", "mine", "--loader", "plain", "--path", FILE, "--out", "made/out.jsonl",
    ],
    "reading a configuration": ["config", "--config", str(ROOT / "config/mini.yaml"), FILE],
    "unpacking logs": ["logs", "unpack", "--archive", "logs.tar.xz", "--results", "made/logs"],
}  # fmt: skip
