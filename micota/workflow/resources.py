"""What a job takes of a machine: GPUs, threads, memory, minutes; and whether a cluster's profile has been filled in.

On one machine nobody reads memory or time; `gpu_job`, of which profiles/default allows one, keeps two jobs off one GPU.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from micota.common.errors import ConfigurationError
from micota.models.settings import ScratchBase
from micota.study.graph import Study

UNFILLED = "CHANGE-ME"
# Host memory. 8 GB hold the miniature's largest job five times over. For each GPU: weights pass through the host when a
# model is loaded, gathered or saved. Of a sharded training one process alone holds them there: 14B parameters in
# float32, and the bfloat16 that is saved, are 84 GB, of 488 GB that a job with 8 GPUs asks for.
MB, MB_PER_GPU = 8_000, 60_000

Profile = Mapping[str, Mapping[str, str]]  # "default-resources", or "set-resources: {rule}" -> key -> value
Count = Callable[[Any], int]


@dataclass(frozen=True)
class Gpus:
    """How many GPUs each kind of job of a study takes: none, unless its device is cuda."""

    study: Study

    def of(self, count: int) -> int:
        return count if self.study.config.device == "cuda" else 0

    @property
    def sampling(self) -> int:
        """Each replica of an engine has its own."""
        engine = self.study.config.sampling.engine
        return self.of(engine.tensor_parallel * engine.data_parallel)

    @property
    def judging(self) -> int:
        """One copy of the judge model."""
        return self.of(self.study.config.sampling.engine.tensor_parallel)

    @property
    def likelihood(self) -> int:
        return self.of(1)

    def training(self, recipe: str) -> int:
        return self.of(self.study.recipe(recipe).processes)

    def base(self, name: str) -> int:
        """Of the job that provides a base: none unless it is pre-trained there."""
        block = self.study.base_block(name)
        return self.training(block.recipe) if isinstance(block, ScratchBase) and self.study.pretrained(name) else 0


def training_threads(study: Study, recipe: str) -> int:
    """CPU threads of all processes of one training job."""
    return study.recipe(recipe).processes * study.recipe(recipe).threads


def memory_mb(gpus: int, attempt: int) -> int:
    """Host memory of a job in MB, more with each attempt."""
    return (MB + MB_PER_GPU * gpus) * attempt


def read_profile(settings: Any) -> Profile:
    """What the profile, if there is one, says for every rule, and for single ones; `settings` are Snakemake's."""
    blocks = {"default-resources": settings.default_resources or {}}
    blocks |= {f"set-resources: {rule}": keys for rule, keys in settings.overwrite_resources.items()}
    return {block: {key: str(keys[key].raw).strip("'\"") for key in keys} for block, keys in blocks.items()}


def gpu_resources(profile: Profile, gpus: Count, minutes: int) -> dict[str, Callable[..., Any]]:
    """Snakemake resources of a job that takes `gpus(wildcards)` GPUs of one node, in the profile's partition for them.

    Memory and time grow with each attempt. Without GPUs, or without a `gpu_partition`, it is the partition of all jobs.
    """
    defaults = profile["default-resources"]

    def partition(count: int) -> str | None:
        default = defaults.get("slurm_partition")
        return defaults.get("gpu_partition", default) if count else default

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
    raise ConfigurationError(
        f"{where}: {UNFILLED} still stands in {said}. Write your cluster's names there (`sinfo -s` lists partitions,"
        " `sacctmgr show associations user=$USER` accounts); remove the line of slurm_account where the cluster has no"
        " accounts, that of gpu_partition where one partition serves all jobs. A dry run without --profile needs none"
    )
