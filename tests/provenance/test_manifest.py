"""The manifest says what a run was, in a git repository, outside one, and inside another's."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from micota.common.records import read_json, write_json
from micota.provenance.manifest import COMMIT, code, config_hash, costs, hardware, page, software, without_places
from micota.study.load import study_of
from scripts import manifest as script
from tests.tiny import ROOT, raw_config

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="no git")


def git(folder: Path, *arguments: str) -> str:
    names = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"]
    run = subprocess.run(["git", *names, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return run.stdout.strip()


@needs_git
def test_the_commit_and_whether_the_files_differ_from_it(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "a").write_text("1", encoding="utf-8")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-qm", "one")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert code(tmp_path) == {"commit": commit, "dirty": False}
    (tmp_path / "a").write_text("2", encoding="utf-8")
    assert code(tmp_path) == {"commit": commit, "dirty": True}
    inside = tmp_path / "unpacked"
    inside.mkdir()
    assert code(inside) == {"commit": None, "dirty": None}, "another project's commit says nothing of this one"


def test_outside_git_and_without_git_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert code(tmp_path) == {"commit": None, "dirty": None}
    monkeypatch.setenv("PATH", str(tmp_path))
    assert code(tmp_path) == {"commit": None, "dirty": None}
    assert hardware()["gpus"] == []


def committed(folder: Path) -> str:
    """A repository with what an archive of the project needs to know its commit; that commit."""
    git(folder, "init", "-q")
    (folder / "micota").mkdir()
    for name in (".gitattributes", COMMIT):
        shutil.copyfile(ROOT / name, folder / name)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return git(folder, "rev-parse", "HEAD")


@needs_git
def test_an_archive_of_the_repository_knows_its_commit(tmp_path: Path) -> None:
    """Unpacked outside git, and inside another project's repository; the checkout itself asks git."""
    project = tmp_path / "project"
    project.mkdir()
    commit = committed(project)
    git(project, "archive", "--prefix=unpacked/", "-o", str(tmp_path / "a.tar"), "HEAD")
    for place in (tmp_path / "outside", project / "inside"):
        place.mkdir()
        shutil.unpack_archive(tmp_path / "a.tar", place)
        assert code(place / "unpacked") == {"commit": commit, "dirty": None}
    assert code(project) == {"commit": commit, "dirty": True}
    (project / COMMIT).write_text("0" * 40)
    assert code(project)["commit"] == commit


@needs_git
def test_another_users_repository_is_asked_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = committed(tmp_path)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert code(tmp_path) == {"commit": commit, "dirty": False}


