"""The profiles: what holds in the end when two are loaded, what a cluster is asked for, what is refused."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.cli import parse_args

from micota.cli import UserError
from micota.cluster import check_filled, gpu_resources, memory_mb
from micota.study import load_study
from tests.conftest import ROOT
from tests.tiny import raw_config
from tests.workflow import copy_project, output_of, snakemake


def profile(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project whose profile for Slurm has no CHANGE-ME, and asks for no conda, which may not be here."""
    folder = copy_project(tmp_path_factory.mktemp("profiles"))
    path = folder / "profiles" / "slurm" / "config.yaml"
    path.write_text(
        path.read_text().replace("CHANGE-ME", "here").replace("deployment-method: conda", "deployment-method:")
    )
    return folder


def test_no_key_is_set_in_both_profiles() -> None:
    """profiles/default is loaded beside any other, and wins: what it sets no cluster could change."""
    assert not set(profile("default")) & set(profile("slurm"))


def test_the_settings_that_hold_on_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    _, args = parse_args(["--profile", "profiles/slurm", "--configfile", "config/paper.yaml"])
    assert args.executor == "slurm"
    assert (args.retries, args.keep_going, args.slurm_requeue) == (2, True, True)
    assert not isinstance(args.slurm_array_jobs, str)
    assert args.jobs == 100
    assert (args.rerun_incomplete, args.show_failed_logs) == (True, True)
    assert [str(path) for path in args.configfile] == ["config/paper.yaml"]
    # A cap of `gpu` would also cut what a job asks for.
    assert "gpu" not in args.resources
    assert args.set_resource_scopes["gpu_job"] == "local"


def test_one_job_with_a_gpu_at_a_time_on_one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    _, args = parse_args(["--cores", "8"])
    assert args.resources["gpu_job"].value == 1


@pytest.mark.parametrize("gpus", [0, 1, 8])
def test_a_job_asks_for_more_with_each_attempt(gpus: int) -> None:
    resources = gpu_resources(lambda wildcards: gpus, lambda n: "gpu" if n else "cpu", minutes=720)
    assert resources["gpu"](None) == gpus
    assert resources["gpu_job"](None) == bool(gpus)
    assert resources["slurm_partition"](None) == ("gpu" if gpus else "cpu")
    for key in ("mem_mb", "runtime"):
        asked = [resources[key](None, attempt=attempt) for attempt in (1, 2, 3)]
        assert all(more > less > 0 for less, more in pairwise(asked))
    assert memory_mb(gpus, 1) >= memory_mb(0, 1) + gpus * 50_000


def test_what_runs_on_gpus_follows_the_configuration() -> None:
    engine = {"sampling.engine.tensor_parallel": 2, "sampling.engine.data_parallel": 3, "training.student.processes": 4}
    study = load_study(raw_config("single_gpu", engine))
    assert (study.sampling_gpus, study.judging_gpus) == (6, study.config.sampling.engine.tensor_parallel)
    assert (study.alignment_gpus, study.training_gpus("student")) == (1, 4)
    assert not study.pretrained_here
    assert {study.base_gpus(base) for base in study.bases} == {0}  # downloads
    for device in ("auto", "cpu"):
        off = load_study(raw_config("single_gpu", {**engine, "device": device}))
        assert (off.sampling_gpus, off.judging_gpus, off.alignment_gpus, off.training_gpus("student")) == (0, 0, 0, 0)


@pytest.mark.parametrize(("device", "seen"), [("auto", "0,1"), ("cpu", "")])
def test_a_study_on_the_cpu_leaves_gpus_alone(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, seen: str
) -> None:
    """A stand-in for the rules' script notes which devices a job may see."""
    script = filled / "scripts" / "problems.py"
    script.write_text(
        "import os, pathlib, sys\n"
        f"pathlib.Path({str(tmp_path / 'seen')!r}).write_text(os.environ['CUDA_VISIBLE_DEVICES'])\n"
        "sys.exit(1)\n"
    )
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    snakemake(filled, "results/mini/problems/loaded/train.jsonl", "--config", f"device={device}")
    assert (tmp_path / "seen").read_text() == seen


def test_a_base_that_is_pre_trained_takes_gpus_and_one_that_is_copied_none() -> None:
    smoke = load_study(raw_config("smoke", {"device": "cuda"}))
    assert smoke.pretrained_here
    assert smoke.base_gpus("small") == 1
    mini = load_study(raw_config("mini", {"device": "cuda"}))
    assert not mini.pretrained_here
    assert mini.base_gpus("small") == 0


def test_a_profile_that_was_not_filled_in_is_refused_by_file_and_key(filled: Path) -> None:
    """Before anything is planned or submitted; the committed profile is such a one."""
    half = filled / "half"
    half.mkdir()
    text = (
        (ROOT / "profiles" / "slurm" / "config.yaml")
        .read_text()
        .replace('slurm_account: "CHANGE-ME"', "slurm_account: me")
    )
    (half / "config.yaml").write_text(text.replace("deployment-method: conda", "deployment-method:"))
    run = snakemake(filled, "-n", "--profile", "half", "--configfile", "config/mini.yaml")
    assert run.returncode != 0
    said = output_of(run)
    assert "half/config.yaml: CHANGE-ME still stands in default-resources: slurm_partition, gpu_partition" in said
    assert "slurm_account, " not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("keys", [{}, {"slurm_account": "me", "mem_mb": "8000 * attempt"}])
def test_a_profile_that_was_filled_in_passes(keys: dict[str, str]) -> None:
    check_filled({"default-resources": keys}, ["snakemake"])


def test_a_value_of_a_single_rule_counts_too(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("set-resources: {train: {slurm_partition: CHANGE-ME}}")
    resources = {"default-resources": {"mem_mb": "1"}, "set-resources: train": {"slurm_partition": "CHANGE-ME"}}
    for flags in (["--profile", str(tmp_path)], [f"--profile={path}"]):
        with pytest.raises(
            UserError, match=rf"{re.escape(str(path))}: CHANGE-ME .* set-resources: train: slurm_partition"
        ):
            check_filled(resources, ["snakemake", *flags])
    with pytest.raises(UserError, match="the profile: CHANGE-ME"):
        check_filled(resources, ["snakemake"])


def test_job_arrays_are_refused(filled: Path) -> None:
    """They lose finished files with this version of the executor plugin."""
    flags = ("--profile", "profiles/slurm", "--configfile", "config/mini.yaml", "--slurm-array-jobs", "sample")
    run = snakemake(filled, *flags)
    assert run.returncode != 0
    assert "slurm-array-jobs: remove it from the profile" in output_of(run)
    assert "submitted" not in output_of(run)
