"""Supervised fine-tuning with TRL's SFTTrainer: one function for base models, teacher, assistant and students.

The trainer gets `input_ids` and `labels` that `micota.prompts.render` made, so TRL never touches a chat template and
never cuts an example: what is too long is dropped before, with a count.
"""

import hashlib
import json
import random
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from micota.cli import UserError
from micota.prompts import Prompt, render
from micota.records import Record, RecordError, read_json

STAGE_VERSION = 1  # raise when this module's results change: it is part of every training job's key


@dataclass(frozen=True)
class TrainingSettings:
    """Hyperparameters of one fine-tuning; names follow transformers' TrainingArguments where there is one."""

    epochs: int
    learning_rate: float
    batch_size: int  # examples (packed rows, with packing) on one device
    accumulation: int = 1
    scheduler: str = "cosine"
    warmup_ratio: float = 0.0
    weight_decay: float = 0.0
    adam_beta2: float = 0.999
    max_grad_norm: float = 1.0
    max_length: int = (
        4096  # tokens; longer examples are dropped, never cut (LlamaFactory #5231: cutting loses the end token)
    )
    packing: bool = False
    bucketed: bool = True  # batches of similar length in random order; not with packing
    dtype: str = "float32"
    gradient_checkpointing: bool = False
    attention: str = "sdpa"
    liger_kernel: bool = False
    save_steps: int = 500
    max_examples: int | None = None
    processes: int = 1
    sharding: str = "none"


@dataclass(frozen=True)
class TrainingRows:
    """Rows ready for the trainer and what became of every corpus row."""

    rows: list[dict[str, list[int]]]
    counts: dict[str, int]


def training_rows(corpus: Iterable[Record], tokenizer: Any, prompt: Prompt, settings: TrainingSettings) -> TrainingRows:
    """Render a corpus; rows over `max_length` tokens are dropped and counted.

    Raises UserError, with the counts, when nothing is left.
    """
    rows: list[dict[str, list[int]]] = []
    counts = {"read": 0, "kept": 0, "too_long": 0, "over_max_examples": 0}
    for record in corpus:
        counts["read"] += 1
        rendered = render(tokenizer, prompt, record["problem"], record["completion"])
        if len(rendered.input_ids) > settings.max_length:
            counts["too_long"] += 1
        else:
            rows.append({"input_ids": rendered.input_ids, "labels": rendered.labels})
    if settings.max_examples is not None and len(rows) > settings.max_examples:
        counts["over_max_examples"] = len(rows) - settings.max_examples
        # A sample, not the first ones: a mixed corpus is ordered by its parts.
        rows = [rows[i] for i in sorted(random.Random(0).sample(range(len(rows)), settings.max_examples))]
    counts["kept"] = len(rows)
    if not rows:
        raise UserError(f"no training example is left: {counts}; look at the corpus' counts file and at max_length")
    return TrainingRows(rows, counts)


def bucketed_order(lengths: list[int], batch_size: int, epochs: int, seed: int) -> list[int]:
    """Indices for `epochs` passes over the rows, such that consecutive batches hold rows of similar length.

    Rows are shuffled, sorted by length within windows of 50 batches, cut into batches, and the batches are shuffled.
    transformers' own `group_by_length` leaves the batches of a window sorted from long to short: a model that reads
    short CoT last in every window forgets the long one. Measured on the miniature's medium base: 0.47 nats a token on
    CoT of verbosity 0.8 that way (batches of 24), 0.08 with the batches in random order (batches of 16).
    """
    rng = random.Random(seed)
    order: list[int] = []
    incomplete: list[int] = []  # rows that fill no batch come last, or they would shift the batches behind them
    for _ in range(epochs):
        rows = list(range(len(lengths)))
        rng.shuffle(rows)
        window = 50 * batch_size
        for start in range(0, len(rows), window):
            rows[start : start + window] = sorted(rows[start : start + window], key=lambda i: lengths[i])
        batches = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
        if len(batches[-1]) < batch_size:
            incomplete += batches.pop()
        rng.shuffle(batches)
        order += [i for batch in batches for i in batch]
    return order + incomplete


