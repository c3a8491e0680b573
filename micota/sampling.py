"""Sampling that can be killed: prompts are cut into fixed chunks, each written when it is done and never made twice.

Chunks lie in a work folder that no rule declares, under a key made from everything that shapes them: the model's
files, the engine's settings, the decoding and the prompts themselves. A retrained model never meets old completions.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from micota.cli import UserError
from micota.engines import Decoding, Engine, EngineSettings
from micota.prompts import Prompt, check_rendering, render, rendering
from micota.records import PROBLEM_FIELDS, TRACE_FIELDS, Record, read_json, read_jsonl, write_jsonl

STAGE_VERSION = 1  # raise when this module's results change: it is part of every chunk's key


@dataclass(frozen=True)
class Item:
    """One completion to be drawn."""

    id: str
    sample: int
    text: str
    prompt_ids: tuple[int, ...]


@dataclass(frozen=True)
class Task:
    """One data set for one model: which problems, put how, decoded how."""

    dataset: str
    problems: str
    prompt: Prompt
    decoding: Decoding
    n: int
    deviation: str | None = None  # why the prompt may differ from the one a model was trained on

    @classmethod
    def from_record(cls, record: Record) -> "Task":
        """From the JSON of the command line (micota.study.Study.sampling_task plus the problems' path)."""
        decoding = Decoding(
            record["temperature"], record["top_p"], record["max_tokens"], tuple(record["stop"]), record["seed"]
        )
        prompt, deviation = Prompt(**record["prompt"]), record.get("deviation")
        return cls(record["dataset"], record["problems"], prompt, decoding, record["n"], deviation)


def items(task: Task, tokenizer: Any, shard: int, shards: int, max_model_len: int) -> list[Item]:
    """The shard's completions to draw: every `shards`-th problem from `shard` on, n samples each."""
    found = []
    for index, problem in enumerate(read_jsonl(task.problems, PROBLEM_FIELDS)):
        if index % shards != shard:
            continue
        rendered = render(tokenizer, task.prompt, problem["problem"])
        if len(rendered.prompt_ids) >= max_model_len:
            raise UserError(
                f"{task.problems}: the prompt of {problem['id']} has {len(rendered.prompt_ids)} tokens, no room is left"
                f" in max_model_len {max_model_len}"
            )
        for sample in range(task.n):
            found.append(Item(problem["id"], sample, rendered.text, tuple(rendered.prompt_ids)))
    return found


def check_tasks(tasks: list[Task], model_folder: Path, tokenizer: Any) -> None:
    """A tuned model must be addressed as it was trained, or as declared: tried on the first problem of each task."""
    path = model_folder / "micota.json"
    made = read_json(path) if path.is_file() else {}
    for task in tasks:
        for problem in islice(read_jsonl(task.problems, PROBLEM_FIELDS), 1):
            where = f"{model_folder}, data set {task.dataset}"
            check_rendering(tokenizer, made, task.prompt, problem["problem"], task.deviation, where)


def description(tasks: list[Task], sampler: str, tokenizer: Any, settings: EngineSettings) -> Record:
    """How each data set was put to the model and decoded: the file beside the traces."""
    return {
        "sampler": sampler,
        "engine": asdict(settings),
        "datasets": {
            task.dataset: {
                "rendering": rendering(tokenizer, task.prompt),
                "deviation": task.deviation,
                "decoding": asdict(task.decoding) | {"n": task.n},
            }
            for task in tasks
        },
    }


def model_hash(folder: Path) -> str:
    """A hash over a model folder's files (weights, configuration, tokenizer), not their names' order or times."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith(".") and path.name != "micota.json":
            digest.update(path.name.encode())
            with path.open("rb") as handle:
                digest.update(hashlib.file_digest(handle, "sha256").digest())
    return digest.hexdigest()


def chunk_key(sampler: str, model: str, settings: EngineSettings, task: Task, chunk: list[Item]) -> str:
    """The name of a chunk's file: a hash of all that its records hold or depend on."""
    shaped_by = f"{STAGE_VERSION}|{sampler}|{model}|{asdict(settings)}|{task.dataset}|{task.decoding}"
    shaped_by += (
        "|stop_string" if task.decoding.stop else ""
    )  # older chunks with stop strings do not say which ended them
    digest = hashlib.sha256(shaped_by.encode())
    for item in chunk:
        digest.update(json.dumps([item.id, item.sample, item.prompt_ids]).encode())
    return digest.hexdigest()[:24]


def sample(
    tasks: list[Task],
    sampler: str,
    model_folder: Path,
    tokenizer: Any,
    settings: EngineSettings,
    start: Callable[[], Engine],
    shard: int,
    shards: int,
    work: Path,
    say: Callable[[str], None] = print,
) -> Iterator[Record]:
    """Yield the shard's traces of all tasks in order; chunks that are there already are read, the others drawn.

    The engine is started only if a chunk is missing, and once.
    """
    check_tasks(tasks, model_folder, tokenizer)
    model = model_hash(model_folder)
    plan = [
        (task, chunk, work / f"{chunk_key(sampler, model, settings, task, chunk)}.jsonl")
        for task in tasks
        for chunk in cut(items(task, tokenizer, shard, shards, settings.max_model_len), settings.chunk_size)
    ]
    engine: Engine | None = None
    missing = sum(not path.exists() for _, _, path in plan)
    say(f"{sampler}: {len(plan)} chunks, {missing} to draw")
    for number, (task, chunk, path) in enumerate(plan, start=1):
        if not path.exists():
            engine = engine or start()
            write_jsonl(path, draw(engine, task, sampler, chunk))
            say(f"{sampler}: chunk {number} of {len(plan)} ({task.dataset}, {len(chunk)} completions)")
        yield from read_jsonl(path, TRACE_FIELDS)


def cut(found: list[Item], size: int) -> list[list[Item]]:
    return [found[i : i + size] for i in range(0, len(found), size)]


def draw(engine: Engine, task: Task, sampler: str, chunk: list[Item]) -> list[Record]:
    """Complete one chunk. Its seed depends on the task's seed and on what is in the chunk, never on what ran before."""
    mark = zlib.crc32(json.dumps([[item.id, item.sample] for item in chunk]).encode())
    decoding = Decoding(**(asdict(task.decoding) | {"seed": (task.decoding.seed * 1_000_003 + mark) % 2**31}))
    completions = engine.generate([list(item.prompt_ids) for item in chunk], decoding)
    return [
        {
            "id": item.id,
            "sample": item.sample,
            "sampler": sampler,
            "dataset": task.dataset,
            "prompt": item.text,
            "completion": completion.text,
            "finish_reason": completion.finish_reason,
            "n_tokens": completion.n_tokens,
            "seed": decoding.seed,
            **({"stop_string": completion.stop_string} if decoding.stop else {}),
        }
        for item, completion in zip(chunk, completions, strict=True)
    ]
