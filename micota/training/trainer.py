"""Supervised fine-tuning with TRL's SFTTrainer: one function for base models, teacher, assistant and students.

The trainer gets `input_ids` and `labels` that `micota.models.prompts.render` made, so TRL never touches a chat template
and never cuts an example: what is too long is dropped before, with a count.
"""

import shutil
from pathlib import Path
from typing import Any

from micota.common.errors import ModelError
from micota.common.locks import hold, release
from micota.models.finite import check_finite
from micota.models.folders import attention
from micota.models.loading import load_model
from micota.models.tokenizer import end_tokens
from micota.training import processes
from micota.training.checkpoints import job_key, last_checkpoint, make_room, note_hashes, note_rounding
from micota.training.rows import TrainingRows, examples_in_order
from micota.training.settings import TrainingSettings, check_packages

LOWER = "training made them so: lower learning_rate"


def fine_tune(
    model_folder: Path, tokenizer: Any, rows: TrainingRows, settings: TrainingSettings, seed: int, work: Path, out: Path
) -> dict[str, Any]:
    """Fine-tune the model of a folder, fill the folder `out`, and return what is worth recording.

    Checkpoints go to `work/{key}` and are resumed from. `work` belongs to this model alone, for of two equal trainings
    one would remove what the other writes; it is removed when the model has been written.
    With `settings.processes` > 1 each of these processes calls this function (micota.training.processes); the first one
    writes.

    Raises UserError where other processes or devices are found than the settings ask for, or another writer of `work`.
    """
    from datasets import Dataset

    check_packages(settings)
    if processes.is_first():
        hold(work)
    checkpoints = work / job_key(model_folder, rows, settings, seed)
    checkpoints.mkdir(parents=True, exist_ok=True)
    examples, epochs, strategy = examples_in_order(rows, settings, seed)
    told = arguments(settings, checkpoints, seed, epochs, strategy)
    processes.check_processes(told, settings)
    model = load(model_folder, settings)  # after the processes have met
    model.generation_config = token_ids(model.generation_config, end_tokens(model_folder, tokenizer))
    trainer = trainer_class(model_folder)(
        model=model, args=told, train_dataset=Dataset.from_list(examples), processing_class=tokenizer
    )
    report = train(trainer, settings, checkpoints)
    deliver(trainer, settings, out)
    if processes.is_first():
        tokenizer.save_pretrained(out)
        shutil.rmtree(work)
        release(work)
    return report


def arguments(settings: TrainingSettings, checkpoints: Path, seed: int, epochs: int, strategy: str) -> Any:
    """TRL's arguments for settings; `epochs` and `strategy` are those of micota.training.rows.examples_in_order."""
    import torch
    from trl import SFTConfig

    sharded = settings.sharding != "none"
    return SFTConfig(
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
        save_total_limit=2,  # should the last be damaged
        logging_steps=50,
        logging_nan_inf_filter=False,  # it would put a mean in place of a loss that is none
        disable_tqdm=True,  # the log is a file
        report_to="none",
        seed=seed,
        data_seed=seed,
        dataloader_pin_memory=torch.cuda.is_available(),
        ddp_find_unused_parameters=False,
        # Between the batches of a step FSDP2 would keep whole float32 gradients, 4 bytes a parameter, on every process.
        accelerator_config={"gradient_accumulation_kwargs": {"sync_each_batch": True}} if sharded else None,
    )


def trainer_class(base: Path) -> Any:
    """TRL's trainer, which stops at a loss that is no number, and whose checkpoints are whole and can be checked."""
    import torch
    from trl import SFTTrainer

    class Trainer(SFTTrainer):
        def training_step(self, *args: Any, **kwargs: Any) -> Any:
            loss = super().training_step(*args, **kwargs)
            if not torch.isfinite(loss):
                raise ModelError(
                    f"{base}: the loss is {float(loss)} in step {self.state.global_step + 1} of its training: lower"
                    f" learning_rate (it is {self.args.learning_rate:g}), or look at the weights it starts from"
                )
            return loss

        def _save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
            """At most two are on the disk at any time, the one that is being written included."""
            if self.args.should_save:
                make_room(Path(self.args.output_dir))
            super()._save_checkpoint(*args, **kwargs)
            if self.args.should_save:
                note_hashes(Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}")

        def _save_rng_state(self, output_dir: str) -> None:
            """Written by every process, before the first one marks the checkpoint as whole and removes the last."""
            super()._save_rng_state(output_dir)
            self.accelerator.wait_for_everyone()

    return Trainer


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
        return load_model(folder, **how)
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


def train(trainer: Any, settings: TrainingSettings, checkpoints: Path) -> dict[str, Any]:
    """Train from the last whole checkpoint, if there is one, and say how it went."""
    import torch
    from accelerate.utils import broadcast_object_list
    from torch.distributed.fsdp import MixedPrecisionPolicy

    processes.check_distributed_type(trainer.accelerator, settings)
    if settings.sharding != "none" and settings.dtype == "bfloat16":
        # accelerate's own policy would also add up gradients and hand on the log-likelihoods in bfloat16
        policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
        trainer.accelerator.state.fsdp_plugin.mixed_precision_policy = policy
    # The first process looks, and tells the others: a checkpoint is read whole to be checked.
    resumed = [last_checkpoint(checkpoints, settings.processes) if processes.is_first() else None]
    broadcast_object_list(resumed)
    made_with = note_rounding(checkpoints, settings) if processes.is_first() else []
    result = trainer.train(resume_from_checkpoint=resumed[0])
    loss = torch.tensor(result.training_loss, dtype=torch.float64, device=trainer.args.device)  # of this process
    loss = trainer.accelerator.reduce(loss, "mean")
    return {
        "steps": result.global_step,
        "loss": float(loss),
        "made_with": made_with,
        "log": [entry for entry in trainer.state.log_history if "loss" in entry],
    }


def deliver(trainer: Any, settings: TrainingSettings, out: Path) -> None:
    """Write the trained model in the dtype of the settings, as safetensors; every process calls, the first writes.

    Raises ModelError for weights that are no numbers, and writes nothing.
    """
    import torch
    from transformers import AutoModelForCausalLM

    dtype = getattr(torch, settings.dtype)
    if settings.sharding == "none":
        trainer.model.to(dtype)
        check_finite(trainer.model.state_dict(), out, LOWER)
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
        check_finite(kept, out, LOWER)
        whole.save_pretrained(out, state_dict=kept)
