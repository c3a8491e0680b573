"""The fault matrix: one small finished study, what is broken in it, which program meets it, and what it says.

`python -m tests.faulty` writes docs/faults.md from it; tests/faults/test_faults.py holds every line of that page.
"""

import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from micota.common.cli import run
from micota.common.records import Record, read_json, write_json
from micota.common.seals import SEALS
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
            ("train", "train", 16, 1), ("validation", "validation", 6, 2), ("easy", "test", 6, 3), ("hard", "test", 6, 4)
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
                {"measure": "nll_per_token", "contrast": {"mid": 1, "long": -1}, "base": "small", "expected": "negative"},
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
STUDY = ["--study", f"{HOME}/study.json"]
PROBLEMS = {
    "medium": ["train", "validation"], "ta_long": ["validation"], MERGED: ["train", "validation"],
    **dict.fromkeys(("small", "small-long-s0", "small-mid-s0", "small-mix-s0"), ["easy", "hard"]),
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
    "unpacking logs": ["logs", "unpack", "--archive", "logs.tar.xz", "--results", "made/logs"],
}  # fmt: skip

# --- damage -----------------------------------------------------------------------------------------------------------

Damage = Callable[[Path], None]


def rows(change: Callable[[list[Record]], list[Record]]) -> Damage:
    """Change the records of a JSON Lines file."""

    def damage(path: Path) -> None:
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        path.write_text("".join(json.dumps(row) + "\n" for row in change(records)), encoding="utf-8")

    return damage


def field(name: str, value: Any, at: int = 1) -> Damage:
    """Another value in one record."""
    return rows(lambda records: [row | {name: value} if n == at else row for n, row in enumerate(records)])


def text(old: str, new: str) -> Damage:
    """Other characters, once."""

    def damage(path: Path) -> None:
        whole = path.read_text(encoding="utf-8")
        assert old in whole
        path.write_text(whole.replace(old, new, 1), encoding="utf-8")

    return damage


def pattern(old: str, new: str) -> Damage:
    def damage(path: Path) -> None:
        whole, count = re.subn(old, new, path.read_text(encoding="utf-8"), count=1)
        assert count
        path.write_text(whole, encoding="utf-8")

    return damage


