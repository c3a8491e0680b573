"""Is there room for what a study will write? Asked by the plan, and by every run before its first job."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import UserError
from micota.planning.assumptions import assumed
from micota.planning.costs import Workload, existing
from micota.planning.jobs import Job
from micota.planning.plan import least_disk
from micota.study.graph import Study


def free_bytes(folder: Path) -> int:
    """Free bytes of the file system where a folder is, or will be."""
    return shutil.disk_usage(existing(folder.absolute())).free


def check_room(study: Study, jobs: Sequence[Job]) -> None:
    """UserError if a study's results have no room for what its jobs will write, one after the other."""
    gpu = study.config.device == "cuda"
    check_disk(Path("results") / study.config.study, least_disk(jobs, Workload(study, gpu, assumed(gpu))))


def check_disk(folder: Path, needed: float) -> None:
    """UserError, with what to do, if `folder` has less room than the bytes that are needed at least."""
    free = free_bytes(folder)
    if needed > free:
        raise UserError(
            f"{folder}: this run needs at least about {gigabytes(needed)} of disk, {gigabytes(free)} are free."
            f" Free some, or make {folder.parts[0]} a link to a larger disk; `keep_merged: false` drops merged models"
            " when they have been sampled. `make plan` says what takes how much."
            " To run all the same: --config check_disk=False"
        )


def gigabytes(size: float) -> str:
    """1.234e9 -> "1.2 GB"; small sizes in MB."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB"
