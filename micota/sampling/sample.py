"""Sampling that can be killed: prompts are cut into fixed chunks, each written when it is done and never made twice.

Chunks lie in a work folder that no rule declares, under a key made from everything that shapes them: the model's
files, the engine's settings, the decoding and the prompts themselves. A retrained model never meets old completions.
An engine is given all missing chunks at once; with `data_parallel` replicas each gets its share of them.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from micota.common.contracts import problems, traces
from micota.common.errors import DataError, NoRoom
from micota.common.locks import hold, release
from micota.common.records import Record, read_json, write_json, write_jsonl
from micota.common.settings import differences, identity, rounding
from micota.common.stages import VERSIONS
from micota.models.fingerprint import portable
from micota.models.folders import model_hash
from micota.models.prompts import check_rendering, render, rendering
from micota.sampling.engine import Completion, Engine, EngineSettings, Request, Task
from micota.sampling.replicas import on_replicas

MOST_CHUNKS = 10_000  # files in a folder: with more, shared file systems and people get slow


@dataclass(frozen=True)
class Item:
    """One completion to be drawn."""

    id: str
    sample: int
    text: str
    prompt_ids: tuple[int, ...]


@dataclass(frozen=True)
class Chunk:
    """Completions of one task that are drawn and written together."""

    name: str
    task: Task
    items: list[Item]
    path: Path


def items(task: Task, tokenizer: Any, shard: int, shards: int, max_model_len: int) -> list[Item]:
    """The shard's completions to draw: every `shards`-th problem from `shard` on, n samples each.

    `micota.sampling.shards.in_turn` puts the shards' traces in one order again.
    """
    found = []
    for index, problem in enumerate(problems(task.problems)):
        if index % shards != shard:
            continue
        rendered = render(tokenizer, task.prompt, problem["problem"])
        if len(rendered.prompt_ids) >= max_model_len:
            raise NoRoom(
                f"{task.problems}: the prompt of {problem['id']} has {len(rendered.prompt_ids)} tokens, no room is left"
                f" in max_model_len {max_model_len}"
            )
        for sample in range(task.decoding.n):
            found.append(Item(problem["id"], sample, rendered.text, tuple(rendered.prompt_ids)))
    return found


def check_tasks(tasks: list[Task], model_folder: Path, tokenizer: Any) -> None:
    """A tuned model must be addressed as it was trained, or as declared: tried on the first problem of each task."""
    path = model_folder / "micota.json"
    made = read_json(path) if path.is_file() else {}
    for task in tasks:
        for problem in islice(problems(task.problems), 1):
            where = f"{model_folder}, data set {task.dataset}"
            check_rendering(tokenizer, made, task.prompt, problem["problem"], task.deviation, where)


@dataclass(frozen=True)
class Sampler:
    """A model that samples, and how."""

    name: str
    folder: Path
    tokenizer: Any
    settings: EngineSettings
    start: Callable[[], Engine]


def description(tasks: list[Task], sampler: Sampler) -> Record:
    """How each data set was put to the model and decoded: the file beside the traces."""
    return {
        "sampler": sampler.name,
        "engine": sampler.settings.model_dump(),
        "datasets": {
            task.dataset: {
                "rendering": rendering(sampler.tokenizer, task.prompt),
                "deviation": task.deviation,
                "decoding": task.decoding.model_dump(),
            }
            for task in tasks
        },
    }


def chunk_key(sampler: str, model: str, settings: EngineSettings, task: Task, chunk: list[Item]) -> str:
    """The name of a chunk's file: a hash of all that its records hold or depend on."""
    shaped_by = f"{VERSIONS['sample']}|{sampler}|{model}|{identity(settings)}|{task.dataset}|{identity(task.decoding)}"
    shaped_by += "|portable" if portable() else ""
    digest = hashlib.sha256(shaped_by.encode())
    for item in chunk:
        digest.update(json.dumps([item.id, item.sample, item.prompt_ids]).encode())
    return digest.hexdigest()[:24]


def log(line: str) -> None:
    """Print a line at once, so that the log of a killed job says how far it was."""
    print(line, flush=True)