@needs_git
def test_where_git_fails_its_reason_is_kept(tmp_path: Path) -> None:
    committed(tmp_path)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/\n[")
    (tmp_path / ".git" / "config").write_text("[broken")
    found = code(tmp_path)
    assert found["commit"] is None and "config" in found["why"]
    assert "not in a git repository" not in found["why"]


@needs_git
def test_the_committed_file_is_filled_in_by_git(tmp_path: Path) -> None:
    assert (ROOT / COMMIT).read_text(encoding="utf-8").strip() in ("$Format:%H$", code(ROOT)["commit"])
    assert f"{COMMIT} export-subst" in (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()


def test_of_two_packages_of_one_name_the_imported_one_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first on the path, however its name is spelt."""
    for folder, name, version in (("first", "Math_Verify", "0.8.0"), ("second", "math-verify", "0.7.0")):
        path = tmp_path / folder / f"{name.replace('-', '_')}-{version}.dist-info" / "METADATA"
        path.parent.mkdir(parents=True)
        path.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    monkeypatch.setattr("sys.path", [str(tmp_path / "first"), str(tmp_path / "second"), *sys.path])
    packages = {name.lower().replace("_", "-"): version for name, version in software(ROOT)["packages"].items()}
    assert packages["math-verify"] == "0.8.0"


def test_the_page_says_what_git_said_and_what_was_kept_out(study: list[str], tmp_path: Path) -> None:
    script.main(study)
    found: dict[str, Any] = read_json(tmp_path / "results/manifest.json")
    found["code"] = {"commit": None, "dirty": None, "why": "fatal: detected dubious ownership"}
    found["software"] |= {"kept_out": "PYTHONPATH=/modules", "pythonpath": None}
    assert "| Code | fatal: detected dubious ownership |" in page(found)
    assert "| Kept out of the jobs | PYTHONPATH=/modules |" in page(found)
    del found["code"]["why"], found["software"]["kept_out"]
    assert "| Code | not in a git repository |" in page(found) and "Kept out" not in page(found)


def test_the_hash_is_of_what_a_configuration_says() -> None:
    one = {"study": "x", "seeds": [0, 1]}
    assert config_hash(one) == config_hash(dict(reversed(one.items())))
    assert config_hash(one) != config_hash(one | {"seeds": [1, 0]})


def test_time_is_summed_by_rule(tmp_path: Path) -> None:
    rows = {"train/a": "10.5\t0:00:10\t9.0\t30.0", "train/b": "1.25\t0:00:01\tNA\t-", "sample/a": "-\t-\tNA\tNA"}
    for name, row in rows.items():
        path = tmp_path / f"{name}.tsv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"s\th:m:s\tcpu_time\tgpu_seconds\n{row}\n", encoding="utf-8")
    assert costs(tmp_path) == {
        "sample": {"jobs": 1, "wall_seconds": 0.0},
        "train": {"jobs": 2, "wall_seconds": 11.75, "cpu_seconds": 9.0, "gpu_seconds": 30.0},
    }
    assert costs(tmp_path / "none") == {}


def test_the_software_is_what_is_installed_and_locked() -> None:
    found = software(ROOT)
    assert found["packages"]["pydantic"] and found["python"].count(".") == 2
    assert {"cpu.lock", "gpu.lock", "test.lock"} <= set(found["locks"])


@pytest.fixture
def study(tmp_path: Path) -> list[str]:
    """The flags for a small folder of results."""
    files = {"tables/main.csv": "a\n", "graded/small.jsonl": "{}\n", "corpora/mid.jsonl": "{}\n", "work/x": "no"}
    for name, text in files.items():
        (tmp_path / "results" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "results" / name).write_text(text, encoding="utf-8")
    write_json(tmp_path / "results/models/small/micota.json", {"kind": "base", "sha256": {"model.safetensors": "ab"}})
    write_json(tmp_path / "results/models/old/micota.json", {"kind": "base"})
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/accuracy.png").write_bytes(b"png")
    (tmp_path / "data.jsonl").write_text("{}\n", encoding="utf-8")
    elsewhere = {"r1_7b": {"source": "hub", "repo": "org/R1-7B", "revision": "c" * 40}}
    elsewhere |= {"mine": {"source": "local", "path": "models/mine"}}
    write_json(tmp_path / "study.json", raw_config("paper", {"external_models": elsewhere}))
    flags = ["--study", f"{tmp_path}/study.json", "--results", f"{tmp_path}/results"]
    flags += ["--figures", f"{tmp_path}/figures"]
    return [*flags, "--inputs", f"{tmp_path}/data.jsonl", "--out", f"{tmp_path}/results/manifest.json"]


def test_the_manifest_of_a_study(study: list[str], tmp_path: Path) -> None:
    script.main(study)
    found: dict[str, Any] = read_json(tmp_path / "results/manifest.json")
    config = study_of([tmp_path / "study.json"]).config.model_dump(mode="json")
    del config["data_folder"]  # of this machine alone
    assert found["study"] == "paper" and found["config"] == config and found["config_sha256"] == config_hash(config)
    assert set(found["outputs"]) == {
        "tables/main.csv",
        "graded/small.jsonl",
        "corpora/mid.jsonl",
        "figures/accuracy.png",
    }
    assert found["outputs"]["figures/accuracy.png"] == hashlib.sha256(b"png").hexdigest()
    assert found["inputs"] == {"data.jsonl": hashlib.sha256(b"{}\n").hexdigest()}
    assert found["weights"] == {"small": {"model.safetensors": "ab"}}
    assert found["revisions"]["bases.qwen3b"] == "Qwen/Qwen2.5-3B-Instruct@unresolved"
    assert found["revisions"]["datasets.gsm8k"] == "openai/gsm8k@unresolved"
    assert (
        found["revisions"]["external_models.r1_7b"] == f"org/R1-7B@{'c' * 40}"
        and "external_models.mine" not in found["revisions"]
    )
    assert found["seeds"]["students"] == [0, 1, 2]
    assert found["seeds"]["all"]["merges.1.mask_seeds"] == [1, 2] and found["seeds"]["all"]["tuned.ta_long.seed"] == 0
    assert found["costs"] == {}
    text = (tmp_path / "results/manifest.md").read_text(encoding="utf-8")
    assert "| Study | paper |" in text and "| Wall time of all jobs | not recorded |" in text
    assert "| Files hashed | 1 inputs, 4 outputs, 1 weights |" in text


def test_two_machines_have_one_configuration(tmp_path: Path) -> None:
    """What leads to files of a machine is left out, or told from the project."""

    def asked(home: str, project: str) -> dict[str, Any]:
        bases = {"a": {"path": f"{home}/models/a"}, "b": {"pretrained": f"{project}/reference/b"}}
        return {"data_folder": f"{home}/data", "bases": bases, "datasets": {"d": {"path": "d.jsonl", "limit": None}}}

    here, there = (asked(f"/home/{who}", f"/home/{who}/micota") for who in ("ann", "bob"))
    found = without_places(here, Path("/home/ann/micota"))
    assert found == without_places(there, Path("/home/bob/micota"))
    bases = {"a": {"path": "a"}, "b": {"pretrained": "reference/b"}}
    assert found == {"bases": bases, "datasets": {"d": {"path": "d.jsonl", "limit": None}}}


def test_the_page_shows_time_by_rule(study: list[str], tmp_path: Path) -> None:
    path = tmp_path / "results/benchmarks/train/a.tsv"
    path.parent.mkdir(parents=True)
    path.write_text("s\tcpu_time\n7200\t7000\n", encoding="utf-8")
    script.main(study)
    text = (tmp_path / "results/manifest.md").read_text(encoding="utf-8")
    assert "| Wall time of all jobs | 2.00 h |" in text
    assert "| rule | jobs | wall_seconds | cpu_seconds |\n|---|---:|---:|---:|\n| train | 1 | 7200.0 | 7000.0 |" in text
