"""A job that needs GPUs stops at once where torch finds too few, and says what to change."""

from pathlib import Path

import pytest
import torch

from micota.cli import UserError
from micota.devices import require_gpus
from scripts import alignment, base, judge, sample, train


def machine(monkeypatch: pytest.MonkeyPatch, gpus: int, build: str | None = "12.8") -> None:
    """Let torch report so many devices, and this build of CUDA."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
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
    work, prompt = f"--work={tmp_path}/work", '--prompt={"user": "{problem}"}'
    commands = {
        sample.main: [model, "--name=small", "--engine={}", "--tasks=[]", work, out],
        judge.main: [
            *[model, "--name=judge", prompt, "--engine={}", "--benchmarks=[]", "--problems=p", "--graded=g", work, out]
        ],
        alignment.main: [model, "--name=small", "--corpora", "short=c", prompt, out],
        train.main: ["--base=b", "--corpus=c", "--recipe={}", prompt, work, out],
        base.main: ['--base={"source": "local", "path": "nowhere"}', work, out],
    }  # fmt: skip
    for main, command in commands.items():
        with pytest.raises(UserError, match="this job needs 1 GPU, and torch finds 0"):
            main([*command, "--gpus=1"])
    assert not list(tmp_path.iterdir())
