"""The paper's second step: a judge model looks at the boxes that the string rule rejects.

It is shown the problem, the gold answer and what the box held, answers greedily in a few tokens, and "True" in its
output counts. Equal questions are asked once, whatever models gave the answer. Verdicts lie in a work folder that no
rule declares, under a hash of the judge, its decoding and the text it was shown: a killed job asks what is missing.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from micota.common.records import Record, RecordError, read_jsonl, write_jsonl
from micota.common.settings import identity
from micota.common.stages import VERSIONS
from micota.grading.reasons import asks_judge
from micota.models.folders import model_hash
from micota.models.prompts import Prompt, render_question
from micota.sampling.engine import Decoding, Engine, EngineSettings, Request


@dataclass(frozen=True)
class Item:
    """An answer to a problem that the string rule rejects, and how many traces gave it."""

    id: str
    dataset: str
    problem: str
    answer: str  # the gold answer
    extracted: str
    traces: int = 1


def items(traces: Iterable[Record], problems: Mapping[str, str], benchmarks: list[str]) -> list[Item]:
    """The distinct answers that the judge is asked about, in the order they are met; `problems` maps ids to texts."""
    found: dict[tuple[str, str], Item] = {}
    for trace in traces:
        if trace["dataset"] not in benchmarks or not asks_judge(trace):
            continue
        if trace["id"] not in problems:
            raise RecordError(f"a graded trace answers {trace['id']!r}, which is in none of the problem files")
        key = trace["id"], trace["extracted"]
        if key in found:
            found[key] = replace(found[key], traces=found[key].traces + 1)
        else:
            found[key] = Item(trace["id"], trace["dataset"], problems[trace["id"]], trace["answer"], trace["extracted"])
    return list(found.values())


@dataclass(frozen=True)
class LLMJudge:
    """Who judges, and how it is asked."""

    name: str
    folder: Path
    tokenizer: Any
    prompt: Prompt
    settings: EngineSettings
    decoding: Decoding


def judge(
    asked: list[Item], model: LLMJudge, start: Callable[[], Engine], work: Path, say: Callable[[str], None] = print
) -> Iterator[Record]:
    """Yield a record for each item, in order. The engine is started only if a verdict is missing, and once.

    A question that leaves no room for an answer in the model's context is not asked: its `output` is None.
    """
    questions = [render_question(model.tokenizer, model.prompt, asdict(item)) for item in asked]
    shaped_by = [VERSIONS["judge"], model.name, model_hash(model.folder), model.settings.name, model.settings.dtype]
    shaped_by += [identity(model.decoding)]
    keys = [hashlib.sha256(json.dumps([shaped_by, q.text]).encode()).hexdigest() for q in questions]
    room = model.settings.max_model_len
    too_long = {key for key, q in zip(keys, questions, strict=True) if len(q.prompt_ids) >= room}
    known = {row["key"]: row["output"] for path in sorted(work.glob("*.jsonl")) for row in read_jsonl(path)}
    missing = {k: q for k, q in zip(keys, questions, strict=True) if k not in known and k not in too_long}
    say(f"{model.name}: {len(asked)} answers, {len(missing)} to judge, {len(too_long)} too long to ask")
    names, size = list(missing), model.settings.chunk_size
    chunks = [names[at : at + size] for at in range(0, len(names), size)]
    requests = [Request([missing[k].prompt_ids for k in chunk], model.decoding, [0] * len(chunk)) for chunk in chunks]
    for number, completions in start().generate(requests) if requests else ():
        found = {key: made.text for key, made in zip(chunks[number], completions, strict=True)}
        rows = [{"key": key, "output": output} for key, output in found.items()]
        write_jsonl(work / f"{hashlib.sha256(''.join(found).encode()).hexdigest()[:24]}.jsonl", rows)
        known |= found
        say(f"{model.name}: {len(found)} judged")
    for item, key in zip(asked, keys, strict=True):
        output = None if key in too_long else known[key]
        yield {
            "id": item.id,
            "dataset": item.dataset,
            "answer": item.answer,
            "extracted": item.extracted,
            "traces": item.traces,
            "judge": model.name,
            "output": output,
            "correct": output is not None and "True" in output,
        }
