"""What one job of a study costs: tokens, FLOP, seconds on an assumed device, bytes on disk, GPUs and memory.

Training takes 6 FLOP a parameter and token, 8 with gradient checkpointing (the forward pass is made twice), reading
2 (Kaplan et al. 2020, arXiv 2001.08361, section 2.1). Decoding reads the weights and the cache of all sequences at
every step, and is bound by that. A job's seconds are `start + work`, so that a pilot can fit both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, fsum
from pathlib import Path
from typing import Any

from micota.common.files import existing
from micota.models.folders import has_weights
from micota.models.merging import SHARD_BYTES
from micota.models.settings import HubBase, ScratchBase
from micota.planning.assumptions import Assumption
from micota.planning.expected_lengths import Lengths, Measured, problem_count
from micota.planning.gpu_memory import BYTES, CHECKPOINT, job_bytes, pretrained_here, share
from micota.planning.jobs import Job
from micota.planning.model_sizes import ModelSizes
from micota.study.graph import Study
from micota.study.tasks import tasks

SHARD = 5e9  # bytes of a safetensors file, a usual size on the hub
TOKENIZER_FILES = 8  # and configuration, of a model folder


@dataclass(frozen=True)
class Cost:
    """Of one job; seconds on the assumed device, bytes of files, bytes of memory on the host and on one GPU."""

    start: float = 0.0
    work: float = 0.0
    cores: int = 1
    gpus: int = 0
    sampled: float = 0.0  # tokens written
    trained: float = 0.0  # tokens learned from
    stored: float = 0.0  # files that stay
    passing: float = 0.0  # checkpoints, gone when the job ends
    temporary: bool = False  # what is stored goes when nobody needs it any more
    download: float = 0.0
    host: float = 0.0
    gpu: int = 0
    gpu_share: float = 1.0  # of a GPU's memory that the job may fill
    files: int = 2  # a log and an output


class Workload:
    """Costs of a study's jobs on an assumed device. `gpu` plans jobs of models on GPUs, else one core each.

    What a job writes does not depend on the device. `results` is the folder that holds the study's own.
    """

    def __init__(
        self,
        study: Study,
        gpu: bool,
        assumed: Mapping[str, Assumption],
        measured: Measured | None = None,
        results: Path = Path("results"),
    ) -> None:
        self.study = study
        self.gpu = gpu
        self.device = {name: assumption.value for name, assumption in assumed.items()}
        self.lengths = Lengths(study, assumed, measured)
        self.home = results / study.config.study
        self.sizes = ModelSizes(study, self.home)

    def cost(self, job: Job) -> Cost:
        """What a job costs; a rule that has no model of its own is a small job."""
        match job.rule, job.wildcards:
            case "sample", {"model": model}:
                return self.sample(model)
            case "train", {"tuned": tuned}:
                return self.train(tuned)
            case "merge", {"merged": merged}:
                return self.merge(merged)
            case "base_model", {"base": base}:
                return self.base_model(base)
            case "likelihood", {"base": base}:
                return self.likelihood(base)
            case "judge", _:
                return self.judge()
            case "grade", {"model": model}:
                traces = [
                    problem_count(self.study, task.problems) * task.decoding.n for task in tasks(self.study, model)
                ]
                return self.grade(sum(traces))
            case "grade_imported", {"imported": corpus}:
                return self.grade(problem_count(self.study, self.study.imports[corpus]))
            case "import_traces", {"imported": corpus}:
                return self.import_traces(corpus)
        return Cost(start=self.device["small_job"], host=5e8)

    # --- models ------------------------------------------------------------------------------------------------

    def parameters(self, model: str) -> int:
        return self.sizes.parameters(model)

    def weights(self, model: str) -> int:
        """Bytes of a model's weights as the engine loads them."""
        return self.parameters(model) * BYTES[self.study.config.sampling.engine.dtype]

    def on_gpu(self, rule: str, model: str, gpus: int) -> dict[str, Any]:
        """What a job takes of GPUs, where the plan is for some: their number, and of each its memory."""
        if not self.gpu:
            return {}
        needed = job_bytes(self.study, rule, model, self.sizes.shape(model))
        return {"gpus": gpus, "gpu": needed, "gpu_share": share(self.study.config, rule)}

    @property
    def together(self) -> float:
        """Sequences that the engine decodes together at most, if their cache fits."""
        return self.study.config.sampling.engine.max_num_seqs or self.device["concurrency"]

    @property
    def step(self) -> float:
        """Seconds of a decoding step beside what it reads."""
        return self.device["eager_step" if self.study.config.sampling.engine.enforce_eager else "decoding_step"]

    def model_files(self, size: float, shard: float = SHARD) -> int:
        return TOKENIZER_FILES + ceil(size / shard)

    # --- jobs --------------------------------------------------------------------------------------------------

    def sample(self, model: str) -> Cost:
        """One shard of a model's traces."""
        engine, device, lengths = self.study.config.sampling.engine, self.device, self.lengths
        count, weights = self.parameters(model), self.weights(model)
        asked = [
            (
                task.problems,
                problem_count(self.study, task.problems) * task.decoding.n / self.study.config.sampling.shards,
                min(task.decoding.max_tokens, engine.max_model_len - lengths.prompt(task.problems)),
            )
            for task in tasks(self.study, model)
        ]
        means = {name: min(room, lengths.trace(model, name)) for name, _, room in asked}
        longest = {name: max(means[name], lengths.longest(model, name, rows, room)) for name, rows, room in asked}
        written = fsum(rows * means[name] for name, rows, _ in asked)
        read = fsum(rows * lengths.prompt(name) for name, rows, _ in asked)
        if engine.name == "vllm":  # one queue of everything; copies share it
            tensor, copies = (engine.tensor_parallel, engine.data_parallel) if self.gpu else (1, 1)
            mean = fsum(means[name] * rows for name, rows, _ in asked) / fsum(rows for _, rows, _ in asked)
            cache = self.sizes.shape(model).cache_bytes(engine.dtype) * mean
            room_for_cache = tensor * device["memory"] * engine.gpu_memory_utilization - weights
            together = max(1.0, min(self.together, room_for_cache / cache, read + written))
            steps = max(written / copies / together, *longest.values())
            computed, in_flight = written / copies, together * cache / 2
        else:  # batches of similar prompts in lockstep: each takes as long as its longest trace
            tensor, copies = 1, 1
            batches = {name: self.batches(rows) for name, rows, _ in asked}
            steps = fsum(batches[name] * longest[name] for name, _, _ in asked)
            computed, in_flight = fsum(rows * longest[name] for name, rows, _ in asked), 0.0
        bandwidth = device["bandwidth"] * device["decoding_bandwidth"] * tensor
        flops = device["flops"] * device["decoding_mfu"] * tensor
        step = self.step + (weights + in_flight) / bandwidth
        text = (written + read) * device["bytes_a_token"] * device["copies_of_traces"]
        return Cost(
            start=device["sampling_start"] + weights / device["disk"],
            work=steps * step + 2 * count * (computed + read / copies) / flops,
            **self.on_gpu("sample", model, tensor * copies),
            sampled=written,
            stored=text,
            host=2e9 + weights,
            files=5 + ceil(fsum(rows for _, rows, _ in asked) / engine.chunk_size),
        )

    def batches(self, rows: float) -> int:
        """Batches of the transformers engine for so many prompts of one data set."""
        engine = self.study.config.sampling.engine
        whole, rest = divmod(ceil(rows), engine.chunk_size)
        return whole * ceil(engine.chunk_size / engine.batch_size) + ceil(rest / engine.batch_size)

    def train(self, tuned: str) -> Cost:
        tune = self.study.tunes[tuned]
        recipe = self.study.config.training[tune.recipe]
        rows = min(self.lengths.rows(tune.corpus), recipe.max_examples or self.lengths.rows(tune.corpus))
        prompt = self.lengths.prompt(self.study.config.training_problems)
        mean = min(recipe.max_length, prompt + self.lengths.corpus(tune.corpus))
        return self.training("train", tuned, tune.recipe, rows, mean)

    def training(self, rule: str, model: str, recipe_name: str, rows: float, mean: float) -> Cost:
        """A fine-tuning on so many rows of so many tokens each."""
        recipe, device, count = self.study.config.training[recipe_name], self.device, self.parameters(model)
        devices = recipe.processes if self.gpu else 1
        tokens = rows * mean * recipe.epochs
        batches = (tokens / recipe.max_length if recipe.packing else rows * recipe.epochs) / recipe.batch_size / devices
        steps = batches * devices / recipe.processes / recipe.accumulation
        flops = (8 if recipe.gradient_checkpointing else 6) * count * tokens
        checkpoint = CHECKPOINT * count  # one is kept while the next is written, and so two after
        sharded = devices if recipe.sharding != "none" else 1
        size = count * BYTES[recipe.dtype]
        return Cost(
            start=device["start"] + 4 * count / device["disk"],
            work=flops / (device["flops"] * device["training_mfu"] * devices) + batches * device["training_step"],
            **self.on_gpu(rule, model, devices),
            trained=tokens,
            stored=size,
            passing=checkpoint * (2 if steps > recipe.save_steps else 1),
            # With FSDP one process alone reads the weights; it gathers them again, and in another dtype, to save them.
            host=2e9 * devices + (4 * count + size if sharded > 1 else 4 * count * devices),
            files=2 + self.model_files(size),
        )

    def merge(self, merged: str) -> Cost:
        count, device = self.parameters(merged), self.device
        size = count * BYTES[self.study.config.merge_dtype]
        return Cost(
            start=device["start"],
            work=count / device["merging"] + 3 * size / device["disk"],
            stored=size,
            temporary=not self.study.config.keep_merged,
            # A shard of the output, and copies of the largest tensor: 3.4 GB were seen at 1 GB of weights, 4.6 at 6.2.
            host=2e9 + SHARD_BYTES + size / 2,
            files=2 + self.model_files(size, SHARD_BYTES),
        )

    def base_model(self, base: str) -> Cost:
        """A training from scratch, a copied folder, or a download (linked from the hub's cache)."""
        block = self.sizes.blocks[base]
        if isinstance(block, ScratchBase) and pretrained_here(self.study, base):
            mean = self.lengths.prompt(self.study.config.training_problems)
            mean += self.lengths.demonstration(block.demonstrations)
            return self.training("base_model", base, block.recipe, block.demonstrations.count, mean)
        size, source = self.sizes.stored(base), self.sizes.source(base)
        files = 2 + self.model_files(size)
        if isinstance(block, HubBase) and not (source and has_weights(source)):
            seconds = size / self.device["download"]
            return Cost(start=5, work=seconds, stored=size, download=size, host=1e9, files=files)
        cached = source if isinstance(block, HubBase) else None
        linked = cached is not None and cached.stat().st_dev == existing(self.home).stat().st_dev
        return Cost(start=1, stored=0 if linked else size, host=1e9, files=files)

    def likelihood(self, base: str) -> Cost:
        """Reading corpora: 2 FLOP a parameter and token."""
        likelihood, device, count = self.study.config.likelihood, self.device, self.parameters(base)
        rows = {name: self.lengths.rows(name) for name in self.study.likely(base)}
        prompt = self.lengths.prompt(self.study.config.training_problems)
        means = {name: prompt + self.lengths.corpus(name) for name in rows}
        tokens = fsum(rows[name] * means[name] for name in rows)
        steps = sum(rows.values()) / likelihood.batch_size
        return Cost(
            start=device["start"] + self.weights(base) / device["disk"],
            work=2 * count * tokens / (device["flops"] * device["scoring_mfu"]) + steps * device["training_step"],
            **self.on_gpu("likelihood", base, 1),
            stored=sum(rows.values()) * 120,  # a short record each
            host=2e9 + self.weights(base),
        )

    def judge(self) -> Cost:
        """The judge model reads the answers that the string rule rejects."""
        assert self.study.config.grading.judge
        judge, device = self.study.config.grading.judge, self.device
        engine, weights = self.study.config.sampling.engine, self.weights(judge.model)
        problems = sum(problem_count(self.study, name) for name in self.study.judged_benchmarks)
        answers = problems * len(self.study.evaluated) * device["judged"]
        tensor = engine.tensor_parallel if self.gpu and engine.name == "vllm" else 1
        tokens = answers * 2 * device["prompt_tokens"]
        step = self.step + weights / (device["bandwidth"] * device["decoding_bandwidth"] * tensor)
        steps = judge.max_tokens * ceil(answers / self.together)
        flops = device["flops"] * device["decoding_mfu"] * tensor
        return Cost(
            start=device["sampling_start"] + weights / device["disk"],
            work=steps * step + 2 * self.parameters(judge.model) * tokens / flops,
            **self.on_gpu("judge", judge.model, tensor),
            sampled=answers * judge.max_tokens,
            host=2e9 + weights,
        )

    def import_traces(self, corpus: str) -> Cost:
        """Reading and tokenising; one trace a problem, which stands in imported/ and in graded/."""
        traces, device = problem_count(self.study, self.study.imports[corpus]), self.device
        text = traces * self.lengths.corpus(corpus) * device["bytes_a_token"]
        return Cost(start=device["small_job"], work=text / device["tokenising"], stored=2 * text, host=2e9, files=4)

    def grade(self, traces: int) -> Cost:
        workers = self.study.config.grading.workers
        return Cost(start=1, work=traces * self.device["grading"] / workers, cores=workers, host=5e8 * workers)
