"""The real Snakefile on every configuration: what would run, and what a user is told when something is wrong."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from micota.common.settings import identity
from micota.results import entries
from micota.study.load import load_study
from micota.workflow.resources import training_threads
from tests.graph import STUDIES
from tests.project import ROOT, output_of, planned, snakemake
from tests.tiny import EXTENDED, config_files, raw_config

Jobs = Callable[[str], list[dict[str, Any]]]


@pytest.mark.parametrize("study", STUDIES)
def test_every_configuration_plans_the_whole_method(study_jobs: Jobs, study: str) -> None:
    jobs = Counter(job["rule"] for job in study_jobs(study))
    steps = {
        "load_problems",
        "clean_problems",
        "base_model",
        "sample",
        "grade",
        "corpus",
        "train",
        "merge",
        "likelihood",
    }
    assert steps | {"table_main", "figure_accuracy", "all"} <= set(jobs)
    raw = raw_config(study)
    assert {jobs[f"table_{name}"] for name in ("scores", "gold")} == {1}
    assert jobs.get("judge", 0) == bool(raw.get("grading", {}).get("judge"))
    assert jobs["train"] == len(load_study(raw).tunes)
    assert jobs["sample"] % raw["sampling"].get("shards", 1) == 0
    assert jobs["sample"] // raw["sampling"].get("shards", 1) == jobs["grade"]


def test_the_confirmation_plans_every_model_that_it_claims_something_of(study_jobs: Jobs) -> None:
    study = load_study(raw_config("study"))
    claimed = set(entries.claimed(study))
    for base in study.config.students.bases:
        assert {f"{base}-{corpus}-s{s}" for corpus in ("short", "long") for s in study.config.seeds} <= claimed
    jobs = study_jobs("study")
    assert claimed <= {job["wildcards"]["model"] for job in jobs if job["rule"] == "grade"}
    assert {"table_claims", "table_sizes"} <= {job["rule"] for job in jobs}
    assert not any(path.startswith("results/mini/") for job in jobs for path in job["output"])


def test_every_optional_block_plans_its_jobs_and_waits_for_what_it_needs(project: Path, tmp_path: Path) -> None:
    raw = raw_config("mini", EXTENDED)
    path = tmp_path / "extended.yaml"
    path.write_text(yaml.safe_dump(raw))
    jobs = planned(snakemake(project, "-n", "--configfile", str(path)))
    for name in ("claims", "sizes", "variance"):
        assert (jobs[f"table_{name}"], jobs[f"figure_{name}"]) == (1, 1)
    assert jobs["model_size"] == jobs["likelihood"] == len(raw["students"]["bases"])
    study = load_study(raw)
    assert jobs["corpus"] == len(raw["corpora"])
    assert (jobs["merge"], jobs["train"]) == (len(study.merges), len(study.tunes))
    # chosen by NLL: the likelihood comes first
    wanted = planned(snakemake(project, "results/mini/corpora/auto_nll.jsonl", "-n", "--configfile", str(path)))
    assert wanted["likelihood"] == 1


OTHERS = [name for name in STUDIES if "config/mini.yaml" not in config_files(name)]


@pytest.mark.parametrize("study", [name for name in OTHERS if name != "development"])  # its benchmarks are called alike
def test_no_study_inherits_from_the_default_configuration(study_jobs: Jobs, study: str) -> None:
    """Snakemake merges a `configfile:` with --configfile; the default of the profile must be replaced instead."""
    told = str(study_jobs(study))
    assert "two_steps" not in told
    assert "results/mini/" not in told


def test_a_faulty_configuration_is_refused_by_key(project: Path, tmp_path: Path) -> None:
    """YAML takes 3e-3 for a text. What else may be wrong, and what is said of it: test_config, test_checks."""
    text, edits = re.subn(r"learning_rate: [0-9.]+e-", "learning_rate: 3e-", (project / "config/mini.yaml").read_text())
    assert edits
    (tmp_path / "edited.yaml").write_text(text)
    run = snakemake(project, "-n", "--configfile", str(tmp_path / "edited.yaml"))
    assert run.returncode == 2
    assert re.search(r"^error: .*learning_rate: .*write 1\.0e-5", output_of(run), flags=re.M | re.S)
    assert "Traceback" not in output_of(run)


def test_the_command_line_can_name_the_seeds(project: Path) -> None:
    """Snakemake reads `--config seeds=[201,202]` as a list of texts."""
    run = snakemake(project, "-n", "--configfile", *config_files("study"), "--config", "seeds=[201,202]")
    seeds = {"201", "202"}
    assert planned(run)["train"] == len(load_study(raw_config("study") | {"seeds": [201, 202]}).tunes)
    assert set(re.findall(r"models/small-long-s(\d+)", output_of(run))) == seeds


def test_jobs_that_all_others_wait_for_may_have_several_threads() -> None:
    """And the threads are no part of a recipe: they do not shape the weights."""
    study = load_study(yaml.safe_load((ROOT / "config/mini.yaml").read_text(encoding="utf-8")))
    assert training_threads(study, "teacher") == training_threads(study, "assistant") == 2
    assert training_threads(study, "student") == 1
    assert "threads" not in identity(study.recipe("teacher"))
