"""The real Snakefile on every configuration: what would run, and what a user is told when something is wrong."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.utils import update_config

from micota.study import load_study
from tests.tiny import EXTENDED, raw_config
from tests.workflow import ROOT, copy_project, output_of, planned, snakemake

CONFIGS = sorted(path.name for path in (ROOT / "config").glob("*.yaml"))
LAID_OVER = {"study.yaml": "mini.yaml"}  # says only what differs from the other
WHOLE = [name for name in CONFIGS if name not in LAID_OVER]
LOCAL_DATA = ("--config", "data_folder=data")


def files(config: str) -> list[str]:
    """The configuration files that are given for a study, in their order."""
    return [f"config/{name}" for name in (LAID_OVER.get(config), config) if name]


def raw_of(project: Path, config: str) -> dict[str, Any]:
    """A study's configuration as Snakemake puts its files together."""
    raw: dict[str, Any] = {}
    for path in files(config):
        update_config(raw, yaml.safe_load((project / path).read_text()))
    return raw


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with empty stand-ins for the data files, which a dry run only has to find."""
    folder = copy_project(tmp_path_factory.mktemp("dag"))
    for config in CONFIGS:
        datasets = raw_of(folder, config)["datasets"]
        for block in datasets.values():
            if block.get("path"):
                (folder / "data").mkdir(exist_ok=True)
                (folder / "data" / block["path"]).touch()
    return folder


@pytest.mark.parametrize("config", CONFIGS)
def test_every_configuration_plans_the_whole_method(project: Path, config: str) -> None:
    jobs = planned(snakemake(project, "-n", "--configfile", *files(config), *LOCAL_DATA))
    steps = {
        "load_problems",
        "clean_problems",
        "base_model",
        "sample",
        "grade",
        "corpus",
        "train",
        "merge",
        "alignment",
    }
    assert steps | {"table_main", "figure_accuracy", "all"} <= set(jobs)
    raw = raw_of(project, config)
    assert jobs["train"] == len(load_study(raw).tunes)
    assert jobs["sample"] % raw["sampling"].get("shards", 1) == 0
    assert jobs["sample"] // raw["sampling"].get("shards", 1) == jobs["grade"]


def test_every_optional_block_plans_its_jobs_and_waits_for_what_it_needs(project: Path, tmp_path: Path) -> None:
    raw = raw_config("mini", EXTENDED)
    path = tmp_path / "extended.yaml"
    path.write_text(yaml.safe_dump(raw))
    jobs = planned(snakemake(project, "-n", "--configfile", str(path)))
    for name in ("claims", "sizes", "variance"):
        assert (jobs[f"table_{name}"], jobs[f"figure_{name}"]) == (1, 1)
    assert jobs["model_size"] == jobs["alignment"] == len(raw["students"]["bases"])
    study = load_study(raw)
    assert jobs["corpus"] == len(raw["corpora"])
    assert (jobs["merge"], jobs["train"]) == (len(study.merges), len(study.tunes))
    # chosen by NLL: the alignment comes first
    wanted = planned(snakemake(project, "results/mini/corpora/auto_nll.jsonl", "-n", "--configfile", str(path)))
    assert wanted["alignment"] == 1


@pytest.mark.parametrize("config", [name for name in WHOLE if name != "mini.yaml"])
def test_no_study_inherits_from_the_default_configuration(project: Path, config: str) -> None:
    """Snakemake merges a `configfile:` with --configfile; the default of the profile must be replaced instead."""
    run = snakemake(project, "-n", "--configfile", f"config/{config}", *LOCAL_DATA)
    assert run.returncode == 0, output_of(run)
    assert "two_steps" not in output_of(run)
    assert "results/mini/" not in output_of(run)


def test_the_default_profile_names_the_miniature(project: Path) -> None:
    run = snakemake(project, "-n")
    assert "results/mini/tables/main.csv" in output_of(run)


def edited(project: Path, tmp_path: Path, old: str, new: str) -> str:
    """The miniature's configuration with one edit."""
    text = (project / "config" / "mini.yaml").read_text()
    assert text.count(old) >= 1
    path = tmp_path / "edited.yaml"
    path.write_text(text.replace(old, new, 1))
    return str(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("students:", "studnets:", "studnets: unknown key"),
        ("learning_rate: 3.0e-3", "learning_rate: 3e-3", "1.0e-5"),
        ("sampler: large", "sampler: largest", "there is no 'largest'"),
        ("training_problems: train", "training_problems: trian", "there is no 'trian'"),
    ],
)
def test_a_faulty_configuration_is_refused_by_key(project: Path, tmp_path: Path, old: str, new: str, said: str) -> None:
    run = snakemake(project, "-n", "--configfile", edited(project, tmp_path, old, new))
    assert run.returncode != 0
    assert said in output_of(run)
    assert "Traceback" not in output_of(run)


def test_the_cluster_profile_runs_the_study_it_is_given(project: Path) -> None:
    """profiles/default is loaded beside profiles/slurm, and must lose wherever both speak."""
    flags = (
        "--profile",
        "profiles/slurm",
        "--sdm",
        "env-modules",
    )  # conda, which the profile asks for, may not be here
    run = snakemake(project, "-n", *flags, "--configfile", "config/paper.yaml", *LOCAL_DATA)
    jobs = planned(run)
    assert jobs["train"] > 20
    assert "results/paper/" in output_of(run)
    assert "results/mini/" not in output_of(run)
