"""Is there room for what a study will write? Asked by the plan, by preflight, and by every run before its first job."""

from collections.abc import Sequence
from pathlib import Path

from micota.common.errors import NoRoom
from micota.common.files import free_bytes
from micota.planning.assumptions import assumed
from micota.planning.costs import Cost, Workload
from micota.planning.jobs import Job
from micota.study.graph import Study
from micota.study.tasks import sampled_datasets


def least_disk(jobs: Sequence[Job], workload: Workload) -> int:
    """Bytes that the jobs need at least: one after the other, in the order that takes the least.

    Bases come first, for they wait for nothing. Of the others it takes least to begin with those that need most beside
    what they leave behind: checkpoints, and merged models that go again. What waits for what can only make it more.
    """
    costs = [(job.rule != "base_model", workload.cost(job)) for job in jobs]
    held = peak = 0
    for _, cost in sorted(costs, key=lambda pair: (pair[0], -passing(pair[1]))):
        held += 0 if cost.temporary else round(cost.stored)
        peak = max(peak, held + passing(cost))
    return peak


def passing(cost: Cost) -> int:
    """Bytes that a job needs beside what it leaves behind."""
    return round(cost.passing + (cost.stored if cost.temporary else 0))


def jobs_left(study: Study, home: Path) -> list[Job]:
    """The jobs that write models and traces and whose outputs are not in `home` yet: what Snakemake would run of them.

    For preflight, which looks at a study without Snakemake. Numbers and what waits for what are left out.
    """
    config = study.config
    jobs = [
        Job(0, "sample", {"model": model, "shard": str(shard)})
        for model in study.models
        if sampled_datasets(study, model)
        for shard in range(config.sampling.shards)
        if not (home / "cot" / model / f"shard-{shard}.jsonl").exists()
    ]
    jobs += [
        Job(0, "likelihood", {"base": base})
        for base in config.students.bases
        if not (home / "likelihood" / f"{base}.jsonl").exists()
    ]
    imported = [name for name in study.imports if not (home / "imported" / f"{name}.jsonl").exists()]
    wanted = [job.wildcards.get("model") or job.wildcards["base"] for job in jobs]
    wanted += [study.around(name).learner for name in imported]
    jobs += [Job(0, "import_traces", {"imported": name}) for name in imported]
    if config.grading.judge and not (home / "judged.jsonl").exists():
        wanted.append(config.grading.judge.model)
    found = list(dict.fromkeys(wanted))
    for model in found:
        if (home / "models" / model).exists():
            continue
        if merge := study.merges.get(model):
            jobs.append(Job(0, "merge", {"merged": model}))
            reads = [merge.base, merge.tuned]
        elif tune := study.tunes.get(model):
            jobs.append(Job(0, "train", {"tuned": model}))
            reads = [tune.base]
        else:
            jobs.append(Job(0, "base_model", {"base": model}))
            reads = []
        found += [read for read in reads if read not in found]
    return jobs


def check_room(study: Study, jobs: Sequence[Job]) -> None:
    """UserError if a study's results have no room for what its jobs will write, one after the other."""
    workload = Workload(study, study.config.device == "cuda", assumed(study.config.device == "cuda"))
    check_disk(workload.home, least_disk(jobs, workload))


def check_disk(folder: Path, needed: float) -> None:
    """UserError, with what to do, if `folder` has less room than the bytes that are needed at least."""
    free = free_bytes(folder)
    if needed > free:
        raise NoRoom(
            f"{folder}: this run needs at least about {gigabytes(needed)} of disk, {gigabytes(free)} are free."
            f" Free some, or make {folder.parts[0]} a link to a larger disk; `keep_merged: false` drops merged models"
            " when they have been sampled. `make plan` says what takes how much."
            " To run all the same: --config check_disk=False"
        )


def gigabytes(size: float) -> str:
    """1.234e9 -> "1.2 GB"; small sizes in MB."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB"
