"""The rules on what was fetched beforehand: the paper's study in small, every model and data set from a hub's cache."""

from pathlib import Path

import pytest

from micota.common.records import read_json, read_jsonl
from tests.hub_cache import commit_of
from tests.paper_study import fill_cache, write_overlay
from tests.project import copy_project, output_of, snakemake
from tests.tiny import raw_config

STUDENT = "results/offline/models/qwen3b-mid-s0"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("offline")
    fill_cache(folder / "home", folder / "made")
    write_overlay(folder / "small.yaml")
    (folder / "project").mkdir()
    return copy_project(folder / "project")


def test_a_student_of_the_papers_study_without_a_network(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Teacher, assistant, merge, Mid-CoT, student: by the rules and config/paper.yaml, with HF_HUB_OFFLINE=1."""
    monkeypatch.setenv("HF_HOME", str(project.parent / "home"))
    run = snakemake(project, STUDENT, "--configfile", "config/paper.yaml", str(project.parent / "small.yaml"))
    assert run.returncode == 0, output_of(run)
    bases = raw_config("paper")["bases"]
    for name in ("r1_32b", "qwen14b", "qwen3b"):
        made = read_json(project / "results/offline/models" / name / "micota.json")
        assert (made["repo"], made["revision"]) == (bases[name]["repo"], commit_of(bases[name]["repo"]))
    corpus = list(read_jsonl(project / "results/offline/corpora/mid.jsonl"))
    assert corpus and {row["sampler"] for row in corpus} == {"ta_long-w0.4-d0.5-m0"}
    assert read_json(project / STUDENT / "micota.json")["counts"]["kept"] == len(corpus)


def test_a_revision_that_is_not_there_stops_the_study_first(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On one core, before anything is sampled or trained, with the key and what to do."""
    monkeypatch.setenv("HF_HOME", str(project.parent / "home"))
    other = {"study": "wrong", "bases": {**write_bases(), "qwen3b": {"revision": "0" * 40}}}
    path = write_overlay(project.parent / "wrong.yaml", other)
    run = snakemake(project, "--cores", "1", "--configfile", "config/paper.yaml", str(path))
    assert run.returncode != 0
    assert "error: bases.qwen3b: could not get model Qwen/Qwen2.5-3B-Instruct at revision 000" in output_of(run)
    assert "hf download Qwen/Qwen2.5-3B-Instruct --revision 000" in output_of(run)
    assert not list((project / "results/wrong").glob("cot/*/*.jsonl"))


def write_bases() -> dict[str, dict[str, str]]:
    return {name: {"revision": commit_of(base["repo"])} for name, base in raw_config("paper")["bases"].items()}