def document(change: Callable[[Any], Any]) -> Damage:
    return lambda path: write_json(path, change(json.loads(path.read_text(encoding="utf-8"))))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def gone(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def cut(path: Path) -> None:
    """In the middle of a line, as a full disk leaves a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def copy_of(other: str) -> Damage:
    """Another file of the study in its place."""
    return lambda path: path.write_bytes((path.parent / other).read_bytes()) and None


LOST: Damage = rows(lambda records: records[:2] + records[3:])
LAST_LOST: Damage = rows(lambda records: records[:-1])
DOUBLED: Damage = rows(lambda records: [*records, records[2]])
SWAPPED: Damage = rows(lambda records: [records[1], records[0], *records[2:]])


def tensors(change: Callable[[dict[str, Any]], None]) -> Damage:
    """Change the weights of a model folder."""

    def damage(folder: Path) -> None:
        from safetensors.torch import load_file, save_file

        weights = load_file(folder / "model.safetensors")
        change(weights)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

    return damage


def spoilt(weights: dict[str, Any]) -> None:
    next(iter(weights.values())).view(-1)[0] = float("nan")


def forgotten(damage: Damage) -> Damage:
    """The same in a model folder whose record of its files is not there, as one made by others."""

    def both(folder: Path) -> None:
        damage(folder)
        made = read_json(folder / "micota.json")
        write_json(
            folder / "micota.json", {key: value for key, value in made.items() if key not in ("files", "sha256")}
        )

    return both


def config(**changes: Any) -> Damage:
    return lambda folder: write_json(folder / "config.json", read_json(folder / "config.json") | changes)


def layers(more: int) -> Damage:
    def damage(folder: Path) -> None:
        count = read_json(folder / "config.json")["num_hidden_layers"] + more
        config(num_hidden_layers=count, layer_types=["full_attention"] * count, max_window_layers=count)(folder)

    return damage


def in_file(name: str, damage: Damage) -> Damage:
    return lambda folder: damage(folder / name)


def archive(path: Path) -> None:
    shutil.copyfile(ROOT / "reference/study/logs.tar.xz", path)
    cut(path)


# --- the matrix -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """Something that is broken: where (below the results, or in the folder if it begins with /), how, and who meets it.

    `sealed`: whether the seals are there too; without them the contract alone must see it.
    """

    what: str
    file: str
    damage: Damage
    program: str
    sealed: bool = False

    @property
    def name(self) -> str:
        return f"{self.program}: {self.file.lstrip('/')}: {self.what}{' (sealed)' if self.sealed else ''}"

    def place(self, folder: Path) -> Path:
        return folder / self.file[1:] if self.file.startswith("/") else folder / HOME / self.file


SHARD = "cot/small-mid-s0/shard-0.jsonl"
GRADED = "graded/small-mid-s0.jsonl"
FLIP = rows(lambda records: [records[0] | {"correct": not records[0]["correct"]}, *records[1:]])
ALL_OF_ONE = rows(lambda records: [row for row in records if row["id"] != records[0]["id"]])

FAULTS = [
    # problems
    Fault("empty", "problems/train.jsonl", empty, "sampling for corpora"),
    Fault("cut in a line", "problems/train.jsonl", cut, "sampling for corpora"),
    Fault("a problem twice", "problems/train.jsonl", DOUBLED, "sampling for corpora"),
    Fault("an answer that is a number", "problems/easy.jsonl", field("answer", 12), "grading"),
    Fault("an answer that is a list", "problems/easy.jsonl", field("answer", ["1"]), "grading"),
    Fault("an answer that is true", "problems/easy.jsonl", field("answer", True), "grading"),
    Fault("an answer that is NaN", "problems/easy.jsonl", field("answer", float("nan")), "grading"),
    Fault("a blank answer", "problems/easy.jsonl", field("answer", " "), "grading"),
    Fault("no answer", "problems/easy.jsonl", field("answer", None), "grading"),
    Fault("a key twice", "problems/easy.jsonl", text('{"id"', '{"id": "x", "id"'), "grading"),
    Fault("a problem lost", "problems/easy.jsonl", LOST, "grading"),
    Fault("problems in another order", "problems/easy.jsonl", SWAPPED, "grading"),
    Fault("another answer", "problems/easy.jsonl", field("answer", "77"), "grading", sealed=True),
    Fault("gone", "problems/easy.jsonl", gone, "grading"),
    # traces
    Fault("empty", SHARD, empty, "grading"),
    Fault("cut in a line", SHARD, cut, "grading"),
    Fault("cut at a line's end", SHARD, LAST_LOST, "grading"),
    Fault("a trace lost", SHARD, LOST, "grading"),
    Fault("a trace twice", SHARD, DOUBLED, "grading"),
    Fault("another shard", SHARD, copy_of("shard-1.jsonl"), "grading"),
    Fault("another model's shard", SHARD, copy_of("../small-long-s0/shard-0.jsonl"), "grading"),
    Fault("gone", SHARD, gone, "grading"),
    Fault("a completion that is a list", SHARD, field("completion", ["a"]), "grading"),
    Fault("a length that is no number", SHARD, field("n_tokens", "12"), "grading"),
    Fault("an unknown end", SHARD, field("finish_reason", "eos"), "grading"),
    Fault("an edited completion", SHARD, field("completion", "\\boxed{1}"), "grading", sealed=True),
    # graded traces
    Fault("empty", GRADED, empty, "table main"),
    Fault("cut in a line", GRADED, cut, "table main"),
    Fault("a trace lost", GRADED, LOST, "table main"),
    Fault("a trace twice", GRADED, DOUBLED, "table main"),
    Fault("another model's file", GRADED, copy_of("small-long-s0.jsonl"), "table main"),
    Fault("`correct` flipped", GRADED, FLIP, "table main"),
    Fault("an extra sample", GRADED, rows(lambda records: [*records, records[0] | {"sample": 1}]), "table main"),
    Fault("a problem lost", GRADED, ALL_OF_ONE, "table scores"),
    Fault("a trace lost", GRADED, LOST, "table claims"),
    Fault("a length below zero", GRADED, field("n_tokens", -1), "table main"),
    Fault("another length", GRADED, field("n_tokens", 7), "table main", sealed=True),
    Fault("gone", GRADED, gone, "table main"),
    Fault("half of the traces", "graded/ta_long.jsonl", rows(lambda records: records[::2]), "table assistants"),
    Fault("a trace lost", "graded/medium.jsonl", LOST, "corpus long"),
    Fault("a trace twice", "graded/medium.jsonl", DOUBLED, "corpus long"),
    Fault("another model's file", "graded/medium.jsonl", copy_of("ta_long.jsonl"), "corpus long"),
    Fault("an edited completion", "graded/medium.jsonl", field("completion", "x"), "corpus long", sealed=True),
    Fault("not JSON", "cot/medium/shard-0.meta.json", cut, "corpus long"),
    # corpora
    Fault("a row lost", "corpora/mid.jsonl", LOST, "training"),
    Fault("a row twice", "corpora/mid.jsonl", DOUBLED, "training"),
    Fault("empty", "corpora/mid.jsonl", empty, "training"),
    Fault("cut in a line", "corpora/mid.jsonl", cut, "training"),
    Fault("an edited completion", "corpora/mid.jsonl", field("completion", "x"), "training", sealed=True),
    Fault("a row lost", "corpora/mid.jsonl", LOST, "likelihood"),
    Fault("a row lost", "corpora/mid.jsonl", LOST, "corpus mix"),
    Fault("a row lost", "corpora/mid.jsonl", LOST, "table lengths"),
    Fault("other counts", "corpora/mid.counts.json", document(lambda d: d | {"kept": 3}), "training"),
    Fault("other counts", "corpora/mid.counts.json", document(lambda d: d | {"kept": 3}), "table corpora", sealed=True),
    # likelihoods
    Fault("a row lost", "likelihood/small.jsonl", LOST, "table likelihood"),
    Fault("a row twice", "likelihood/small.jsonl", DOUBLED, "table likelihood"),
    Fault("NaN", "likelihood/small.jsonl", field("nll", float("nan")), "table likelihood"),
    Fault("null", "likelihood/small.jsonl", field("nll", None), "table claims"),
    Fault("another number", "likelihood/small.jsonl", field("nll", 3.25), "table claims", sealed=True),
    # models
    Fault("weights cut", "models/small-mid-s0", in_file("model.safetensors", cut), "sampling"),
    Fault("weights of another model", "models/small-mid-s0", in_file("model.safetensors", copy_of("../small/model.safetensors")), "sampling"),
    Fault("a weight that is NaN", "models/small-mid-s0", tensors(spoilt), "sampling"),
    Fault("a weight that is NaN, in a model of others", "models/small-mid-s0", forgotten(tensors(spoilt)), "sampling"),
    Fault("a weight that is NaN, in a model of others", "models/small", forgotten(tensors(spoilt)), "training"),
    Fault("a weight that is NaN, in a model of others", "models/ta_long", forgotten(tensors(spoilt)), "merging"),
    Fault("a layer more", "models/small-mid-s0", forgotten(layers(1)), "sampling"),
    Fault("a layer less", "models/small-mid-s0", forgotten(layers(-1)), "sampling"),
    Fault("a layer more", "models/small", forgotten(layers(1)), "training"),
    Fault("a layer less", "models/small", forgotten(layers(-1)), "likelihood"),
    Fault("another width", "models/small", forgotten(config(intermediate_size=99)), "likelihood"),
    Fault("an edited config.json", "models/small-mid-s0", config(rms_norm_eps=0.1), "sampling"),
    Fault("another chat template", "models/small-mid-s0", in_file("chat_template.jinja", lambda path: path.write_text("{{ 1 }}") and None), "sampling"),
    Fault("another tokenizer", "models/small-mid-s0", in_file("tokenizer.json", pattern('"id": ?0', '"id": 1')), "sampling"),
    Fault("a file more", "models/small-mid-s0", in_file("added_tokens.json", lambda path: write_json(path, {})), "sampling"),
    Fault("no tokenizer", "models/small-mid-s0", in_file("tokenizer.json", gone), "sampling"),
    Fault("no micota.json", "models/small-mid-s0", in_file("micota.json", gone), "sampling"),
    Fault("no weights", "models/small", in_file("model.safetensors", gone), "training"),
    Fault("gone", "models/small", gone, "training"),
    # tables, reports, settings
    Fault("another number", "tables/main.csv", pattern(r"(\d)\n", r"\g<1>1\n"), "figure accuracy", sealed=True),
    Fault("a cell more", "tables/claims.csv", pattern(r"\n", ",1\n"), "figure claims"),
    Fault("empty", "tables/main.csv", empty, "figure accuracy"),
    Fault("other counts", "problems/easy.report.json", document(lambda d: d | {"kept": 5}), "table main"),
    Fault("other counts", "problems/gold.json", pattern(r'"accepted": \d+', '"accepted": 1'), "table gold", sealed=True),
    Fault("not JSON", "problems/train.report.json", cut, "table contamination"),
    Fault("not JSON", "study.json", cut, "table main"),
    Fault("an unknown key", "study.json", document(lambda d: d | {"seedz": 1}), "grading"),
    Fault("gone", "study.json", gone, "training"),
    Fault("a seal that is none", f"{SEALS}/graded/small-mid-s0.jsonl", empty, "table main", sealed=True),
    # the whole
    Fault("another number", "tables/claims.csv", pattern(r"(\d)\n", r"\g<1>1\n"), "check of the results", sealed=True),
    Fault("a figure gone", "/figures/faults/accuracy.png", gone, "check of the results", sealed=True),
    Fault("a trace lost", SHARD, LOST, "check of the results"),
    Fault("weights of another model", "models/small-mid-s0", in_file("model.safetensors", copy_of("../small/model.safetensors")), "check of the results", sealed=True),
    Fault("cut", "/logs.tar.xz", archive, "unpacking logs"),
]  # fmt: skip


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def said_by(folder: Path, words: list[str]) -> tuple[int, str]:
    """Run a program in a folder, in this process; its exit status, and what it wrote to stderr."""
    module, *flags = words
    main = import_module(f"scripts.{module}").main
    said = io.StringIO()
    status = 0
    argv = sys.argv
    with inside(folder), contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        sys.argv = [module, *flags]
        try:
            run(lambda _: main(flags))
        except SystemExit as end:
            status = int(end.code or 0)
        finally:
            sys.argv = argv
    return status, said.getvalue()


def meet(fault: Fault, study: Path, folder: Path) -> tuple[int, str]:
    """Break a copy of the study's results in `folder` and run the program that meets it."""
    shutil.copytree(study / "results", folder / "results", symlinks=True)
    shutil.copytree(study / "figures", folder / "figures")
    if not fault.sealed:
        shutil.rmtree(folder / HOME / SEALS)
    fault.damage(fault.place(folder))
    return said_by(folder, PROGRAMS[fault.program])


def line_of(said: str) -> str:
    """The error's line, without what differs from run to run."""
    (line,) = [line for line in said.splitlines() if line.startswith("error: ")][:1] or [""]
    return re.sub(r"[0-9a-f]{24,}", "...", line.removeprefix("error: "))


def row(fault: Fault, said: str) -> str:
    file = f"`{fault.file.lstrip('/')}`"
    return f"| {file}: {fault.what} | {fault.program} | {line_of(said).replace('|', chr(92) + '|')} |"


HEAD = """# Faults

What is broken, who notices, and what that says. Each line was made by breaking one small finished study and running the
program that reads the file: it ends with one line that names the file and what to do, writes nothing, and Snakemake
stops there. `tests/faults` holds every line; `python -m tests.faulty` writes this page.

A result has a *seal*, the hash that its writer noted (`results/{study}/.seals`); a change that no rule of the records
can see is seen by it. Most lines below were made with the seals taken away, so that they show the rules alone.
`make check-results STUDY=mini` looks at a whole study.

| What is broken | Who meets it | What it says |
|---|---|---|
"""


def page(lines: list[str]) -> str:
    return HEAD + "".join(f"{line}\n" for line in lines)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        study = build(Path(name) / "study") if not sys.argv[1:] else Path(sys.argv[1])
        lines = []
        for number, fault in enumerate(FAULTS):
            status, said = meet(fault, study, Path(name) / str(number))
            lines.append(row(fault, said))
            print(status, lines[-1], flush=True)
    (ROOT / "docs/faults.md").write_text(page(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
