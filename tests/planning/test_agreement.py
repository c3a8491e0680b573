"""The plan, preflight and a run before its first job say the same of one study, to the byte: GPU memory and disk."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from micota.common.errors import UserError
from micota.planning.assumptions import assumed
from micota.planning.costs import Workload
from micota.planning.disk import check_room, jobs_left, least_disk
from micota.planning.jobs import Job
from micota.preflight.machine import check_disk, check_memory, gpu_needs
from micota.preflight.scene import Finding, Scene
from micota.study.config import laid_over
from micota.study.graph import Study
from micota.study.load import load_study
from tests.graph import DRAWINGS, STUDIES
from tests.paper_study import fill_cache, overlay
from tests.tiny import EXTENDED, raw_config, write_model

MODEL = {"sample": "model", "train": "tuned", "base_model": "base", "likelihood": "base"}
GPU = 80e9


@pytest.fixture(autouse=True)
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the user's cache of the hub must not decide a test."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


def drawn(study: str) -> list[Job]:
    """A study's jobs as Snakemake has them (tests/graphs, which a test holds); nobody waits for anybody."""
    lines = (DRAWINGS / f"{study}.txt").read_text(encoding="utf-8").splitlines()
    names = [line.split() for line in lines if line and not line.startswith(" ")]
    return [
        Job(number, rule, dict(value.split("=", 1) for value in values)) for number, (rule, *values) in enumerate(names)
    ]


def stands_for(scene: Scene, rule: str, model: str) -> str:
    """The model that preflight looks at for a job's."""
    if rule == "train":
        tune = scene.study.tunes[model]
        return scene.recipes[tune.base, tune.recipe]
    return scene.sizes.base_of(model)


def agree(study: Study, jobs: list[Job]) -> Scene:
    """Every job's GPU memory in the plan is what preflight has, and says, of its kind."""
    scene, plan = Scene(study, GPU), Workload(study, True, assumed(True))
    needs = {(rule, model): needed for rule, model, needed in gpu_needs(scene)}
    said = {finding.subject: finding.words for finding in check_memory(scene)}
    met = set()
    for job in jobs:
        needed = plan.cost(job).gpu
        if job.rule in MODEL or job.rule == "judge":
            judge = study.config.grading.judge
            model = judge.model if judge and job.rule == "judge" else job.wildcards[MODEL[job.rule]]
            kind = job.rule, stands_for(scene, job.rule, model)
            assert needs.get(kind, 0) == needed, job
            met |= {kind} if needed else set()
            assert not needed or f"about {needed / 1e9:.1f} of " in said[" ".join(kind)]
        else:
            assert needed == 0, job
    assert met == needs.keys()
    return scene


@pytest.mark.parametrize("study", STUDIES)
def test_memory_of_every_job(study: str) -> None:
    agree(load_study(raw_config(study)), drawn(study))


CHANGES: list[dict[str, Any]] = [
    {"sampling.engine.name": "transformers", "sampling.engine.tensor_parallel": 1, "sampling.engine.batch_size": 7},
    {"training.assistant.processes": 2, "training.student.dtype": "float32", "training.student.batch_size": 3},
    {"likelihood.batch_size": 5, "corpora.long.max_tokens": None},
    {"bases.qwen14b.repo": "org/Unnamed", "bases.qwen3b.repo": "org/Llama-8B"},
]


@pytest.mark.parametrize("changes", CHANGES)
def test_memory_after_a_change(changes: dict[str, Any]) -> None:
    agree(load_study(raw_config("paper", changes)), drawn("paper"))


def test_memory_of_models_at_hand_is_by_their_own_shapes(tmp_path: Path) -> None:
    """In the hub's cache, as preflight leaves them there; by their names they would be a hundred thousand times it."""
    fill_cache(tmp_path, tmp_path / "made")
    study = load_study(laid_over(raw_config("paper"), overlay()))
    scene = agree(study, [*jobs_left(study, tmp_path), Job(0, "judge", {})])
    assert {finding.state for finding in check_memory(scene)} == {"ok"}
    assert all(needed < 1e9 for _, _, needed in gpu_needs(scene))