def job_key(model: Path, rows: TrainingRows, settings: TrainingSettings, seed: int) -> str:
    """A hash of everything that shapes the weights: checkpoints are only ever resumed under the same key."""
    digest = hashlib.sha256(f"{STAGE_VERSION}|{asdict(settings)}|{seed}".encode())
    for path in sorted(model.glob("*.safetensors")):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for row in rows.rows:
        digest.update(json.dumps(row, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def last_checkpoint(folder: Path) -> str | None:
    """The newest whole checkpoint; one that a kill cut short, which lacks the file written last, is removed."""
    whole: dict[int, Path] = {}
    for path in folder.glob("checkpoint-*"):
        try:
            read_json(path / "trainer_state.json")
            whole[int(path.name.rpartition("-")[2])] = path
        except RecordError:
            shutil.rmtree(path)
    return str(whole[max(whole)]) if whole else None


def fine_tune(
    model_folder: Path, tokenizer: Any, rows: TrainingRows, settings: TrainingSettings, seed: int, work: Path, out: Path
) -> dict[str, Any]:
    """Fine-tune the model of a folder, fill the folder `out`, and return what is worth recording.

    Checkpoints go to `work/{key}` and are resumed from; the folder is removed when the model has been written.
    """
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig, SFTTrainer

    checkpoints = work / job_key(model_folder, rows, settings, seed)
    checkpoints.mkdir(parents=True, exist_ok=True)
    examples, epochs, strategy = rows.rows, settings.epochs, "random"
    if settings.bucketed and not settings.packing:
        lengths = [len(row["input_ids"]) for row in rows.rows]
        order = bucketed_order(lengths, settings.batch_size, settings.epochs, seed)
        examples, epochs, strategy = [rows.rows[i] for i in order], 1, "sequential"  # all passes, already in order
    model = AutoModelForCausalLM.from_pretrained(
        # Weights and optimiser stay float32 whatever the dtype, which is that of the computation (autocast): at a
        # learning rate of 1e-5 most updates of a bfloat16 weight would round to nothing.
        model_folder,
        dtype=torch.float32,
        attn_implementation=settings.attention,
        use_safetensors=True,
    )
    arguments = SFTConfig(
        output_dir=str(checkpoints),
        num_train_epochs=epochs,
        learning_rate=settings.learning_rate,
        per_device_train_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.accumulation,
        lr_scheduler_type=settings.scheduler,
        warmup_steps=settings.warmup_ratio,
        weight_decay=settings.weight_decay,
        adam_beta2=settings.adam_beta2,
        max_grad_norm=settings.max_grad_norm,
        max_length=settings.max_length if settings.packing else None,
        packing=settings.packing,
        train_sampling_strategy=strategy,
        bf16=settings.dtype == "bfloat16",
        gradient_checkpointing=settings.gradient_checkpointing,
        use_liger_kernel=settings.liger_kernel,
        use_cpu=not torch.cuda.is_available(),
        save_strategy="steps",
        save_steps=settings.save_steps,
        save_total_limit=1,
        logging_steps=50,
        disable_tqdm=True,  # the log is a file
        report_to="none",
        seed=seed,
        data_seed=seed,
        dataloader_pin_memory=torch.cuda.is_available(),
    )
    if arguments.world_size > 1 or arguments.n_gpu > 1:
        raise UserError(
            f"training runs in one process on one device, here are {arguments.world_size} processes and"
            f" {arguments.n_gpu} GPUs, which would multiply the batch size: set CUDA_VISIBLE_DEVICES to one of them"
        )
    trainer = SFTTrainer(
        model=model, args=arguments, train_dataset=Dataset.from_list(examples), processing_class=tokenizer
    )
    result = trainer.train(resume_from_checkpoint=last_checkpoint(checkpoints))
    model.to(getattr(torch, settings.dtype))
    trainer.save_model(str(out))
    (out / "training_args.bin").unlink(missing_ok=True)  # a pickle: delivered folders hold safetensors alone
    tokenizer.save_pretrained(out)
    shutil.rmtree(checkpoints)
    return {
        "steps": result.global_step,
        "loss": result.training_loss,
        "log": [entry for entry in trainer.state.log_history if "loss" in entry],
    }
