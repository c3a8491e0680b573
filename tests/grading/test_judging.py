"""The judge model: what it is shown, what it is asked again, and what counts."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from micota.common.contracts import JUDGED
from micota.common.records import Record, RecordError, read_jsonl, write_jsonl
from micota.grading.llm_judge import Item, LLMJudge, items, judge
from micota.models.prompts import Prompt, render_question
from micota.sampling.engine import Completion, Decoding, EngineSettings, Request
from scripts import judge as script
from tests.graded import trace
from tests.tiny import write_model

USER = "Problem: {problem}\nCorrect Answer: {answer}\nModel's Generated Answer: {extracted}\nYour judgement:"
ASKED = [
    Item("amc/0", "amc", "3/4?", "3/4", "0.75", 3),
    Item("amc/1", "amc", "2+2?", "4", "5"),
    Item("amc/7", "amc", "3/4?", "3/4", "0.75"),  # the same question under another id
]


class Letters:
    """A tokenizer of one token a character."""

    eos_token_id = 0

    def __call__(self, text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
        return {"input_ids": [ord(letter) for letter in text]}


class Scripted:
    """An engine that finds 0.75 right, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.decoding: Decoding | None = None

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        for number, request in enumerate(requests):
            self.decoding = request.decoding
            texts = ["".join(map(chr, prompt)) for prompt in request.prompts]
            self.asked += texts
            yield number, [Completion(" True." if "Answer: 0.75" in text else "False", 2, "stop") for text in texts]


def model(tmp_path: Path, content: str = "{}", **changes: Any) -> LLMJudge:
    folder = tmp_path / "model"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(content)
    settings = EngineSettings(name="transformers", chunk_size=1, max_model_len=400)
    arguments: dict[str, Any] = {
        "name": "j",
        "prompt": Prompt(user=USER, chat=False),
        "settings": settings,
        "decoding": Decoding(max_tokens=20),
    } | changes
    return LLMJudge(folder=folder, tokenizer=Letters(), **arguments)


def verdicts(tmp_path: Path, engine: Scripted, asked: list[Item] = ASKED, **changes: Any) -> list[Record]:
    said: list[str] = []
    return list(judge(asked, model(tmp_path, **changes), lambda: engine, tmp_path / "work", said.append))


def test_true_counts_and_equal_questions_are_asked_once(tmp_path: Path) -> None:
    engine = Scripted()
    rows = verdicts(tmp_path, engine)
    assert [(row["id"], row["output"], row["correct"], row["traces"]) for row in rows] == [
        ("amc/0", " True.", True, 3),
        ("amc/1", "False", False, 1),
        ("amc/7", " True.", True, 1),
    ]
    assert len(engine.asked) == 2
    assert engine.decoding == Decoding(max_tokens=20)
    assert engine.asked[0] == "Problem: 3/4?\nCorrect Answer: 3/4\nModel's Generated Answer: 0.75\nYour judgement:"


def test_a_second_run_asks_only_what_is_new(tmp_path: Path) -> None:
    first = verdicts(tmp_path, Scripted())
    again = Scripted()
    assert verdicts(tmp_path, again) == first and not again.asked
    assert len(verdicts(tmp_path, again, [*ASKED, Item("amc/2", "amc", "1+1?", "2", "3")])) == 4
    assert len(again.asked) == 1
    changes: list[dict[str, Any]] = [{"name": "k"}, {"decoding": Decoding(max_tokens=9)}, {"content": "{ }"}]
    for change in [*changes, {"prompt": Prompt(user=USER + " ", chat=False)}]:
        other = Scripted()
        verdicts(tmp_path, other, **change)
        assert len(other.asked) == 2, f"{change} makes it another judge"


def test_a_question_without_room_is_not_asked_and_wrong(tmp_path: Path) -> None:
    engine = Scripted()
    (row,) = verdicts(tmp_path, engine, [Item("amc/0", "amc", "?" * 400, "4", "0.75")])
    assert (row["output"], row["correct"], engine.asked) == (None, False, [])


def test_places_are_filled_once_and_half_a_surrogate_is_no_trap() -> None:
    record = {"problem": "say {answer}", "answer": "{extracted}", "extracted": "{problem}\ud800"}
    text = render_question(Letters(), Prompt(user="{problem}|{answer}|{extracted}", chat=False), record).text
    assert text == "say {answer}|{extracted}|{problem}?"


def test_items_are_the_boxes_that_the_string_rule_rejects() -> None:
    rejected = {"math_verify": True, "string_rule": False, "last_number": False}
    traces = [
        trace("amc/0", "amc", True),
        trace("amc/1", "amc", True, sampler="g", extracted="0.75", answer="3/4", verdicts=rejected),
        trace("amc/1", "amc", True, sampler="g", extracted="0.75", answer="3/4", verdicts=rejected, sample=1),
        trace("amc/2", "amc", False, extracted=None, verdicts=rejected),
        trace("amc/2", "amc", False, extracted="", verdicts=rejected),
        trace("gsm8k/0", "gsm8k", True, extracted="0.75", verdicts=rejected),
    ]
    assert items(traces, {"amc/1": "3/4?"}, ["amc"]) == [Item("amc/1", "amc", "3/4?", "3/4", "0.75", 2)]
    with pytest.raises(RecordError, match="'amc/1', which is in none"):
        items(traces, {}, ["amc"])


def test_judge_command_line_with_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Any model folder judges, here one that writes at random; the second run finds every verdict."""
    folder = write_model(tmp_path / "judge")
    rejected = {"math_verify": True, "string_rule": False, "last_number": False}
    write_jsonl(
        tmp_path / "g.jsonl",
        [trace("amc/1", "amc", True, sampler="g", extracted="0.75", answer="3/4", verdicts=rejected)],
    )
    write_jsonl(tmp_path / "amc.jsonl", [{"id": "amc/1", "problem": "3/4?", "answer": "3/4", "source": "t"}])
    argv = [f"--model={folder}", "--name=j", f"--prompt-user={USER}", "--engine-max-model-len=512"]
    argv += [f"--problems={tmp_path}/amc.jsonl", f"--graded={tmp_path}/g.jsonl"]
    outs = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"]
    for out in outs:
        script.main([*argv, f"--work={tmp_path}/work", f"--out={out}"])
    (row,) = read_jsonl(outs[0], JUDGED)
    assert 0 < len(row["output"]) <= 20 and row["correct"] is ("True" in row["output"])
    assert outs[0].read_bytes() == outs[1].read_bytes()
    said = capsys.readouterr().out
    assert "1 answers, 1 to judge" in said and "1 answers, 0 to judge" in said
