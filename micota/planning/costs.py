"""What one job of a study costs: tokens, FLOP, seconds on an assumed device, bytes on disk, GPUs and memory.

Training takes 6 FLOP a parameter and token, 8 with gradient checkpointing (the forward pass is made twice), reading
2 (Kaplan et al. 2020, arXiv 2001.08361, section 2.1). Decoding reads the weights and the cache of all sequences at
every step, and is bound by that. A job's seconds are `start + work`, so that a pilot can fit both.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, fsum
from pathlib import Path

from micota.models.folders import parameters
from micota.models.merging import SHARD_BYTES
from micota.models.settings import HubBase, LocalBase, ScratchBase
from micota.planning.assumptions import Assumption
from micota.planning.expected_lengths import Lengths, Measured, problem_count
from micota.planning.gpu_memory import BYTES, CHECKPOINT, TRAINED_PARAMETER
from micota.planning.jobs import Job
from micota.study.graph import Study
from micota.study.tasks import tasks

NAMED_SIZE = re.compile(r"(\d+(?:\.\d+)?)[bB](?![a-zA-Z0-9])")
SHARD = 5e9  # bytes of a safetensors file, a usual size on the hub
TOKENIZER_FILES = 8  # and configuration, of a model folder
VOCABULARY = 268  # micota/models/scratch.py's tokenizer


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
    gpu: float = 0.0
    files: int = 2  # a log and an output


def named_size(name: str) -> float | None:
    """Parameters by a model's name: "Qwen2.5-1.5B-Instruct" -> 1.5e9, the last such number; None without one."""
    found = NAMED_SIZE.findall(name)
    return float(found[-1]) * 1e9 if found else None


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


