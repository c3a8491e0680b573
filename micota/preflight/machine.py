"""The checks of micota/preflight/models.py that look at memory, disk and the cluster's profile."""

from collections.abc import Iterator
from typing import Any

from micota.common.files import free_bytes
from micota.models.settings import ScratchBase
from micota.planning.disk import gigabytes, jobs_left, least_disk
from micota.planning.gpu_memory import job_bytes, pretrained_here, share
from micota.preflight.scene import Finding, Scene
from micota.study.graph import Tune
from micota.workflow.resources import UNFILLED

FULL = 0.9  # share of a GPU's memory from which on an estimate leaves no room for its own error
GIGA = 10**9


def gpu_needs(scene: Scene) -> Iterator[tuple[str, str, int]]:
    """Rule, model and bytes on one GPU of each kind of job that runs, trains or reads a model.

    Jobs on models made from one base are alike, and so are trainings of one base by one recipe: one stands for all.
    """
    config = scene.study.config
    jobs = [("sample", base) for base in scene.samplers]
    jobs += [("judge", config.grading.judge.model)] if config.grading.judge else []
    jobs += [("train", tuned) for tuned in scene.recipes.values()]
    jobs += [("base_model", base) for base in config.bases if pretrained_here(scene.study, base)]
    jobs += [("likelihood", base) for base in config.students.bases]
    for rule, model in jobs:
        yield rule, model, job_bytes(scene.study, rule, model, scene.sizes.shape(model))


def remedy(scene: Scene, rule: str, model: str) -> str:
    """What to do where a job does not fit."""
    made = scene.study.tunes[model] if rule == "train" else scene.study.config.bases.get(model)
    if isinstance(made, Tune) or (rule == "base_model" and isinstance(made, ScratchBase)):
        return f"raise training.{made.recipe}.processes with sharding fsdp2, or lower max_length"
    if rule == "likelihood":
        return f"lower likelihood.batch_size, or take more than {scene.gpu_bytes / GIGA:g} GB"
    return "raise sampling.engine.tensor_parallel, or lower max_model_len"


def check_memory(scene: Scene) -> Iterator[Finding]:
    """What each kind of job is estimated to need on one GPU, as the plan has it."""
    for rule, model, needed in gpu_needs(scene):
        room = scene.gpu_bytes * share(scene.study.config, rule)
        words = f"about {needed / GIGA:.1f} of {room / GIGA:.1f} GB on each GPU,"
        words += f" {scene.sizes.parameters(model) / GIGA:.2f} billion parameters"
        known = scene.sizes.known(scene.sizes.base_of(model))
        if isinstance(known, str):
            yield Finding("memory", f"{rule} {model}", "not checked", f"{known}; by its name {words}")
        elif needed > room:
            yield Finding("memory", f"{rule} {model}", "FAIL", f"{words}; {remedy(scene, rule, model)}")
        elif needed > FULL * room:
            yield Finding("memory", f"{rule} {model}", "warn", f"{words}: tight; {remedy(scene, rule, model)}")
        else:
            yield Finding("memory", f"{rule} {model}", "ok", words)


def check_disk(scene: Scene) -> Iterator[Finding]:
    """Room for what the study will write, as a run asks for it before its first job."""
    needed = least_disk(jobs_left(scene.study, scene.workload.home), scene.workload)
    free = free_bytes(scene.results)
    words = f"at least about {gigabytes(needed)} of models, checkpoints and traces, {gigabytes(free)} free for"
    words += f" {scene.results}"
    if unknown := [base for base in scene.study.bases if isinstance(scene.sizes.known(base), str)]:
        yield Finding("disk", "models", "not checked", f"the sizes of {', '.join(unknown)} are not known; {words}")
    elif needed > free:
        yield Finding("disk", "models", "FAIL", f"{words}; make room")
    else:
        yield Finding("disk", "models", "ok", words)


def check_profile(scene: Scene) -> Iterator[Finding]:
    """Nothing is left to be filled in."""
    if scene.profile is None:
        return
    import yaml

    path = scene.profile / "config.yaml"
    if not path.is_file():
        yield Finding("profile", str(scene.profile), "FAIL", f"{path}: no such file")
        return
    left = [key for key, value in flat(yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if UNFILLED in value]
    words = f"{path}: fill in {', '.join(left)}" if left else "nothing is left to be filled in"
    yield Finding("profile", str(scene.profile), "FAIL" if left else "ok", words)


def flat(tree: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Dotted key -> text of every value of a YAML document."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from flat(value, f"{key}.{name}".lstrip("."))
    else:
        yield key, str(tree)
