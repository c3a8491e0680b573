"""A path of the configuration that leads nowhere is an error, also where no job would read it."""

import shutil
from pathlib import Path

import pytest
import yaml

from micota.common.errors import UserError
from micota.study.graph import Study
from micota.study.load import load_study
from micota.study.paths import check_paths, located
from tests.project import ROOT, copy_project, output_of, snakemake
from tests.tiny import raw_config

LOCAL = {"source": "local", "path": "nowhere/model"}


@pytest.mark.parametrize(
    ("study", "changes", "said"),
    [
        ("mini", {"bases.small": LOCAL}, "bases.small.path: nowhere/model/config.json: no such file"),
        ("mini", {"bases.small.pretrained": "docs"}, "bases.small.pretrained: docs/micota.json: no such file"),
        ("mini", {"external_models": {"theirs": LOCAL}}, "external_models.theirs.path: nowhere/model/config.json"),
        ("mini", {"data_folder": "/nope"}, "data_folder: /nope: no such folder"),
        ("smoke", {"data_folder": "docs"}, "datasets.train.path: docs/gsm8k_train.jsonl: no such file"),
    ],
)
def test_every_kind_of_path_is_looked_at(
    study: str, changes: dict[str, object], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(UserError, match="names what is not there") as error:
        check_paths(load_study(raw_config(study, changes)))
    assert said in str(error.value)


def test_all_of_them_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(UserError) as error:
        check_paths(load_study(raw_config("smoke", {"data_folder": "docs"})))
    assert str(error.value).count("no such file") > 5


@pytest.mark.parametrize("study", ["mini", "study", "controls", "paper"])
def test_the_committed_studies_pass(study: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    check_paths(load_study(raw_config(study)))
    check_paths(load_study(raw_config("mini", {"from_scratch": True, "bases.small.pretrained": "nowhere"})))


def test_a_wrong_path_is_an_error_though_all_outputs_exist(tmp_path: Path) -> None:
    """Snakemake would say "Nothing to be done", and the results of another path would be taken for this one's."""
    project = copy_project(tmp_path)
    model = project / "given"
    shutil.copytree(ROOT / "reference/mini/bases/small", model)
    target = "results/mini/models/theirs"
    flags = ("--config", f"external_models={{theirs: {{source: local, path: {model}}}}}")
    first = snakemake(project, target, *flags)
    assert first.returncode == 0, output_of(first)
    for wrong in (
        ("--config", "external_models={theirs: {source: local, path: docs}}"),
        ("--config", "data_folder=/nope"),
    ):
        run = snakemake(project, target, *wrong)
        assert run.returncode == 2 and "names what is not there" in output_of(run)
        assert "Nothing to be done" not in output_of(run) and "Traceback" not in output_of(run)


def test_relative_paths_of_a_run_that_starts_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They lead into the checkout where the current folder has no such file."""
    monkeypatch.chdir(tmp_path)
    raw = raw_config("mini", {"external_models": {"mine": {"source": "local", "path": "mine"}}})
    (tmp_path / "mine").mkdir()
    found = located(load_study(raw).config, ROOT)
    assert found.bases["small"].model_dump()["pretrained"] == str(ROOT / "reference/mini/bases/small")
    assert found.external_models["mine"].model_dump()["path"] == "mine"
    (tmp_path / "mine" / "config.json").touch()
    check_paths(Study(found))
    with pytest.raises(UserError, match=r"bases\.small\.pretrained"):
        check_paths(load_study(raw))


def test_broken_files_are_refused_in_one_line(tmp_path: Path) -> None:
    from micota.study.load import read_config

    for number, text in enumerate(["a: [1\nb: 2\n", "- 1\n", "a: *b\n"]):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text)
        with pytest.raises(UserError, match=str(path)) as error:
            read_config([path])
        assert "\n" not in str(error.value)
    assert read_config([]) == {} and yaml.safe_load("") is None
