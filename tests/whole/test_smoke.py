"""The smoke study end to end: every rule on pico models and the real benchmarks, then what a user does next."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from micota.common.seals import SEALS
from micota.problems.datasets import math500
from micota.training import trainer
from tests.graph import jobs_of
from tests.pipeline import PAGE, page
from tests.project import ROOT, copy_project, make, output_of, planned, snakemake

BENCHMARKS = ["aime24", "amc23", "olympiadbench", "math500", "gsm8k"]
STUDENT = "small-mid-s0"
# As a user's shell with the environment active.
ENVIRONMENT = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}


class Smoke:
    """A copy of the project in which the smoke study has run."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder = folder
        self.data = data
        self.flags = ["--configfile", "config/smoke.yaml", "--config", f"data_folder={data}"]
        self.results = folder / "results" / "smoke"

    def rows(self, table: str) -> list[dict[str, str]]:
        with (self.results / "tables" / f"{table}.csv").open() as handle:
            return list(csv.DictReader(handle))

    def records(self, path: str) -> list[dict]:
        return [json.loads(line) for line in (self.results / path).read_text().splitlines()]


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Smoke:
    study = Smoke(copy_project(tmp_path_factory.mktemp("smoke")), real_data)
    run = snakemake(study.folder, *study.flags, "--show-failed-logs")
    assert run.returncode == 0, output_of(run)
    return study


