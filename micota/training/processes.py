"""Training in several processes, a device each: started by `accelerate launch`, and checked to be what was asked for.

A script that trains calls `start` first. Where the recipe has several processes, and this is none of them yet, the
script's own process becomes the launcher, which runs the script once a process.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from micota.common.errors import EnvironmentFault

if TYPE_CHECKING:
    from micota.training.settings import TrainingSettings

# `sharding` of a recipe -> file that tells `accelerate launch` how
FILES = {"none": "ddp.yaml", "fsdp2": "fsdp2.yaml"}
FOLDER = Path(__file__).parents[2] / "config" / "accelerate"
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def launched() -> bool:
    """Whether a launcher (accelerate's or torch's) started this process."""
    return "LOCAL_RANK" in os.environ


def is_first() -> bool:
    """Whether this process is the one that writes: the only one, or the first of several."""
    return int(os.environ.get("RANK", "0")) == 0


def command(module: str, argv: Sequence[str], settings: "TrainingSettings") -> list[str]:
    """The command line that runs a module in `settings.processes` processes."""
    launcher = [sys.executable, "-m", "accelerate.commands.launch"]
    launcher += ["--config_file", str(FOLDER / FILES[settings.sharding])]
    launcher += ["--num_processes", str(settings.processes)]
    if settings.sharding == "fsdp2":
        launcher += ["--fsdp_activation_checkpointing", str(settings.gradient_checkpointing).lower()]
    return [*launcher, "-m", module, *argv]


def start(module: str, argv: Sequence[str] | None, settings: "TrainingSettings") -> None:
    """Go on where one process is asked for, or this is one of several; else become the launcher and never return.

    The launcher has the script's own process id: what ends the script (SIGTERM, SIGINT) reaches it, and it passes it
    on. Where it is killed outright, the kernel kills its processes: they live in sessions of their own, and would go
    on training beside the job that takes over their checkpoints.
    """
    if launched():
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    elif settings.processes > 1:
        become(command(module, sys.argv[1:] if argv is None else argv, settings))


def become(line: list[str]) -> NoReturn:
    """Replace this process by a command, whose modules are found as this one's are."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(line[0], line)


def check_processes(arguments: Any, settings: "TrainingSettings") -> None:
    """Raise UserError unless as many processes train together as the recipe says, on a device each.

    `arguments` are the trainer's (transformers' TrainingArguments).
    """
    import torch

    if arguments.n_gpu > 1:
        raise EnvironmentFault(
            f"one process sees {arguments.n_gpu} GPUs, over which the trainer would spread each batch: set"
            " CUDA_VISIBLE_DEVICES to one of them, or `processes` of the recipe to their number"
        )
    if arguments.world_size != settings.processes:
        raise EnvironmentFault(
            f"the recipe has processes: {settings.processes}, but {arguments.world_size} train together; start"
            " `python -m scripts.train` without a launcher: it starts its processes itself (from-scratch bases are"
            " trained in one)"
        )
    if torch.cuda.is_available() and torch.cuda.device_count() < settings.processes:
        raise EnvironmentFault(
            f"the recipe has processes: {settings.processes}, a GPU each, but {torch.cuda.device_count()} are visible:"
            " ask for more, or lower `processes` and raise `accumulation` by the same factor (same global batch)"
        )


def check_distributed_type(accelerator: Any, settings: "TrainingSettings") -> None:
    """Raise UserError unless the processes are joined the way the recipe says.

    Accelerate falls back silently: on a CPU, FSDP becomes MULTI_CPU, a whole copy in every process.
    """
    kinds = {"none": {"MULTI_CPU", "MULTI_GPU"} if settings.processes > 1 else {"NO"}, "fsdp2": {"FSDP version 2"}}
    found = accelerator.distributed_type.value
    if found == "FSDP":
        found += f" version {accelerator.state.fsdp_plugin.fsdp_version}"
    if found not in kinds[settings.sharding]:
        raise EnvironmentFault(
            f"the recipe has sharding: {settings.sharding} and processes: {settings.processes}, which is accelerate's"
            f" {' or '.join(sorted(kinds[settings.sharding]))}, but it set up {found} on {accelerator.device};"
            " sharding needs a GPU for every process, sharding: none does not"
        )
