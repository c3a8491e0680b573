"""MiCoTA from traces that a file holds: imported, cleaned, graded, learned from, merged, sampled, learned from."""

import csv
import random
from pathlib import Path
from typing import Any

import yaml

from micota.common.records import read_json, read_jsonl, write_jsonl
from micota.problems.arithmetic import demonstrate, draw_from, problems
from micota.provenance.check import check_results
from micota.provenance.manifest import imported
from tests.project import copy_project, output_of, planned, snakemake
from tests.tiny import raw_config

TEST: dict[str, Any] = {"part": "test", "count": 8, "seed": 3, "operations": [2], "bound": 299}
MERGED = "ta_long-w0.4-d0.5-m0"
COUNT = 40


def write_source(path: Path) -> None:
    """Rows as OpenR1's: two traces a problem, a flag for each. One never ended, one problem is the benchmark's."""
    rng = random.Random(0)
    rows = []
    for number in range(COUNT):
        chain = draw_from("train", rng, 2, 299)
        traces = [demonstrate(chain, level, rng, "short") for level in (1.0, 0.5)]
        row = {"question": chain.text, "gold": chain.values[-1], "generations": traces}
        rows.append(row | {"is_reasoning_complete": [True, number != 5]})
    (asked, *_) = problems(**TEST)
    rows.append({**rows[0], "question": asked["problem"], "gold": asked["answer"]})
    write_jsonl(path, rows)


def study(source: Path) -> dict[str, Any]:
    corpora = {
        "long": {
            "kind": "imported",
            "columns": {"completion": "generations", "finished": "is_reasoning_complete"},
        },
        "mid": {"kind": "sampled", "sampler": MERGED, "keep": "all", "special_tokens": "keep"},
    }
    columns = {"problem": "question", "answer": "gold"}
    return raw_config(
        "mini",
        {
            "study": "theirs",
            "datasets": {
                "train": {"loader": "plain", "path": str(source), "columns": columns},
                "validation": {"loader": "arithmetic", "options": {**TEST, "part": "validation"}},
                "easy": {"loader": "arithmetic", "options": TEST},
            },
            "benchmarks": ["easy"],
            "tuned": {"ta_long": {"base": "medium", "corpus": "long", "recipe": "student"}},
            "merges": [{"tuned": "ta_long", "weights": [0.4], "densities": [0.5], "mask_seeds": [0]}],
            "corpora": corpora,
            "students": {"bases": ["small"], "corpora": ["long", "mid"], "recipe": "student", "proposed": "mid"},
            "sampling.engine.batch_size": 64,
            "sampling.training.max_tokens": 40,
            "sampling.validation.max_tokens": 40,
            "likelihood.corpora": ["long", "mid"],
            "claims": None,
        },
    )


def test_from_the_rows_of_a_file_to_a_student_of_mid_cot(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    write_source(tmp_path / "theirs.jsonl")
    (tmp_path / "theirs.yaml").write_text(yaml.safe_dump(study(tmp_path / "theirs.jsonl")))
    home = project / "results/theirs"
    targets = [f"results/theirs/{path}" for path in ("models/small-mid-s0", "tables/corpora.csv")]
    run = snakemake(project, *targets, "--configfile", "theirs.yaml", "--show-failed-logs")
    assert run.returncode == 0, output_of(run)

    counts = read_json(home / "corpora/long.counts.json")
    assert (counts["read"], counts["kept"]) == (2 * COUNT + 2, 2 * COUNT - 1)
    assert counts["dropped"] == {"problem_dropped": 2, "truncated": 1}
    assert read_json(home / "problems/train.report.json")["dropped"]["overlap_exact"] == 1
    written = {row["completion"] for row in read_jsonl(home / "imported/long.jsonl")}
    assert {row["completion"] for row in read_jsonl(home / "corpora/long.jsonl")} <= written
    assert read_json(home / "models/ta_long/micota.json")["counts"]["kept"] == counts["kept"]
    assert {row["sampler"] for row in read_jsonl(home / "corpora/mid.jsonl")} == {MERGED}
    with (home / "tables/corpora.csv").open() as handle:
        long, mid = csv.DictReader(handle)
    assert (long["dropped_problem_dropped"], mid["dropped_problem_dropped"]) == ("2", "0")
    assert imported(home)["long"]["source"] == "theirs.jsonl" and imported(home)["long"]["sha256"]
    checked = check_results(home, project / "figures/theirs")
    assert checked.faults == [] and checked.counts["files of records"] > 5

    # A filter is the corpus' affair: nothing is imported or graded again.
    text = (tmp_path / "theirs.yaml").read_text().replace("kind: imported", "kind: imported\n    per_problem: 1")
    (tmp_path / "theirs.yaml").write_text(text)
    jobs = planned(snakemake(project, "-n", *targets, "--configfile", "theirs.yaml"))
    assert jobs["corpus"] >= 1 and not {"import_traces", "grade_imported", "load_problems", "base_model"} & set(jobs)


def test_a_local_file_that_is_not_there_stops_the_study_first(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    (tmp_path / "theirs.yaml").write_text(yaml.safe_dump(study(tmp_path / "nowhere.jsonl")))
    run = snakemake(project, "-n", "--configfile", "theirs.yaml")
    assert run.returncode == 2 and "datasets.train.path: " in output_of(run)
