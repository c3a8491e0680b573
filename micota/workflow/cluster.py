"""What a job asks a cluster for, and whether a cluster's profile has been filled in.

On one machine nobody reads memory or time; `gpu_job`, of which profiles/default allows one, keeps two jobs off one GPU.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from micota.common.cli import UserError

UNFILLED = "CHANGE-ME"
# Host memory. 8 GB hold the miniature's largest job five times over. For each GPU: weights pass through the host when a
# model is loaded, gathered or saved. Of a sharded training one process alone holds them there: 14B parameters in
# float32, and the bfloat16 that is saved, are 84 GB, of 488 GB that a job with 8 GPUs asks for.
MB, MB_PER_GPU = 8_000, 60_000

Count = Callable[[Any], int]


def memory_mb(gpus: int, attempt: int) -> int:
    """Host memory of a job in MB, more with each attempt."""
    return (MB + MB_PER_GPU * gpus) * attempt


def gpu_resources(gpus: Count, partition: Callable[[int], str | None], minutes: int) -> dict[str, Callable[..., Any]]:
    """Snakemake resources of a job that takes `gpus(wildcards)` GPUs of one node.

    Memory and time grow with each attempt. `partition` names the partition for jobs with so many GPUs.
    """
    return {
        "gpu": lambda wildcards: gpus(wildcards),
        "gpu_job": lambda wildcards: int(gpus(wildcards) > 0),
        "slurm_partition": lambda wildcards: partition(gpus(wildcards)),
        "mem_mb": lambda wildcards, attempt: memory_mb(gpus(wildcards), attempt),
        "runtime": lambda wildcards, attempt: minutes * attempt,
    }


def profile_files(arguments: Iterable[str]) -> list[Path]:
    """The files of the profiles that a command line of Snakemake (or SNAKEMAKE_PROFILE) names."""
    words = list(arguments)
    named = [after for word, after in pairwise(words) if word == "--profile"]
    named += [word.partition("=")[2] for word in words if word.startswith("--profile=")]
    named += filter(None, [os.environ.get("SNAKEMAKE_PROFILE")])
    folders = [folder for name in named for folder in (Path(name), Path("profiles") / name)]
    candidates = [folder / file for folder in folders for file in ("config.yaml", "profile.yaml")]
    return [path for path in [*candidates, *map(Path, named)] if path.is_file()]


def check_filled(resources: Mapping[str, Mapping[str, str]], arguments: Iterable[str]) -> None:
    """Refuse a profile in which a site's value was left out. `resources`: block of the profile -> key -> value.

    Raises UserError naming the file, the block and the keys.
    """
    missing = {block: [key for key, value in keys.items() if UNFILLED in value] for block, keys in resources.items()}
    if not any(missing.values()):
        return
    said = "; ".join(f"{block}: {', '.join(keys)}" for block, keys in missing.items() if keys)
    files = [path for path in profile_files(arguments) if UNFILLED in path.read_text(encoding="utf-8")]
    where = " or ".join(map(str, files)) or "the profile"
    raise UserError(
        f"{where}: {UNFILLED} still stands in {said}. Write your cluster's names there (`sinfo -s` lists partitions,"
        " `sacctmgr show associations user=$USER` accounts); remove the line of slurm_account where the cluster has no"
        " accounts, that of gpu_partition where one partition serves all jobs. A dry run without --profile needs none"
    )
