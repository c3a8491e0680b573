"""A job that needs GPUs stops at once where torch finds too few, and says what to change."""

from pathlib import Path

import pytest
import torch

from micota.common import devices
from micota.common.devices import require_gpus
from micota.common.errors import UserError
from scripts import base, judge, likelihood, sample, train


def machine(monkeypatch: pytest.MonkeyPatch, gpus: int, build: str | None = "12.8", usable: bool | None = None) -> None:
    """Let torch report so many devices, this build of CUDA, and whether it can use them (by default it can)."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0 if usable is None else usable)
    monkeypatch.setattr(torch.version, "cuda", build)


@pytest.mark.parametrize(("there", "asked"), [(0, 0), (1, 1), (8, 4)])
def test_enough_is_enough(monkeypatch: pytest.MonkeyPatch, there: int, asked: int) -> None:
    machine(monkeypatch, there)
    require_gpus(asked)


@pytest.mark.parametrize(
    ("there", "build", "visible", "said"),
    [
        (0, None, None, ["2 GPUs, and torch finds 0", "a build for CPUs alone", "TORCH=cuda", "is not set"]),
        (1, "12.8", "0", ["2 GPUs, and torch finds 1", "CUDA 12.8", "CUDA_VISIBLE_DEVICES '0'", "gpu_partition"]),
        (0, "12.8", "0,1", ["torch finds 0", "CUDA_VISIBLE_DEVICES '0,1'"]),  # promised, and not there
    ],
)
def test_too_few_is_an_error_that_says_what_to_change(
    monkeypatch: pytest.MonkeyPatch, there: int, build: str | None, visible: str | None, said: list[str]
) -> None:
    machine(monkeypatch, there, build)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    with pytest.raises(UserError) as error:
        require_gpus(2)
    assert all(part in str(error.value) for part in [*said, "device: auto"])


def test_every_script_that_uses_gpus_asks_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Before a model is loaded or a folder made: the files named here do not even exist."""
    machine(monkeypatch, 0)
    model, out = f"--model={tmp_path}/model", f"--out={tmp_path}/out"
    work, prompt = f"--work={tmp_path}/work", "--prompt-user={problem}"
    commands = {
        sample.main: [model, "--sampler=small", "--problems=p", prompt, work, out],
        judge.main: [
            *[model, "--name=judge", prompt, "--problems=p", "--graded=g", work, out]
        ],
        likelihood.main: [model, "--base=small", "--corpora", "short.jsonl", prompt, work, out],
        train.main: ["--base=b", "--corpus=c", prompt, work, out],
        base.main: ["--path=nowhere", work, out],
    }  # fmt: skip
    for main, command in commands.items():
        with pytest.raises(UserError, match="this job needs 1 GPU, and torch finds 0"):
            main([*command, "--gpus=1"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("asked", "driver"), [(8, True), (8, False), (0, True)])
def test_gpus_that_torch_cannot_use_are_no_gpus(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: int, driver: bool
) -> None:
    """An old driver: NVML counts 8 GPUs, CUDA does not start. A training would go on the CPU without a word."""
    machine(monkeypatch, 8, "13.0", usable=False)
    monkeypatch.setattr(devices, "DRIVER", tmp_path / "version")
    if driver:
        devices.DRIVER.touch()
    with pytest.raises(UserError, match=r"finds 8 on .* and can use none .*CUDA 13\.0.*R580 or newer.*device: cpu"):
        require_gpus(asked)


@pytest.mark.parametrize("gpus", [0, 1])
def test_where_none_is_asked_for_a_cpu_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, gpus: int) -> None:
    machine(monkeypatch, gpus, usable=bool(gpus))
    for driver in (tmp_path / "version", tmp_path):  # not there, or there and its devices hidden from this job
        monkeypatch.setattr(devices, "DRIVER", driver)
        require_gpus(0)
