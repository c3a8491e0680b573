"""Two processes on a CPU, joined by gloo, to test with; sharded by FSDP2 where accelerate is bent to do so."""

import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from micota.common.records import read_json, write_json
from micota.training import processes
from micota.training.settings import TrainingSettings
from tests.tiny import weights
from tests.trained import SETTINGS, train

TWO = SETTINGS.but(batch_size=2, processes=2)  # the global batch of SETTINGS


def in_two_processes(work: Callable[[], Any]) -> list[int]:
    """Run a function in two forked processes, with the environment a launcher gives; returns their exit codes."""
    import torch
    from torch.distributed import TCPStore

    torch.set_num_threads(1)  # no pool of threads, which a fork would lose
    # Where they meet. It is open before they start: a port that is only looked up might be taken by another test.
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    children = []
    for rank in range(2):
        child = os.fork()
        if child == 0:
            os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
            os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port)}
            os.environ |= {"TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "0"}
            try:
                work()
                os._exit(0)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def train_in_two(base: Path, folder: Path, settings: TrainingSettings, count: int = 16) -> dict[str, Any]:
    """As tests.trained.train, by two processes."""

    def work() -> None:
        report = train(base, folder, settings, count=count)
        if processes.is_first():
            write_json(folder / "report.json", report)

    assert in_two_processes(work) == [0, 0]
    return dict(read_json(folder / "report.json"))


def furthest(one: Path, other: Path) -> float:
    """The largest difference between two model folders' weights."""
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    return max(float((first[name].float() - second[name].float()).abs().max()) for name in first)


def as_launched(monkeypatch: pytest.MonkeyPatch, checkpointing: bool) -> None:
    """The environment that `accelerate launch` makes of config/accelerate/fsdp2.yaml."""
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils.launch import prepare_multi_gpu_env

    settings = TWO.but(sharding="fsdp2", gradient_checkpointing=checkpointing)
    line = processes.command("scripts.train", [], settings)[3:]
    args, _, _ = _validate_launch_command(launch_command_parser().parse_args(line))
    for name, value in prepare_multi_gpu_env(args).items():
        if name.startswith(("ACCELERATE_", "FSDP_")):
            monkeypatch.setenv(name, value)


def fsdp2_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make accelerate take gloo processes on a CPU for such on GPUs, at the one place where it turns FSDP down.

    All else is what runs on GPUs: torch's fully_shard, the trainer, its checkpoints, our saving.
    """
    from accelerate.state import AcceleratorState, PartialState
    from accelerate.utils import DistributedType

    original = AcceleratorState.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        shared = PartialState._shared_state
        sharded = os.environ.get("ACCELERATE_USE_FSDP") == "true"
        if sharded and shared.get("distributed_type") == DistributedType.MULTI_CPU:
            shared["distributed_type"] = DistributedType.MULTI_GPU
        original(self, *args, **kwargs)

    monkeypatch.setattr(AcceleratorState, "__init__", init)
