"""`make pin` puts commits in the place of `unresolved`, and touches nothing else of a configuration."""

import difflib
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import huggingface_hub
import pytest
import yaml

from micota.common.errors import UserError
from micota.study.config import parse_config
from scripts import pin
from tests.conftest import ROOT


@dataclass
class Info:
    sha: str


@dataclass
class FakeHub:
    """Stands for the hub's API: a commit for each repository, or none where it is missing."""

    missing: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def repo_info(self, repo: str, repo_type: str) -> Info:
        self.asked.append((repo_type, repo))
        if repo == self.missing:
            raise ConnectionError("no route to host")
        return Info(f"{len(self.asked):039x}c")  # digits alone would be a number in YAML


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    fake = FakeHub()
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda endpoint=None: fake)
    return fake


def copy_of(study: str, folder: Path) -> Path:
    return Path(shutil.copy(ROOT / "config" / f"{study}.yaml", folder / "study.yaml"))


@pytest.mark.parametrize("study", ["paper", "openr1", "single_gpu", "smoke"])
def test_every_revision_is_pinned_and_nothing_else_changes(study: str, hub: FakeHub, tmp_path: Path) -> None:
    path = copy_of(study, tmp_path)
    before = path.read_text(encoding="utf-8")
    pin.main(["--config", str(path)])
    after = path.read_text(encoding="utf-8")
    config = parse_config(yaml.safe_load(after))
    found = [block.hub.revision for block in config.datasets.values() if block.hub]
    found += [base.revision for base in config.bases.values() if base.source == "hub"]
    assert all(len(revision) == 40 for revision in found) and found
    assert len(hub.asked) == len(set(hub.asked)), "each repository is asked for once"
    assert ("dataset", "openai/gsm8k") in hub.asked
    assert (("model", "Qwen/Qwen2.5-3B-Instruct") in hub.asked) == (study != "smoke")
    removed = [line[2:] for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line.startswith("- ")]
    assert removed and all("revision: unresolved" in line for line in removed)
    assert "revision: unresolved" not in after


def test_models_trained_elsewhere_are_pinned_and_a_block_is_known_by_its_place(hub: FakeHub, tmp_path: Path) -> None:
    """`external_models` holds models of the hub as `bases` does; a model or a data set may have a block's name."""
    scored = (
        "external_models:\n  datasets: {source: hub, repo: org/scored, revision: unresolved} # ours\n  mine: &mine\n"
    )
    scored += "    source: hub\n    repo: org/other\n    revision: 'unresolved'\n  again: *mine\n"
    sets = "datasets:\n  bases: {loader: gsm8k, hub: {repo: org/set, split: test, revision: unresolved}}\n"
    path = tmp_path / "study.yaml"
    path.write_text(scored + sets, encoding="utf-8")
    pin.main(["--config", str(path)])
    assert sorted(hub.asked) == [("dataset", "org/set"), ("model", "org/other"), ("model", "org/scored")]
    after = path.read_text(encoding="utf-8")
    found = yaml.safe_load(after)
    revisions = [found["datasets"]["bases"]["hub"], *found["external_models"].values()]
    assert all(len(block["revision"]) == 40 for block in revisions) and "# ours" in after


def test_a_second_time_asks_for_nothing(hub: FakeHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copy_of("paper", tmp_path)
    pin.main(["--config", str(path)])
    first, asked = path.read_text(encoding="utf-8"), len(hub.asked)
    pin.main(["--config", str(path)])
    assert path.read_text(encoding="utf-8") == first and len(hub.asked) == asked
    assert "every revision is pinned" in capsys.readouterr().out


def test_what_can_not_be_looked_up_is_named_and_nothing_is_changed(hub: FakeHub, tmp_path: Path) -> None:
    path = copy_of("paper", tmp_path)
    before = path.read_bytes()
    hub.missing = "openai/gsm8k"
    with pytest.raises(UserError, match=r"nothing was changed:\n  dataset openai/gsm8k: ConnectionError: no route"):
        pin.main(["--config", str(path)])
    assert path.read_bytes() == before


def test_errors_of_the_hubs_http_client_are_told_like_others(hub: FakeHub, tmp_path: Path) -> None:
    """Of which library they are changes with the version of huggingface_hub; they are no OSError."""

    class ConnectError(Exception):
        pass

    def refuse(repo: str, repo_type: str) -> Info:
        raise ConnectError("[Errno 111] Connection refused")

    hub.repo_info = refuse  # type: ignore[method-assign]
    path = copy_of("paper", tmp_path)
    with pytest.raises(UserError, match=r"nothing was changed:\n  dataset .*: ConnectError: \[Errno 111\]"):
        pin.main(["--config", str(path)])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.yaml: no such file"):
        pin.main(["--config", str(tmp_path / "none.yaml")])
