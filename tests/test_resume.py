"""A training that is killed, at whatever moment, ends in the weights of one that was not."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from micota.prompts import IGNORED
from micota.training import TrainingRows, job_key
from tests.tiny import same_weights, write_model
from tests.trained import SETTINGS, STEPS, rows_of, train


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "m")


@pytest.fixture(scope="module")
def unbroken(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken")
    assert train(base, folder)["steps"] == STEPS
    return folder / "out"


def kill_self(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_step(number: int) -> Callable[[pytest.MonkeyPatch], None]:
    """Die when the given step begins."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        from trl import SFTTrainer

        step = SFTTrainer.training_step

        def dying(self: Any, *args: Any, **kwargs: Any) -> Any:
            if self.state.global_step == number - 1:
                kill_self()
            return step(self, *args, **kwargs)

        monkeypatch.setattr(SFTTrainer, "training_step", dying)

    return patch


def die_in(method: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Die when the trainer calls a method for the second time."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        from trl import SFTTrainer

        original = getattr(SFTTrainer, method)
        calls = []

        def dying(self: Any, *args: Any, **kwargs: Any) -> Any:
            calls.append(method)
            return kill_self() if len(calls) == 2 else original(self, *args, **kwargs)

        monkeypatch.setattr(SFTTrainer, method, dying)

    return patch


def train_in_child(base: Path, folder: Path, patch: Callable[[pytest.MonkeyPatch], None]) -> int:
    """Train in a forked process, so that a real SIGKILL can end it; returns the signal that did."""
    import torch

    torch.set_num_threads(1)  # no pool of threads, which a fork would lose
    child = os.fork()
    if child == 0:
        try:
            patch(pytest.MonkeyPatch())
            train(base, folder)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status)


@pytest.mark.parametrize(
    ("deaths", "resumed_from"),
    [
        ([die_at_step(2)], 0),
        ([die_at_step(8)], 6),  # in the second epoch
        ([die_at_step(4), die_at_step(11)], 10),
        ([die_in("_save_optimizer_and_scheduler")], 2),  # a checkpoint with weights alone
        ([die_in("_save_rng_state")], 2),
    ],
    ids=["before a checkpoint", "in an epoch", "twice", "while saving", "while saving, later"],
)
def test_a_killed_training_ends_in_the_same_weights(
    base: Path,
    unbroken: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    deaths: list[Callable[[pytest.MonkeyPatch], None]],
    resumed_from: int,
) -> None:
    from trl import SFTTrainer

    for patch in deaths:
        assert train_in_child(base, tmp_path, patch) == signal.SIGKILL
    steps: list[int] = []
    step = SFTTrainer.training_step

    def counting(self: Any, *args: Any, **kwargs: Any) -> Any:
        steps.append(self.state.global_step)
        return step(self, *args, **kwargs)

    monkeypatch.setattr(SFTTrainer, "training_step", counting)
    report = train(base, tmp_path)
    assert steps == list(range(resumed_from, STEPS))
    assert report["steps"] == STEPS
    assert same_weights(tmp_path / "out", unbroken)
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize("change", ["settings", "seed", "model", "rows", "labels"])
def test_another_jobs_checkpoints_are_never_resumed(base: Path, tmp_path: Path, change: str) -> None:
    rows = rows_of(base)
    job: dict[str, Any] = {"model": base, "rows": rows, "settings": SETTINGS, "seed": 0}
    others: dict[str, Any] = {
        "settings": replace(SETTINGS, learning_rate=2e-3),
        "seed": 1,
        "model": write_model(tmp_path / "other", seed=1),
        "rows": rows_of(base, count=15),
    }
    other = job | {change: others[change]} if change in others else job
    if change == "labels":
        moved = [{**rows.rows[0], "labels": [IGNORED, *rows.rows[0]["labels"][1:-1], IGNORED]}, *rows.rows[1:]]
        other = job | {"rows": TrainingRows(moved, rows.counts)}
    assert job_key(**job) == job_key(**(job | {"rows": rows_of(base)}))
    assert job_key(**job) != job_key(**other)
