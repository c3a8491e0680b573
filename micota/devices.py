"""Whether the GPUs that a job counts on are there: the device is asked, not the cluster.

Slurm hands out GPUs by bookkeeping (gres), and CUDA_VISIBLE_DEVICES is a text: both may promise what no driver shows.
"""

import argparse
import os
import socket

from micota.cli import UserError


def add_gpus_flag(parser: argparse.ArgumentParser) -> None:
    """`--gpus N`, which the rules fill from the configuration's `device` and the stage's settings."""
    parser.add_argument("--gpus", type=int, default=0, help="stop at once where torch finds fewer; 0 asks for none")


def require_gpus(count: int) -> None:
    """Do nothing where torch finds at least `count` GPUs, or `count` is 0.

    Raises UserError with what was found, and what to change, where there are fewer.
    """
    if count == 0:
        return
    import torch

    found = torch.cuda.device_count()
    if found >= count:
        return
    build = torch.version.cuda
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if build is None:
        change = "install the environment for GPUs (make setup TORCH=cuda, or snakemake --sdm conda)"
    else:
        change = (
            "run it where they are (on a cluster: `gpu_partition` in the profile's default-resources; nvidia-smi shows"
            " what the driver sees), or ask for fewer (sampling.engine.tensor_parallel and .data_parallel,"
            " training.<recipe>.processes)"
        )
    raise UserError(
        f"this job needs {count} GPU{'s' * (count > 1)}, and torch finds {found} on {socket.gethostname()}"
        f" (torch {torch.__version__}, {f'CUDA {build}' if build else 'a build for CPUs alone'}; CUDA_VISIBLE_DEVICES"
        f" {'is not set' if visible is None else repr(visible)}): {change}. `device: auto` in the configuration takes"
        " what is there"
    )