def sample(
    tasks: list[Task], sampler: Sampler, shard: int, shards: int, work: Path, say: Callable[[str], None] = log
) -> tuple[list[Chunk], list[Record]]:
    """The shard's chunks of all tasks in order; those that are there already are left alone, the others drawn.

    The engine is started only if a chunk is missing, and once, or once in each of `data_parallel` replicas. Also gives
    with which settings that move last digits the chunks were drawn (see `noted`). EnvironmentFault if another process
    draws them.
    """
    check_tasks(tasks, sampler.folder, sampler.tokenizer)
    settings, folder = sampler.settings, work / f"{shard}-of-{shards}"
    hold(folder)
    chunks = cut_up(tasks, sampler, shard, shards, folder)
    missing = [chunk for chunk in chunks if not chunk.path.exists()]
    say(f"{sampler.name}: {len(chunks)} chunks, {len(missing)} to draw")
    made_with = noted(folder / "made_with.json", chunks, missing, rounding(settings))
    for other in made_with:
        if told := differences(other, rounding(settings)):
            say(f"{sampler.name}: chunks made with {told}: kept")
    replicas = min(settings.data_parallel, len(missing))
    works = [partial(draw, sampler, missing[replica::replicas], say) for replica in range(replicas)]
    if replicas > 1:
        on_replicas(works, settings.tensor_parallel)
    elif works:
        works[0]()
    release(folder)
    return chunks, made_with


def cut_up(tasks: list[Task], sampler: Sampler, shard: int, shards: int, folder: Path) -> list[Chunk]:
    """The chunks of a shard, and where each is, or will be."""
    settings, model = sampler.settings, model_hash(sampler.folder)
    cuts = []
    for task in tasks:
        found = items(task, sampler.tokenizer, shard, shards, settings.max_model_len)
        cuts += [(task, found[at : at + settings.chunk_size]) for at in range(0, len(found), settings.chunk_size)]
    if len(cuts) > MOST_CHUNKS:
        raise DataError(
            f"{sampler.name}: shard {shard} of {shards} has {len(cuts)} chunks, over {MOST_CHUNKS} files in a folder;"
            " raise sampling.shards or sampling.engine.chunk_size"
        )
    return [
        Chunk(
            f"chunk {number} of {len(cuts)} ({task.dataset}, {len(found)} completions)",
            task,
            found,
            folder / f"{chunk_key(sampler.name, model, settings, task, found)}.jsonl",
        )
        for number, (task, found) in enumerate(cuts, start=1)
    ]


def noted(path: Path, chunks: list[Chunk], missing: list[Chunk], now: Record) -> list[Record]:
    """Note that the missing chunks are drawn with `now`; returns with what all of them were, each setting once."""
    made: dict[str, Record] = read_json(path) if path.is_file() else {}
    made |= {chunk.path.stem: now for chunk in missing}
    if missing:
        write_json(path, made)
    found = [made.get(chunk.path.stem, {}) for chunk in chunks]
    return [entry for place, entry in enumerate(found) if entry not in found[:place]]


def draw(sampler: Sampler, chunks: list[Chunk], say: Callable[[str], None]) -> None:
    """Complete chunks, and write each as soon as it is whole."""
    for number, completions in sampler.start().generate([request(chunk) for chunk in chunks]):
        chunk = chunks[number]
        write_jsonl(chunk.path, records(sampler.name, chunk, completions))
        say(f"{sampler.name}: {chunk.name}")


def request(chunk: Chunk) -> Request:
    """A chunk as an engine takes it. Seeds depend on the task's seed and on what is drawn, never on what ran before.

    A completion's own seed does not even depend on its chunk, nor on the number of shards.
    """
    decoding = chunk.task.decoding
    mark = zlib.crc32(json.dumps([[item.id, item.sample] for item in chunk.items]).encode())
    own = [[decoding.seed, chunk.task.dataset, item.id, item.sample] for item in chunk.items]
    return Request(
        [list(item.prompt_ids) for item in chunk.items],
        decoding.but(seed=(decoding.seed * 1_000_003 + mark) % 2**31),
        [zlib.crc32(json.dumps(names).encode()) for names in own],
    )


def records(sampler: str, chunk: Chunk, completions: list[Completion]) -> Iterator[Record]:
    """The records of a chunk."""
    for item, completion in zip(chunk.items, completions, strict=True):
        yield {
            "id": item.id,
            "sample": item.sample,
            "sampler": sampler,
            "dataset": chunk.task.dataset,
            "prompt": item.text,
            "completion": completion.text,
            "finish_reason": completion.finish_reason,
            "n_tokens": completion.n_tokens,
            "seed": completion.seed,
            **({"stop_string": completion.stop_string} if chunk.task.decoding.stop else {}),
        }


def gather(sampler: str, chunks: list[Chunk]) -> Iterator[Record]:
    """The traces of drawn chunks; UserError if a file lost some (a machine that lost power)."""
    for chunk in chunks:
        yield from traces(chunk.path, sampler, [(chunk.task.dataset, item.id, item.sample) for item in chunk.items])
