"""The profiles: what holds in the end when two are loaded, what a cluster is asked for, what is refused."""

import os
import re
import shutil
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.cli import parse_args

from micota.common.errors import UserError
from micota.study.load import load_study
from micota.workflow.resources import Gpus, check_filled, gpu_resources, memory_mb
from tests.conftest import ROOT
from tests.project import copy_project, output_of, planned, snakemake
from tests.tiny import config_files, raw_config


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
    profile = {"default-resources": {"slurm_partition": "cpu", "gpu_partition": "gpu"}}
    resources = gpu_resources(profile, lambda wildcards: gpus, minutes=720)
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
    gpus = Gpus(study)
    assert (gpus.sampling, gpus.judging) == (6, study.config.sampling.engine.tensor_parallel)
    assert (gpus.likelihood, gpus.training("student")) == (1, 4)
    assert not any(map(study.pretrained, study.bases))
    assert {gpus.base(base) for base in study.bases} == {0}  # downloads
    for device in ("auto", "cpu"):
        off = Gpus(load_study(raw_config("single_gpu", {**engine, "device": device})))
        assert (off.sampling, off.judging, off.likelihood, off.training("student")) == (0, 0, 0, 0)


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
    assert smoke.pretrained("small") and Gpus(smoke).base("small") == 1
    mini = load_study(raw_config("mini", {"device": "cuda"}))
    assert not any(map(mini.pretrained, mini.bases)) and Gpus(mini).base("small") == 0


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


def test_the_profile_is_found_by_its_name_and_says_what_to_fill_in(tmp_path: Path) -> None:
    """`snakemake --profile slurm`, in a fresh clone; the study is the one that is given.

    profiles/default, which names the miniature, is loaded beside it: the command line must win.
    """
    project = copy_project(tmp_path)
    flags = ("-n", "--profile", "slurm", "--configfile", *config_files("study"))
    run = snakemake(project, *flags)
    assert run.returncode == 2
    assert "error: profiles/slurm/config.yaml: CHANGE-ME still stands in default-resources: slurm_account, slurm_p" in (
        output_of(run)
    )
    path = project / "profiles" / "slurm" / "config.yaml"
    path.write_text(path.read_text().replace("CHANGE-ME", "here").replace("method: conda", "method:"))
    run = snakemake(project, *flags)
    assert planned(run)["train"] == len(load_study(raw_config("study")).tunes)
    assert "results/study/" in output_of(run) and "results/mini/" not in output_of(run)


def test_it_is_the_whole_profile_by_either_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    read = [
        parse_args(["--profile", name, "--configfile", "config/paper.yaml"])[1] for name in ("slurm", "profiles/slurm")
    ]
    said = [{key: re.sub(" at 0x[0-9a-f]+", "", repr(value)) for key, value in vars(args).items()} for args in read]
    assert {key for key in said[0] if said[0][key] != said[1][key]} == {"profile"}


def test_gpus_asked_for_as_gres_come_with_cores() -> None:
    """`cpus_per_gpu` of the profile counts for --gpus alone."""
    lines = (ROOT / "profiles/slurm/config.yaml").read_text(encoding="utf-8").splitlines()
    start = lines.index("# set-resources:")
    block = [line.removeprefix("# ") for line in lines[start : lines.index("", start)]]
    rules = yaml.safe_load("\n".join(block))["set-resources"]
    asking = [keys for keys in rules.values() if "gres" in keys]
    assert asking and all(keys["cpus_per_task"] > 1 and keys["gpu"] == 0 for keys in asking)


def test_without_slurm_a_run_through_it_ends_at_its_start(filled: Path, tmp_path: Path) -> None:
    """The executor would wait for ever for jobs that it could not submit."""
    for program in ("bash", "sh", "which", "env"):
        (tmp_path / program).symlink_to(str(shutil.which(program)))
    flags = ("--profile", "profiles/slurm", "--configfile", "config/mini.yaml")
    run = snakemake(filled, *flags, settings={"PATH": str(tmp_path)})
    assert run.returncode != 0
    assert "executor: slurm, and this machine has no sbatch" in output_of(run)


APPTAINER = """#!/bin/bash
if [ "$1" = --version ]; then echo "apptainer version 1.3.0"; exit; fi
echo "$@" >> {folder}/calls
while [ "$1" != bash ]; do shift; done
exec env PATH={python}:/usr/bin:/bin "$@"
"""


def test_jobs_run_in_the_image_if_that_is_asked_for(tmp_path: Path) -> None:
    """With a stand-in for Apptainer, whose image has a python of its own."""
    project = copy_project(tmp_path)
    program = tmp_path / "bin" / "apptainer"
    program.parent.mkdir()
    program.write_text(APPTAINER.format(folder=tmp_path, python=Path(sys.executable).parent))
    program.chmod(0o755)
    settings = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    target = "results/mini/problems/loaded/train.jsonl"
    flags = (target, "--sdm", "apptainer", "--apptainer-args=--nv")
    run = snakemake(project, *flags, settings=settings)
    assert run.returncode == 2 and "error: envs/micota.sif: no such image" in output_of(run)
    (project / "envs/micota.sif").touch()
    run = snakemake(project, *flags, settings=settings)
    assert run.returncode == 0, output_of(run)
    (call,) = (tmp_path / "calls").read_text().splitlines()
    assert re.match(rf"exec --home {project} --nv .*envs/micota\.sif bash -c .*python -m scripts\.problems", call)
    assert 'PATH="' not in call and f"PYTHONPATH={project}" in call
    plain = snakemake(project, "results/mini/problems/loaded/validation.jsonl", settings=settings)
    assert plain.returncode == 0 and len((tmp_path / "calls").read_text().splitlines()) == 1