class Workload:
    """Costs of a study's jobs on an assumed device. `gpu` plans jobs of models on GPUs, else one core each."""

    def __init__(
        self, study: Study, gpu: bool, assumed: Mapping[str, Assumption], measured: Measured | None = None
    ) -> None:
        self.study = study
        self.gpu = gpu
        self.device = {name: assumption.value for name, assumption in assumed.items()}
        self.lengths = Lengths(study, assumed, measured)
        self.home = Path("results") / study.config.study

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
            case "alignment", {"base": base}:
                return self.alignment(base)
            case "judge", _:
                return self.judge()
            case "grade", {"model": model}:
                return self.grade(model)
        return Cost(start=self.device["small_job"], host=5e8)

    # --- models ------------------------------------------------------------------------------------------------

    def base_of(self, model: str) -> str:
        made = self.study.tunes.get(model) or self.study.merges.get(model)
        return made.base if made else model

    def parameters(self, model: str) -> float:
        """Of the folder if it is there, of the shape from scratch, else by the name."""
        base = self.base_of(model)
        block = (self.study.config.bases | self.study.config.scored)[base]
        folders = [self.home / "models" / base]
        if isinstance(block, LocalBase):
            folders.append(Path(block.path))
        for folder in folders:
            if found := parameters(folder):
                return found
        match block:
            case ScratchBase(shape=shape):
                width, inner = shape.hidden_size, shape.intermediate_size
                # attention with biases of its three projections, MLP, two norms; embeddings (tied), the last norm
                layer = 4 * width**2 + 3 * width + 3 * width * inner + 2 * width
                return shape.layers * layer + VOCABULARY * width + width
            case HubBase(repo=name) | LocalBase(path=name):
                return named_size(name) or self.unnamed(base, name)

    def unnamed(self, base: str, name: str) -> float:
        """A model of unknown size is taken to be as large as the largest one whose size is known."""
        sizes = [named_size(getattr(block, "repo", "")) for block in self.study.config.bases.values()]
        return max((size for size in sizes if size), default=7e9)

    def weights(self, model: str) -> float:
        """Bytes of a model's weights as the engine loads them."""
        return self.parameters(model) * BYTES[self.study.config.sampling.engine.dtype]

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
            cache = device["kv_bytes"] * count * fsum(means[n] * r for n, r, _ in asked) / fsum(r for _, r, _ in asked)
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
            gpus=tensor * copies if self.gpu else 0,
            sampled=written,
            stored=text,
            host=2e9 + weights,
            # vLLM takes its share of the memory; what must fit are the weights and one whole context
            gpu=(weights + device["kv_bytes"] * count * engine.max_model_len) / tensor if self.gpu else 0.0,
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
        return self.training(tuned, tune.recipe, rows, mean)

    def training(self, model: str, recipe_name: str, rows: float, mean: float) -> Cost:
        """A fine-tuning on so many rows of so many tokens each."""
        recipe, device, count = self.study.config.training[recipe_name], self.device, self.parameters(model)
        devices = recipe.processes if self.gpu else 1
        tokens = rows * mean * recipe.epochs
        batches = (tokens / recipe.max_length if recipe.packing else rows * recipe.epochs) / recipe.batch_size / devices
        steps = batches / recipe.accumulation
        flops = (8 if recipe.gradient_checkpointing else 6) * count * tokens
        checkpoint = CHECKPOINT * count  # the next one is written before one is removed
        sharded = devices if recipe.sharding != "none" else 1
        # TRL never holds all logits; with FSDP each process gathers the head's whole weight beside its gradient.
        head = device["vocabulary"] * device["width"] * 4 * (2 if sharded > 1 else 1)
        size = count * BYTES[recipe.dtype]
        return Cost(
            start=device["start"] + 4 * count / device["disk"],
            work=flops / (device["flops"] * device["training_mfu"] * devices) + batches * device["training_step"],
            gpus=devices if self.gpu else 0,
            trained=tokens,
            stored=size,
            passing=checkpoint * (2 if steps > recipe.save_steps else 1),
            # With FSDP one process alone reads the weights; it gathers them again, and in another dtype, to save them.
            host=2e9 * devices + (4 * count + size if sharded > 1 else 4 * count * devices),
            gpu=(TRAINED_PARAMETER * count / sharded + head) if self.gpu else 0.0,
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
        """A download (linked from the hub's cache), a linked folder, or a training from scratch."""
        block = (self.study.config.bases | self.study.config.scored)[base]
        size = self.parameters(base) * 2
        files = 2 + self.model_files(size)
        match block:
            case HubBase():
                seconds = size / self.device["download"]
                return Cost(start=5, work=seconds, stored=size, download=size, host=1e9, files=files)
            case ScratchBase() if self.study.config.from_scratch or not block.pretrained:
                mean = self.lengths.prompt(self.study.config.training_problems)
                mean += self.lengths.demonstration(block.demonstrations)
                return self.training(base, block.recipe, block.demonstrations.count, mean)
        folder = Path(getattr(block, "path", None) or getattr(block, "pretrained", None) or "")
        linked = not folder.is_dir() or folder.stat().st_dev == existing(self.home).stat().st_dev
        return Cost(start=1, stored=0 if linked else size, host=1e9, files=files)

    def alignment(self, base: str) -> Cost:
        """Reading corpora: 2 FLOP a parameter and token."""
        alignment, device, count = self.study.config.alignment, self.device, self.parameters(base)
        rows = {name: self.lengths.rows(name) for name in alignment.corpora}
        prompt = self.lengths.prompt(self.study.config.training_problems)
        means = {name: prompt + self.lengths.corpus(name) for name in rows}
        tokens = fsum(rows[name] * means[name] for name in rows)
        steps = sum(rows.values()) / alignment.batch_size
        longest = self.study.config.sampling.engine.max_model_len * alignment.batch_size
        return Cost(
            start=device["start"] + self.weights(base) / device["disk"],
            work=2 * count * tokens / (device["flops"] * device["scoring_mfu"]) + steps * device["training_step"],
            gpus=1 if self.gpu else 0,
            stored=sum(rows.values()) * 120,  # a short record each
            host=2e9 + self.weights(base),
            gpu=self.weights(base) + longest * device["vocabulary"] * BYTES[self.study.config.sampling.engine.dtype]
            if self.gpu
            else 0.0,
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
            gpus=tensor if self.gpu else 0,
            sampled=answers * judge.max_tokens,
            host=2e9 + weights,
            gpu=weights / tensor if self.gpu else 0.0,
        )

    def grade(self, model: str) -> Cost:
        traces = sum(problem_count(self.study, task.problems) * task.decoding.n for task in tasks(self.study, model))
        workers = self.study.config.grading.workers
        return Cost(start=1, work=traces * self.device["grading"] / workers, cores=workers, host=5e8 * workers)
