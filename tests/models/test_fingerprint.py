"""The fingerprint is the same wherever the arithmetic is, and another one where it is not."""

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from micota.models import fingerprint as module
from micota.models.fingerprint import PORTABLE, exact, fingerprint, portable, results_hash
from micota.models.prompts import Prompt
from micota.sampling.engine import Decoding, EngineSettings
from micota.sampling.sample import Item, Task, chunk_key
from micota.training.checkpoints import job_key
from micota.training.rows import TrainingRows
from micota.training.settings import TrainingSettings
from tests.project import ROOT, copy_project, output_of, snakemake


def in_another_process(**environment: str) -> str:
    """The hash that a process with these variables computes."""
    program = "from micota.models.fingerprint import results_hash; print(results_hash())"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return run.stdout.strip()


def test_it_is_the_same_again_in_another_process_and_with_more_threads() -> None:
    assert fingerprint() == fingerprint()
    assert results_hash() == in_another_process(OMP_NUM_THREADS="2")


@pytest.mark.skipif(torch.backends.cpu.get_cpu_capability() == "DEFAULT", reason="this machine has no wider vectors")
def test_other_instructions_give_another_one() -> None:
    """As on another kind of CPU: torch is told to do without this one's vectors."""
    assert in_another_process(ATEN_CPU_CAPABILITY="default") != results_hash()


@pytest.mark.parametrize("operation", ["exp", "matmul", "AdamW"])
def test_a_last_bit_in_any_operation_shows(monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    before = results_hash()
    if operation == "AdamW":
        real = torch.optim.AdamW
        monkeypatch.setattr(torch.optim, "AdamW", lambda weights, lr, **rest: real(weights, lr=lr * (1 + 1e-6), **rest))
    elif operation == "exp":
        log_softmax = torch.log_softmax
        monkeypatch.setattr(torch, "log_softmax", lambda *args, **rest: log_softmax(*args, **rest) * (1 + 1e-7))
    else:
        linear = torch.nn.functional.linear
        monkeypatch.setattr(torch.nn.functional, "linear", lambda *args: linear(*args) * (1 + 1e-7))
    assert results_hash() != before


def test_its_numbers_are_made_without_rounding() -> None:
    numbers = [Fraction(number) for number in exact(40, 50).flatten().tolist()]
    assert all(-Fraction(1, 2) <= number < Fraction(1, 2) and 65_536 % number.denominator == 0 for number in numbers)
    assert len(set(numbers)) == 2_000
    assert numbers[:3] == [Fraction((n * 40_503 + 12_345) % 65_536 - 32_768, 65_536) for n in range(3)]


def test_an_environment_without_torch_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert fingerprint() is None


def test_it_says_what_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "results_hash", lambda: "0" * 64)
    for name in PORTABLE:
        monkeypatch.delenv(name, raising=False)
    found = fingerprint()
    assert found and found["torch"] == torch.__version__ and not found["portable"] and not portable()
    for name, value in PORTABLE.items():
        monkeypatch.setenv(name, value)
    found = fingerprint()
    assert found and found["portable"]


@pytest.mark.parametrize(("setting", "wanted"), [("native", None), ("portable", "default COMPATIBLE")])
def test_the_jobs_of_a_portable_study_are_told(tmp_path: Path, setting: str, wanted: str | None) -> None:
    project = copy_project(tmp_path)
    look = "import os; seen = [os.environ.get('ATEN_CPU_CAPABILITY'), os.environ.get('MKL_CBWR')]\n"
    look += "if all(seen): open('seen', 'w').write(' '.join(seen))\n"
    (project / "sitecustomize.py").write_text(look, encoding="utf-8")  # the jobs' path holds the project
    run = snakemake(project, "results/mini/problems/loaded/train.jsonl", "--config", f"arithmetic={setting}")
    assert run.returncode == 0, output_of(run)
    seen = project / "seen"
    assert (seen.read_text(encoding="utf-8") if seen.exists() else None) == wanted


def test_another_arithmetic_makes_models_traces_and_likelihoods_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    base = ROOT / "reference" / "mini" / "bases" / "tiny"
    rows, settings = (
        TrainingRows([{"input_ids": [1], "labels": [1]}], {}),
        TrainingSettings(epochs=1, learning_rate=1e-3, batch_size=1),
    )
    task = Task(dataset="d", problems="p", prompt=Prompt(user="{problem}"), decoding=Decoding(max_tokens=8))

    def keys() -> list[str]:
        training = job_key(base, rows, settings, 0)
        return [
            training,
            chunk_key("m", "hash", EngineSettings(name="transformers"), task, [Item("d/0", 0, "t", (1,))]),
        ]

    for name in PORTABLE:
        monkeypatch.delenv(name, raising=False)
    native = keys()
    for name, value in PORTABLE.items():
        monkeypatch.setenv(name, value)
    assert all(one != other for one, other in zip(native, keys(), strict=True))
