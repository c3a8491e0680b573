"""Whether the GPUs that a job counts on are there: the device is asked, not the cluster.

Slurm hands out GPUs by bookkeeping (gres), and CUDA_VISIBLE_DEVICES is a text: both may promise what no driver shows.
"""

import argparse
import os
import socket
from pathlib import Path

from micota.common.errors import EnvironmentFault

DRIVER = Path("/proc/driver/nvidia/version")  # there where NVIDIA's kernel driver is loaded


def add_gpus_flag(parser: argparse.ArgumentParser) -> None:
    """`--gpus N`, which the rules fill from the configuration's `device` and the stage's settings."""
    parser.add_argument("--gpus", type=int, default=0, help="stop at once where torch finds fewer; 0 asks for none")


def require_gpus(count: int) -> None:
    """Do nothing where torch finds, and can use, at least `count` GPUs.

    Raises UserError with what was found, and what to change, where there are fewer; and where the driver shows GPUs
    that torch cannot use, even if none is asked for: a job would else compute on the CPU without a word.
    """
    if count == 0 and not DRIVER.is_file():
        return
    import torch

    found = torch.cuda.device_count()  # by NVML, which any driver answers
    usable = torch.cuda.is_available()
    if found >= count and (usable or found == 0):
        return
    build = torch.version.cuda
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if build is None:
        change = "install the environment for GPUs (make setup TORCH=cuda, or snakemake --sdm conda)"
    elif found and not usable:
        change = (
            f"the driver is older than CUDA {build} needs (R580 or newer for CUDA 13; nvidia-smi shows it): update it,"
            " or run where it is newer; `device: cpu` in the configuration does without GPUs"
        )
    else:
        change = (
            "run it where they are (on a cluster: `gpu_partition` in the profile's default-resources; nvidia-smi shows"
            " what the driver sees), or ask for fewer (sampling.engine.tensor_parallel and .data_parallel,"
            " training.<recipe>.processes)"
        )
    asked = f"this job needs {count} GPU{'s' * (count > 1)}, and " if count else ""
    raise EnvironmentFault(
        f"{asked}torch finds {found} on {socket.gethostname()}{'' if usable or not found else ' and can use none'}"
        f" (torch {torch.__version__}, {f'CUDA {build}' if build else 'a build for CPUs alone'}; CUDA_VISIBLE_DEVICES"
        f" {'is not set' if visible is None else repr(visible)}): {change}"
        + (". `device: auto` in the configuration takes what is there" if not found or usable else "")
    )