def test_a_configuration_that_says_no_shape_is_guessed_by_both(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model")
    (model / "config.json").write_text('{"model_type": "strange"}')
    study = load_study(raw_config("paper", {"bases.qwen3b": {"source": "local", "path": str(model)}}))
    agree(study, drawn("paper"))
    found = [finding for finding in check_memory(Scene(study, GPU)) if finding.subject == "sample qwen3b"]
    assert found[0].state == "not checked" and "does not say its shape" in found[0].words


# --- disk -------------------------------------------------------------------------------------------------------------


def room(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    usage = shutil.disk_usage("/")._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


def found_by_preflight(study: Study, results: Path) -> Finding:
    (found,) = check_disk(Scene(study, GPU, results))
    return found


@pytest.mark.parametrize("keep_merged", [True, False])
@pytest.mark.parametrize("study", STUDIES)
def test_disk_of_a_study(study: str, keep_merged: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the jobs that Snakemake has, by the plan with and without GPUs, by preflight, and before the first job."""
    loaded, jobs = load_study(raw_config(study, {"keep_merged": keep_merged})), drawn(study)
    (needed, *others) = {least_disk(jobs, Workload(loaded, gpu, assumed(gpu))) for gpu in (True, False)}
    assert not others
    known = [*MODEL, "merge", "import_traces"]
    left = jobs_left(loaded, tmp_path / loaded.config.study)
    assert sorted((job.rule, *sorted(job.wildcards.items())) for job in left) == sorted(
        (job.rule, *sorted(job.wildcards.items())) for job in jobs if job.rule in known
    )
    room(monkeypatch, needed)
    found = found_by_preflight(loaded, tmp_path)
    assert found.state in ("ok", "not checked")
    check_room(loaded, jobs)
    room(monkeypatch, needed - 1)
    assert found_by_preflight(loaded, tmp_path).state == ("FAIL" if found.state == "ok" else "not checked")
    with pytest.raises(UserError, match="this run needs at least"):
        check_room(loaded, jobs)


def test_merged_models_that_go_are_not_counted_as_if_they_stayed(tmp_path: Path) -> None:
    """All of the sweep are 14 B in 16 bits: 28 GB each. At the end none is there, and only one at a time before."""
    needed = {}
    for kept in (True, False):
        study = load_study(raw_config("paper", {"keep_merged": kept}))
        scene = Scene(study, GPU, tmp_path)
        needed[kept] = least_disk(jobs_left(study, tmp_path), scene.workload)
    assert needed[True] - needed[False] > 0.8 * 18 * 28e9


def test_what_is_there_is_not_counted_again(tmp_path: Path) -> None:
    """Half-way through a study: bases and assistant made, all but one merge sampled and gone."""
    study = load_study(raw_config("mini", {**EXTENDED, "keep_merged": False}))
    for model in [*study.bases, *study.config.tuned]:
        (tmp_path / "models" / model).mkdir(parents=True)
    merged = list(study.merges)
    for model in merged[1:]:
        (tmp_path / "cot" / model).mkdir(parents=True)
        (tmp_path / "cot" / model / "shard-0.jsonl").touch()
    left = jobs_left(study, tmp_path)
    assert [job.wildcards["merged"] for job in left if job.rule == "merge"] == merged[:1]
    assert {job.wildcards["tuned"] for job in left if job.rule == "train"} == set(study.students)
    assert not [job for job in left if job.rule == "base_model"]


def test_a_model_in_the_hubs_cache_is_linked_not_fetched_again(tmp_path: Path) -> None:
    study = load_study(laid_over(raw_config("paper"), overlay()))
    found = Workload(study, True, assumed(True), results=tmp_path)
    before = found.cost(Job(0, "base_model", {"base": "qwen3b"}))
    fill_cache(tmp_path, tmp_path / "made")
    after = Workload(study, True, assumed(True), results=tmp_path).cost(Job(0, "base_model", {"base": "qwen3b"}))
    assert before.stored == before.download == 6e9 and after.stored == after.download == 0
