"""Are a model's weights numbers? One NaN among them spreads to every loss, every trace and every merge."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from micota.common.errors import ModelError


def check_finite(weights: Mapping[str, Any], folder: Path, advice: str = "fetch or make the model again") -> None:
    """ModelError, with `folder` and the tensor's name, if a weight is NaN or infinite.

    `weights`: tensors by name, as of a loaded model's `state_dict()`; those of integers are left alone. It reads each
    once: a sum is finite only if all that it adds up is. (It may overflow all the same, so a bad sum is looked into.)
    """
    import torch

    for name, tensor in weights.items():
        if not tensor.is_floating_point() or torch.isfinite(tensor.sum(dtype=torch.float32)):
            continue
        bad = int((~torch.isfinite(tensor.float())).sum())  # no float8 knows isfinite
        if bad:
            raise ModelError(f"{folder}: {bad:,} of {tensor.numel():,} weights of {name} are NaN or infinite; {advice}")


def check_finite_files(folder: Path, files: Iterable[Path]) -> None:
    """The same of a folder's safetensors files, a tensor at a time."""
    from safetensors import safe_open

    for path in files:
        with safe_open(path, framework="pt") as handle:
            for name in handle.keys():  # noqa: SIM118 -- no mapping
                check_finite({name: handle.get_tensor(name)}, folder)
