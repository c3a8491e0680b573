"""Supervised fine-tuning with TRL's SFTTrainer: one function for base models, teacher, assistant and students.

The trainer gets `input_ids` and `labels` that `micota.models.prompts.render` made, so TRL never touches a chat template
and never cuts an example: what is too long is dropped before, with a count.
"""

import hashlib
import json
import random
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from micota.common.cli import UserError
from micota.common.records import Record, RecordError, read_json
from micota.models.fingerprint import portable
from micota.models.folders import attention, end_tokens, weight_hashes
from micota.models.prompts import IGNORED, Prompt, render_row
from micota.training import processes
from micota.training.settings import TrainingSettings, check_packages

STAGE_VERSION = 1  # raise when this module's results change: it is part of every training job's key


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
        rendered = render_row(tokenizer, prompt, record)
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
    shaped_by = f"{STAGE_VERSION}|{settings.model_dump()}|{seed}{'|portable' if portable() else ''}"
    digest = hashlib.sha256(shaped_by.encode())
    for file_hash in weight_hashes(model).values():
        digest.update(bytes.fromhex(file_hash))
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


def examples_in_order(rows: TrainingRows, settings: TrainingSettings, seed: int) -> tuple[list[dict], int, str]:
    """What the trainer gets: examples, how often it passes over them, and its strategy for their order.

    Several processes take turns in one order, a batch each, so that together they see what one process would see in
    batches as large as all of theirs. Their last batches are filled up with examples without a label, which count
    nothing: left alone, accelerate would show some rows twice.
    """
    examples, together = rows.rows, settings.batch_size * settings.processes
    epochs, strategy = settings.epochs, "random"
    if settings.bucketed and not settings.packing:
        order = bucketed_order([len(row["input_ids"]) for row in examples], together, settings.epochs, seed)
        examples, epochs, strategy = [examples[i] for i in order], 1, "sequential"  # all passes, already in order
    if settings.processes > 1 and not settings.packing:
        blank = {"input_ids": examples[0]["input_ids"][:1], "labels": [IGNORED]}
        examples = examples + [blank] * (-len(examples) % together)
    return examples, epochs, strategy


def fine_tune(
    model_folder: Path, tokenizer: Any, rows: TrainingRows, settings: TrainingSettings, seed: int, work: Path, out: Path
) -> dict[str, Any]:
    """Fine-tune the model of a folder, fill the folder `out`, and return what is worth recording.

    Checkpoints go to `work/{key}` and are resumed from. `work` belongs to this model alone, for of two equal trainings
    one would remove what the other writes; it is removed when the model has been written.
    With `settings.processes` > 1 each of these processes calls this function (micota.training.processes); the first one
    writes.

    Raises UserError where other processes or devices are found than the settings ask for.
    """
    import torch
    from datasets import Dataset
    from torch.distributed.fsdp import MixedPrecisionPolicy
    from trl import SFTConfig, SFTTrainer

    class Trainer(SFTTrainer):
        def _save_rng_state(self, output_dir: str) -> None:
            """Written by every process, before the first one marks the checkpoint as whole and removes the last."""
            super()._save_rng_state(output_dir)
            self.accelerator.wait_for_everyone()

    check_packages(settings)
    checkpoints = work / job_key(model_folder, rows, settings, seed)
    checkpoints.mkdir(parents=True, exist_ok=True)
    examples, epochs, strategy = examples_in_order(rows, settings, seed)
    sharded = settings.sharding != "none"
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
        # FSDP does it itself, around its own units (micota.training.processes.command)
        gradient_checkpointing=settings.gradient_checkpointing and not sharded,
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
        ddp_find_unused_parameters=False,
        # Between the batches of a step FSDP2 would keep whole float32 gradients, 4 bytes a parameter, on every process.
        accelerator_config={"gradient_accumulation_kwargs": {"sync_each_batch": True}} if sharded else None,
    )
    processes.check_processes(arguments, settings)
    model = load(model_folder, settings)  # after the processes have met
    model.generation_config = token_ids(model.generation_config, end_tokens(model_folder, tokenizer))
    trainer = Trainer(
        model=model, args=arguments, train_dataset=Dataset.from_list(examples), processing_class=tokenizer
    )
    processes.check_distributed_type(trainer.accelerator, settings)
    if sharded and settings.dtype == "bfloat16":
        # accelerate's own policy would also add up gradients and hand on the log-likelihoods in bfloat16
        policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
        trainer.accelerator.state.fsdp_plugin.mixed_precision_policy = policy
    with arguments.main_process_first():  # it removes what a kill cut short
        resumed = last_checkpoint(checkpoints)
    result = trainer.train(resume_from_checkpoint=resumed)
    loss = torch.tensor(result.training_loss, dtype=torch.float64, device=arguments.device)  # of this process
    loss = trainer.accelerator.reduce(loss, "mean")
    save(trainer, settings, out)
    if processes.is_first():
        tokenizer.save_pretrained(out)
        shutil.rmtree(work)
    return {
        "steps": result.global_step,
        "loss": float(loss),
        "log": [entry for entry in trainer.state.log_history if "loss" in entry],
    }


