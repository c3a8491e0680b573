"""A second writer waits for the first, says for whom, and gives up in one line; who is killed holds nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from micota.common import locks
from micota.common.errors import EnvironmentFault
from micota.common.files import fresh, publish
from micota.common.flags import as_flags
from micota.common.locks import hold, release
from micota.common.records import write_jsonl
from scripts import sample, train
from tests.conftest import ROOT
from tests.tiny import PROMPT, corpus, write_problems

HOLD = (
    "import sys, time, pathlib; from micota.common.locks import hold;"
    " hold(pathlib.Path(sys.argv[1])); print('held', flush=True); time.sleep(float(sys.argv[2]))"
)


@contextmanager
def other_writer(path: Path, seconds: float = 99) -> Iterator["subprocess.Popen[str]"]:
    """Another process that writes it for some seconds, or until the block ends."""
    line, environment = [sys.executable, "-c", HOLD, str(path), str(seconds)], os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout and writer.stdout.readline() == "held\n"
        yield writer
        writer.kill()


def test_a_second_writer_gives_up_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.0)
    with other_writer(tmp_path / "work") as writer:
        with pytest.raises(EnvironmentFault, match=f"process {writer.pid} on ") as error:
            hold(tmp_path / "work")
        assert error.value.place == str(tmp_path / "work")
        with pytest.raises(EnvironmentFault):
            hold(tmp_path / "work")
        hold(tmp_path / "other")
    hold(tmp_path / "work")
    hold(tmp_path / "work")  # this process' own
    release(tmp_path / "work")
    release(tmp_path / "other")
    assert list(tmp_path.iterdir()) == []


def test_it_waits_for_one_that_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And takes no lock for its own that the other one has removed."""
    with other_writer(tmp_path / "work", seconds=0.5) as writer:
        hold(tmp_path / "work")
        (said,) = capsys.readouterr().out.splitlines()
        assert said.startswith(f"{tmp_path}/work: process {writer.pid} on ") and said.endswith("waiting")
        assert writer.wait() == 0
    assert (tmp_path / ".work.lock").exists()
    release(tmp_path / "work")


def test_the_temporary_folder_of_a_model_is_one_writers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.0)
    with other_writer(tmp_path / ".m.tmp") as writer:
        (tmp_path / ".m.tmp").mkdir()
        with pytest.raises(EnvironmentFault, match=f"process {writer.pid} on "):
            fresh(tmp_path / "m")
    publish(fresh(tmp_path / "m"), tmp_path / "m")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_work_folder_of_training_or_sampling_is_one_writers(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.0)
    write_jsonl(tmp_path / "corpus.jsonl", corpus(4))
    problems = write_problems(tmp_path / "train.jsonl", 2)
    flags = ["--work", str(tmp_path / "work"), "--out", str(tmp_path / "m"), *as_flags(PROMPT, "prompt_")]
    recipe = as_flags({"epochs": 1, "learning_rate": 1e-3, "batch_size": 4})
    training = ["--base", str(model), "--corpus", str(tmp_path / "corpus.jsonl"), *recipe]
    sampling = ["--model", str(model), "--sampler", "m", "--problems", str(problems), "--max-tokens", "2"]
    with other_writer(tmp_path / "work" / "m"), pytest.raises(EnvironmentFault, match="work/m: process"):
        train.main([*flags, *training])
    with other_writer(tmp_path / "work" / "0-of-1"), pytest.raises(EnvironmentFault, match="work/0-of-1: process"):
        sample.main([*flags, *sampling])


def test_without_locks_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    hold(tmp_path / "work")
    release(tmp_path / "work")
