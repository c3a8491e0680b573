"""A fingerprint of a machine's arithmetic, to say when two runs should have equal numbers.

Kinds of CPU round matrix products, exponentials and roots differently (wider vectors add in another order), and a
training makes another model of it: the same code and seeds then draw another teacher, assistant and students. Where
two machines agree in every bit of what is computed here, which is what a training and a sampler do in small, a run's
numbers are to be equal; elsewhere they are those of another draw (scripts/verify.py).
"""

import hashlib
import os
from pathlib import Path
from typing import Any

from micota.common.records import Record

SHAPE = {"hidden_size": 80, "intermediate_size": 240, "layers": 3, "heads": 2}  # of the miniature's small student
ROWS, LENGTH, STEPS = 8, 96, 3
# What `arithmetic: portable` sets for every job. Of 26 operations tried, all but sqrt, and what takes roots (AdamW),
# then agreed between an AVX-512 machine and one without AVX; a training takes about three times as long.
PORTABLE = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE"}


def portable() -> bool:
    """Whether this process computes with the instructions that every x86 has."""
    return all(os.environ.get(name) == value for name, value in PORTABLE.items())


def fingerprint() -> Record | None:
    """`sha256` of the results, and what they were computed with; None in an environment without torch."""
    try:
        import torch
        import transformers
    except ImportError:
        return None
    return {
        "sha256": results_hash(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "cpu": cpu(),
        "vectors": torch.backends.cpu.get_cpu_capability(),
        "portable": portable(),
    }


def cpu() -> str | None:
    """The processor's name, family and model: two kinds may share a name. None where /proc does not say."""
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return None
    lines = [line.partition(":") for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    fields = {name.strip(): value.strip() for name, _, value in lines}
    names = ("model name", "cpu family", "model")
    return ", ".join(fields[name] if name == names[0] else f"{name} {fields[name]}" for name in names if name in fields)


def exact(*shape: int) -> Any:
    """Numbers in [-1/2, 1/2) that every machine makes alike: multiples of 2^-16, by whole-number arithmetic."""
    import torch

    numbers = torch.arange(torch.Size(shape).numel(), dtype=torch.int64)
    return (((numbers * 40_503 + 12_345) % 65_536).float() / 65_536 - 0.5).reshape(shape)


def results_hash() -> str:
    """SHA-256 over the weights after a few steps of training, and what the model then says with and without a cache."""
    import torch

    from micota.models.scratch import build_model, build_tokenizer

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        tokenizer = build_tokenizer()
        model = build_model(tokenizer, SHAPE, 0)
        with torch.no_grad():
            for weight in model.parameters():
                weight.copy_(exact(*weight.shape) * 0.25 if weight.dim() == 2 else torch.ones_like(weight))
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
        ids = (torch.arange(ROWS * LENGTH, dtype=torch.int64) * 31 % len(tokenizer)).reshape(ROWS, LENGTH)
        for step in range(STEPS):
            rows = ids.roll(step, 1)
            model(input_ids=rows, labels=rows).loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
        with torch.inference_mode():
            read = model(input_ids=ids, use_cache=True)
            written = model(input_ids=ids[:, :1], past_key_values=read.past_key_values)
            likelihood = torch.log_softmax(read.logits, dim=-1)
        digest = hashlib.sha256()
        for tensor in [*model.parameters(), read.logits, written.logits, likelihood]:
            digest.update(tensor.detach().contiguous().numpy().tobytes())
        return digest.hexdigest()
    finally:
        torch.set_num_threads(threads)
