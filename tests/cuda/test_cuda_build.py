"""What only the CUDA builds of torch and vLLM can show, on a machine without a GPU: `make test-cuda-build`."""

import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from micota.common.devices import require_gpus
from micota.common.errors import UserError
from micota.sampling import vllm_engine
from micota.sampling.engine import EngineSettings
from micota.sampling.vllm_engine import VllmEngine
from tests.tiny import ROOT, same_weights, write_model
from tests.trained import train

pytestmark = pytest.mark.skipif(torch.version.cuda is None, reason="torch is a build for CPUs: make test-cuda-build")

# A sampler's order: torch is asked for GPUs, then vLLM is imported and starts a process, which looks for CUDA.
PROGRAM = """
import torch
from micota.sampling.engine import EngineSettings
from micota.sampling.vllm_engine import VllmEngine

def look(answers):
    try:
        torch.cuda.init()
        answers.put("CUDA")
    except Exception as error:
        answers.put(str(error))

if __name__ == "__main__":
    import vllm
    vllm.LLM = lambda **settings: None
    VllmEngine("m", None, EngineSettings(name="vllm"), 1)
    torch._C._cuda_getDeviceCount = lambda: 1  # a driver that is there; is_available() has been called before
    from vllm.utils.system_utils import get_mp_context
    context = get_mp_context()
    answers = context.Queue()
    process = context.Process(target=look, args=(answers,))
    process.start()
    print(context.get_start_method(), "|", answers.get())
    process.join()
"""


def test_vllms_processes_can_use_cuda_after_torch_was_asked_for_it(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, str(tmp_path / "program.py")],
        cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    method, _, said = run.stdout.strip().splitlines()[-1].partition(" | ")
    assert method == "spawn"
    assert "forked subprocess" not in said


def test_vllm_is_told_what_it_listens_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of our variables are those of this version, and so are the arguments of LLM."""
    import vllm
    from vllm import EngineArgs, envs
    from vllm.usage import usage_lib

    given: dict[str, Any] = {}
    for name in vllm_engine.VLLM_ENVIRONMENT:
        assert name in envs.environment_variables
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(vllm, "LLM", lambda **settings: given.update(settings))
    VllmEngine("m", None, EngineSettings(name="vllm", max_num_seqs=128), 1)
    assert given.keys() <= inspect.signature(EngineArgs).parameters.keys()
    assert envs.VLLM_WORKER_MULTIPROC_METHOD == "spawn"
    assert not envs.VLLM_USE_FLASHINFER_SAMPLER
    assert not usage_lib.is_usage_stats_enabled()


def test_a_job_that_needs_gpus_says_that_there_are_none() -> None:
    with pytest.raises(UserError, match=rf"torch finds 0 on .*CUDA {torch.version.cuda}"):
        require_gpus(1)


@pytest.mark.parametrize("name", ["accelerate", "mergekit", "snakemake", "transformers", "trl", "vllm"])
def test_what_a_study_imports_is_there(name: str) -> None:
    assert isinstance(__import__(name), ModuleType)


def test_training_and_sampling_run_on_a_cpu_all_the_same(tmp_path: Path) -> None:
    """The same weights twice, and a trace of each problem."""
    from scripts import sample
    from tests.tiny import PROMPT, write_problems

    base = write_model(tmp_path / "base")
    for name in ("one", "two"):
        train(base, tmp_path / name)
    assert same_weights(tmp_path / "one" / "out", tmp_path / "two" / "out")
    problems = write_problems(tmp_path / "p.jsonl", 3)
    line = ["--model", str(tmp_path / "one" / "out"), "--sampler", "m", "--problems", str(problems)]
    line += ["--prompt-user", PROMPT["user"], "--max-tokens", "8", "--engine-max-model-len", "256"]
    line += ["--work", str(tmp_path / "w"), "--out", str(tmp_path / "t.jsonl")]
    sample.main(line)
    assert len((tmp_path / "t.jsonl").read_text().splitlines()) == 3