def test_every_table_and_figure_is_there(smoke: Smoke) -> None:
    for name in (
        "main",
        "main_differences",
        "scores",
        "agreement",
        "gold",
        "corpora",
        "likelihood",
        "assistants",
        "lengths_quantiles",
        "repetition",
    ):
        for ending in ("csv", "md", "tex"):
            assert (smoke.results / "tables" / f"{name}.{ending}").stat().st_size > 50
    for name in ("accuracy", "accuracy_benchmarks", "merge", "lengths", "likelihood", "yield"):
        with Image.open(smoke.folder / "figures" / "smoke" / f"{name}.png") as image:
            assert min(image.size) > 300
            assert len(image.convert("RGB").getcolors(2**24) or []) > 10  # not a blank page
        assert (smoke.folder / "figures" / "smoke" / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_the_page_of_the_pipeline_is_what_was_run(smoke: Smoke) -> None:
    """docs/pipeline.md: the real commands, and the numbers that they print."""
    assert page(smoke.folder, smoke.flags) == PAGE.read_text(encoding="utf-8")


def test_a_printed_command_can_be_copied_and_run(smoke: Smoke) -> None:
    """Of a job that samples, one that grades and one that makes a table: the same bytes again."""
    wanted = {"results/smoke/cot/small-mid-s0/shard-0.jsonl", "results/smoke/graded/small-mid-s0.jsonl"}
    wanted |= {"results/smoke/tables/main.csv"}
    jobs = [job for job in jobs_of(smoke.folder, *smoke.flags) if wanted & set(job["output"])]
    assert len(jobs) == 3
    for job in jobs:
        (made,) = (smoke.folder / path for path in wanted & set(job["output"]))
        before = made.read_bytes()
        made.unlink()
        run = subprocess.run(job["shell"], shell=True, cwd=smoke.folder, env=ENVIRONMENT, check=False)
        assert run.returncode == 0 and made.read_bytes() == before


def test_nothing_is_lost_on_the_way(smoke: Smoke) -> None:
    """Every problem of every benchmark is sampled once and graded once by every model in the main table."""
    ids = {row["id"] for name in BENCHMARKS for row in smoke.records(f"problems/{name}.jsonl")}
    assert len(ids) == 8 * len(BENCHMARKS)
    for model in ("small", STUDENT, "small-long-s0"):
        graded = [row for row in smoke.records(f"graded/{model}.jsonl") if row["dataset"] in BENCHMARKS]
        assert sorted(row["id"] for row in graded) == sorted(ids)
        assert all(row["finish_reason"] in ("stop", "length") and not row["correct"] for row in graded)
    for path in (smoke.results / "corpora").glob("*.counts.json"):
        counts = json.loads(path.read_text())
        assert counts["read"] == counts["kept"] + sum(counts["dropped"].values())


def test_corpora_hold_what_their_samplers_wrote_and_nothing_else(smoke: Smoke) -> None:
    """No procedural text, and nothing unsampled, reaches the assistant or a student."""
    written = {
        (row["sampler"], row["id"], row["completion"])
        for path in (smoke.results / "graded").glob("*.jsonl")
        for row in smoke.records(f"graded/{path.name}")
    }
    for corpus in ("short", "long", "unmerged", "mid", "mix"):
        rows = smoke.records(f"corpora/{corpus}.jsonl")
        assert rows
        assert {(row["sampler"], row["id"], row["completion"]) for row in rows} <= written


def test_students_have_learnt_something(smoke: Smoke) -> None:
    """Their weights are neither the base's nor one another's."""
    weights = {
        model: (smoke.results / "models" / model / "model.safetensors").read_bytes()
        for model in ("small", "small-short-s0", "small-long-s0", STUDENT)
    }
    assert len(set(weights.values())) == len(weights)
    assert not list((smoke.results / "models").rglob("*.bin"))
    assert not list((smoke.results / "models").rglob("*.pt"))


def test_merged_models_go_when_they_have_been_sampled(smoke: Smoke) -> None:
    """The smoke study says `keep_merged: false`, as the paper's does."""
    assert (smoke.results / "graded" / "ta_long-w0.4-d0.5-m0.jsonl").is_file()
    assert not (smoke.results / "models" / "ta_long-w0.4-d0.5-m0").exists()
    assert (smoke.results / "models" / "ta_long").is_dir()


def test_a_second_run_has_nothing_to_do_though_library_code_was_edited(smoke: Smoke) -> None:
    """GPU days must not hang on a comment: the stages' versions in the rules' params say when results change."""
    library = smoke.folder / Path(trainer.__file__).relative_to(ROOT)
    library.write_text(library.read_text() + "\n# a harmless edit\n")
    assert planned(snakemake(smoke.folder, "-n", *smoke.flags)) == {}


@pytest.mark.parametrize("tier", ["regrade", "reevaluate"])
def test_a_tier_makes_the_same_tables(smoke: Smoke, tier: str) -> None:
    """Both Makefile targets, as a reviewer calls them; they end in a comparison of all tables."""
    files = state_of(smoke.results)
    run = make(smoke.folder, tier, "STUDY=smoke", f"DATA={smoke.data}", "CORES=2")
    assert run.returncode == 0, output_of(run)
    assert "tables: equal to results/smoke/tables" in run.stdout
    made = smoke.folder / "results" / {"regrade": "regraded", "reevaluate": "reevaluated"}[tier] / "graded"
    assert made.is_dir() and not any(path.is_symlink() for path in made.iterdir())
    assert state_of(smoke.results) == files


def test_a_changed_merge_weight_re_runs_only_what_depends_on_it(smoke: Smoke, tmp_path: Path) -> None:
    text = (smoke.folder / "config" / "smoke.yaml").read_text()
    edited = tmp_path / "edited.yaml"
    edited.write_text(text.replace("weights: [0.4]", "weights: [0.7]").replace("ta_long-w0.4", "ta_long-w0.7"))
    flags = ["--configfile", str(edited), *smoke.flags[2:]]
    run = snakemake(smoke.folder, "-n", *flags)
    jobs = planned(run)
    assert jobs["merge"] == 1
    assert jobs["train"] == 1  # the student on mid
    assert jobs["sample"] == 4  # two shards of the merged assistant and of that student
    assert jobs["corpus"] == 1
    assert not {"base_model", "load_problems", "clean_problems"} & set(jobs)
    assert f"Training: {STUDENT}" in output_of(run)


def test_a_new_check_of_the_golds_grades_nothing_again(smoke: Smoke) -> None:
    """It is a gate: were it an input like any other, a corrected fact would train every student again."""
    benchmark = smoke.folder / Path(math500.__file__).relative_to(ROOT)
    benchmark.write_text(benchmark.read_text() + '\nMISPRINTS = {7: "seen since"}\n')
    jobs = planned(snakemake(smoke.folder, "-n", *smoke.flags))
    assert jobs["check_gold"] == jobs["table_gold"] == jobs["table_main"] == 1
    assert not {"sample", "grade", "corpus", "train"} & set(jobs)


def writings(gold: str) -> list[str]:
    """Four right completions and four wrong ones."""
    right = [
        f"\\boxed{{{gold}}}",
        f"So the sum is 3.\nFinal Answer: \\boxed{{ {gold} }}.",
        f"First \\boxed{{123456789}}, no: the answer is $\\boxed{{{gold}}}$.",
        f"\\boxed{{{gold}}}\n",
    ]
    wrong = [
        "\\boxed{123456789}",
        f"The answer is {gold}.",  # no box
        f"\\boxed{{{gold}",  # never closed
        f"\\boxed{{{gold}}} or rather \\boxed{{123456789}}",  # the last box counts
    ]
    return right + wrong


def test_traces_of_known_verdict_reach_the_main_table(smoke: Smoke) -> None:
    """Half of the injected answers are right, half are wrong, on every benchmark: a broken grader must fail here."""
    gold = {row["id"]: row["answer"] for name in BENCHMARKS for row in smoke.records(f"problems/{name}.jsonl")}
    given = dict.fromkeys(BENCHMARKS, 0)
    for shard in (0, 1):
        path = f"cot/{STUDENT}/shard-{shard}.jsonl"
        traces = smoke.records(path)
        for trace in traces:
            trace["completion"] = writings(gold[trace["id"]])[given[trace["dataset"]]]
            trace["finish_reason"] = "stop"
            given[trace["dataset"]] += 1
        (smoke.results / path).write_text("".join(json.dumps(trace) + "\n" for trace in traces))
        (smoke.results / SEALS / path).unlink()  # it is meant
    assert given == dict.fromkeys(BENCHMARKS, 8)
    run = snakemake(smoke.folder, *(f"results/smoke/tables/{name}.csv" for name in ("main", "scores")), *smoke.flags)
    assert run.returncode == 0, output_of(run)
    cells = {row["benchmark"]: row for row in smoke.rows("main_cells") if row["model"] == STUDENT}
    assert {name: (cells[name]["correct"], cells[name]["wrong"]) for name in BENCHMARKS} == dict.fromkeys(
        BENCHMARKS, ("4", "4")
    )
    average = next(row for row in smoke.rows("main") if row["corpus"] == "mid")
    assert float(average["accuracy_average"]) == 50.0
    assert all(float(row["accuracy_average"]) == 0.0 for row in smoke.rows("main") if row["corpus"] != "mid")


def test_the_three_scores_of_known_traces(smoke: Smoke) -> None:
    """After the test above. GSM8K's rule reads the text: it takes two answers without a box, misses one with `$.`"""
    row = next(row for row in smoke.rows("scores") if row["corpus"] == "mid")
    by_rule = {name: float(row[f"paper_rule_{name}"]) for name in BENCHMARKS}
    assert by_rule == dict.fromkeys(BENCHMARKS, 50.0) | {"gsm8k": 62.5}
    assert {float(row[f"math_verify_{name}"]) for name in BENCHMARKS} == {50.0}
    judged = smoke.records("judged.jsonl")
    asked = [row for row in judged if row["extracted"] == "123456789"]
    assert {row["dataset"] for row in asked} == set(BENCHMARKS) - {"gsm8k"}
    assert len(asked) >= 8 and {row["judge"] for row in judged} == {"large"}
    assert all(row["correct"] == ("True" in row["output"]) for row in judged)
    assert all(float(row[f"rule_judge_{name}"]) >= by_rule[name] for name in BENCHMARKS)
    cells = [row for row in smoke.rows("main_cells") if row["model"] == STUDENT]
    assert {row["several_answers"] for row in cells} == {"2"}
    differing = [row for row in smoke.rows("disagreements") if STUDENT in row["models"].split()]
    assert [row["reason"] for row in differing if row["benchmark"] == "gsm8k"] == ["equal", "no_box", "no_box"]
    (everything,) = [row for row in smoke.rows("agreement") if row["benchmark"] == "all"
                     and (row["one"], row["other"]) == ("paper_rule", "math_verify")]  # fmt: skip
    assert int(everything["n"]) == 8 * len(BENCHMARKS) * len({row["model"] for row in smoke.rows("main_cells")})


def test_a_model_from_elsewhere_is_scored_by_the_same_rules(smoke: Smoke, tmp_path: Path) -> None:
    """`make score` on a copy of the untrained student: its scores, in a study of its own. This one stays as it is."""
    model = tmp_path / "a model"
    shutil.copytree(smoke.results / "models/small", model)
    before, files = smoke.rows("main"), state_of(smoke.results)
    to_do = planned(snakemake(smoke.folder, "-n", *smoke.flags))  # what the tests above have left
    for name in ("copied", "again"):
        run = make(
            smoke.folder, "score", "STUDY=smoke", f"MODEL={model}", f"NAME={name}", f"DATA={smoke.data}", "CORES=2"
        )
        assert run.returncode == 0, output_of(run)
        assert f"{name}" in run.stdout.splitlines()[-1]
    with (smoke.folder / "results/smoke_scored/tables/main.csv").open() as handle:
        rows = {(row["base"], row["corpus"]): row for row in csv.DictReader(handle)}
    copied, untrained = rows.pop(("elsewhere", "again")), rows["small", "base"]
    assert {k: v for k, v in copied.items() if k not in ("base", "corpus")} == {
        k: v for k, v in untrained.items() if k not in ("base", "corpus")
    }
    assert list(rows.values()) == before
    assert (smoke.folder / "figures/smoke_scored/accuracy.png").is_file()
    assert state_of(smoke.results) == files
    assert planned(snakemake(smoke.folder, "-n", *smoke.flags)) == to_do


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of every file."""
    found = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {str(path): (stat.st_ino, stat.st_mtime_ns) for path, stat in found.items()}