def load(folder: Path, settings: TrainingSettings) -> Any:
    """The model to train, in float32; with FSDP its weights in the first process alone, which gives the others theirs.

    Weights and optimiser stay float32 whatever the dtype, which is that of the computation (autocast): at a learning
    rate of 1e-5 most updates of a bfloat16 weight would round to nothing.
    """
    import torch
    from accelerate import init_empty_weights
    from transformers import AutoConfig, AutoModelForCausalLM

    how = {
        "dtype": torch.float32,
        "attn_implementation": attention(folder, settings.attention, "attention"),
    }
    if settings.sharding == "none" or processes.is_first():
        return AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, **how)
    # transformers would fill a second copy of the model with zeros in each of these processes (#43749). Memory that
    # is never written to takes none.
    with init_empty_weights(include_buffers=False):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), **how)
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            empty = torch.empty_like(parameter, device="cpu")
            setattr(module, name, torch.nn.Parameter(empty, requires_grad=parameter.requires_grad))
    model.tie_weights()
    return model


def token_ids(defaults: Any, ends: list[int]) -> Any:
    """Of a model's generation defaults its token ids, with all that end a completion.

    transformers looks at the others when it saves, and refuses some (a temperature without do_sample): no checkpoint
    would ever be written. The study's configuration says how models are sampled.
    """
    from transformers import GenerationConfig

    return GenerationConfig(
        bos_token_id=defaults.bos_token_id,
        pad_token_id=defaults.pad_token_id,
        eos_token_id=ends[0] if len(ends) == 1 else ends,
    )


def save(trainer: Any, settings: TrainingSettings, out: Path) -> None:
    """Write the trained model in the dtype of the settings, as safetensors; every process calls, the first writes."""
    import torch
    from transformers import AutoModelForCausalLM

    dtype = getattr(torch, settings.dtype)
    if settings.sharding == "none":
        trainer.model.to(dtype)
        trainer.save_model(str(out))
        if processes.is_first():
            (out / "training_args.bin").unlink()  # a pickle: delivered folders hold safetensors alone
        return
    weights = trainer.accelerator.get_state_dict(trainer.model)  # gathered in the first process' memory, float32
    if processes.is_first():
        with torch.device("meta"):  # the shape of the whole model, to be saved without its own weights
            whole = AutoModelForCausalLM.from_config(trainer.model.config, dtype=dtype)
        whole.generation_config = trainer.model.generation_config
        tied = whole.all_tied_weights_keys  # kept once, as under the other name
        kept = {name: tensor.to(dtype) for name, tensor in weights.items() if name not in tied}
        whole.save_pretrained(out, state_dict=kept)
