"""The checks of micota/preflight/models.py that look at memory, disk and the cluster's profile."""

from collections.abc import Iterator
from typing import Any

from micota.common.hub import reason
from micota.corpora.kinds import Sampled
from micota.planning.disk import free_bytes
from micota.planning.gpu_memory import BYTES, CHECKPOINT, Shape, sampling_bytes, scoring_bytes, training_bytes
from micota.preflight.scene import Finding, Model, Scene
from micota.workflow.resources import UNFILLED

FULL = 0.9  # share of a GPU's memory from which on an estimate leaves no room for its own error
GIGA = 10**9


def shape_of(model: Model) -> Shape | str:
    """A model's shape, or why there is none."""
    try:
        return Shape.of(model.config, model.parameters)
    except (KeyError, ValueError, OSError) as error:
        return f"config.json does not say its shape ({reason(error)})"


def check_memory(scene: Scene) -> Iterator[Finding]:
    """What each kind of job is estimated to need on one GPU."""
    config = scene.study.config
    engine = config.sampling.engine
    jobs = [("sample", base, "") for base in scene.samplers]
    jobs += [("judge", config.grading.judge.model, "")] if config.grading.judge else []
    jobs += [("train", base, recipe) for base, recipe in scene.recipes]
    jobs += [("alignment", base, "") for base in config.students.bases]
    longest = max([b.max_tokens or 0 for b in config.corpora.values() if isinstance(b, Sampled)], default=0)
    for rule, base, recipe in jobs:
        subject = f"{rule} {scene.recipes[base, recipe] if recipe else base}"
        if base not in scene.at_hand:
            yield Finding("memory", subject, "not checked", f"{base} is not at hand")
            continue
        shape = shape_of(scene.at_hand[base])
        if isinstance(shape, str):
            yield Finding("memory", subject, "not checked", shape)
            continue
        room, remedy = scene.gpu_bytes, f"lower alignment.batch_size, or take more than {scene.gpu_bytes / GIGA:g} GB"
        if rule == "train":
            needed = training_bytes(shape, config.training[recipe])
            remedy = f"raise training.{recipe}.processes with sharding fsdp2, or lower max_length"
        elif rule == "alignment":
            tokens = config.alignment.batch_size * (longest or config.sampling.training.max_tokens)
            needed = scoring_bytes(shape, engine.dtype, tokens)
        else:
            needed = sampling_bytes(shape, engine)
            room *= engine.gpu_memory_utilization if engine.name == "vllm" else 1
            remedy = "raise sampling.engine.tensor_parallel, or lower max_model_len"
        words = f"about {needed / GIGA:.1f} of {room / GIGA:.1f} GB on each GPU, {shape.parameters / GIGA:.2f} billion"
        words += " parameters"
        if needed > room:
            yield Finding("memory", subject, "FAIL", f"{words}; {remedy}")
        elif needed > FULL * room:
            yield Finding("memory", subject, "warn", f"{words}: tight; {remedy}")
        else:
            yield Finding("memory", subject, "ok", words)


def check_disk(scene: Scene) -> Iterator[Finding]:
    """Room for every model that the study keeps, and for the largest training's two checkpoints."""
    config, study = scene.study.config, scene.study
    if missing := [name for name in study.bases if name not in scene.at_hand]:
        yield Finding("disk", "models", "not checked", f"the sizes of {', '.join(missing)} are not known")
        return
    shapes = {name: shape_of(model) for name, model in scene.at_hand.items()}
    sizes = {name: shape.parameters for name, shape in shapes.items() if isinstance(shape, Shape)}
    if missing := [name for name in shapes if name not in sizes]:
        yield Finding("disk", "models", "not checked", f"the sizes of {', '.join(missing)} are not known")
        return
    said = {name: model.config.get("dtype") or model.config.get("torch_dtype") for name, model in scene.at_hand.items()}
    stored = {name: BYTES.get(str(dtype), 2) for name, dtype in said.items()}
    needed = sum(sizes[name] * stored[name] for name in study.bases)
    needed += sum(sizes[tune.base] * BYTES[config.training[tune.recipe].dtype] for tune in study.tunes.values())
    needed += sum(sizes[merge.base] * BYTES[config.merge_dtype] for merge in study.merges.values())
    # The last one goes when the next is whole.
    needed += 2 * CHECKPOINT * max((sizes[tune.base] for tune in study.tunes.values()), default=0)
    free = free_bytes(scene.results)
    words = f"about {needed / GIGA:.1f} GB of models and checkpoints, {free / GIGA:.1f} GB free for {scene.results}"
    yield Finding("disk", "models", "ok" if needed < free else "FAIL", words + ("" if needed < free else "; make room"))


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
