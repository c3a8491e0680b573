"""Who reads, checks: a damaged, foreign or incomplete file is one error that names the file, the line and the cure."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from micota.common import contracts
from micota.common.errors import DataError
from micota.common.records import Record, RecordError, write_json, write_jsonl
from tests.graded import trace, write_traces

ROW = {"id": "train/0", "sample": 0, "sampler": "m", "problem": "1+1?", "completion": "2", "n_tokens": 3}
NLL = {"id": "train/0", "sample": 0, "corpus": "mid", "nll": 1.5, "n_tokens": 3}
ASKED = [("amc", f"amc/{number}", sample) for number in range(2) for sample in range(2)]
TRACES = [trace(problem, dataset, True, sample=sample) for dataset, problem, sample in ASKED]


def refused(read: Callable[[], Any], path: Path, said: str) -> None:
    with pytest.raises(RecordError, match=said) as error:
        list(read())
    assert str(error.value).startswith(str(path)) and isinstance(error.value, DataError)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sample", True, "a whole number"),
        ("sample", -1, "a whole number"),
        ("n_tokens", 3.0, "a whole number"),
        ("correct", 1, "true or false"),
        ("completion", ["a"], "a text"),
        ("finish_reason", "eos", '"stop" or "length"'),
        ("answer", " ", "not blank"),
        ("verdicts", {"math_verify": None}, "true or false by grader"),
    ],
)
def test_a_field_of_another_kind_is_named_with_its_line(tmp_path: Path, name: str, value: Any, words: str) -> None:
    path = write_traces(
        tmp_path / "m.jsonl", [trace("amc/0", "amc", True), trace("amc/1", "amc", True) | {name: value}]
    )
    refused(lambda: contracts.graded(path, ["amc"]), path, f"m.jsonl:2: `{name}` is .*, expected .*{words}")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "null", '"1.5"', "true"])
def test_a_likelihood_is_a_finite_number(tmp_path: Path, value: str) -> None:
    path = tmp_path / "small.jsonl"
    path.write_text(json.dumps(NLL).replace("1.5", value))
    with pytest.raises(RecordError, match=r"small.jsonl:1: (`nll` is|not .*JSON)"):
        list(contracts.likelihoods(path))


def damaged(rows: list[Record], how: str) -> list[Record]:
    """Graded traces or traces with one fault."""
    return {
        "lost": rows[:2] + rows[3:],
        "cut": rows[:3],
        "doubled": [*rows, rows[0]],
        "swapped": [rows[1], rows[0], *rows[2:]],
        "foreign": [*rows[:3], rows[3] | {"sampler": "other"}],
        "flipped": [*rows[:3], rows[3] | {"correct": False}],
        "unknown": [*rows[:3], rows[3] | {"id": "amc/9"}],
        "more": [*rows, trace("amc/2", "amc", True), trace("amc/2", "amc", True, sample=1)],
        "none": [],
    }[how]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("lost", "problem amc/1 .amc. has 1 samples, where 2 should be"),
        ("cut", "problem amc/1 .amc. has 1 samples, where 2 should be"),
        ("doubled", r":5: sample 0 of problem amc/0 stands there twice"),
        ("foreign", r":4: a trace of 'other' in the file of 'm'"),
        ("flipped", r":4: `correct` is false, and math_verify says true"),
        ("unknown", "problem amc/1 .amc. has 1 samples, where 2 should be"),
        ("more", "traces of 3 problems of amc, which has 2"),
        ("none", "the file is empty"),
    ],
)
def test_graded_traces_are_all_that_there_should_be(tmp_path: Path, how: str, said: str) -> None:
    path = tmp_path / "m.jsonl"
    write_jsonl(path, TRACES)
    assert len(list(contracts.graded(path, ["amc"], {"amc": 2}))) == 4
    write_jsonl(path, damaged(TRACES, how))
    refused(lambda: contracts.graded(path, ["amc"], {"amc": 2}), path, said)


@pytest.mark.parametrize("how", ["lost", "cut", "doubled", "swapped", "foreign", "unknown", "more", "none"])
def test_traces_are_those_that_were_asked_for(tmp_path: Path, how: str) -> None:
    path = tmp_path / "shard-0.jsonl"
    write_jsonl(path, TRACES)
    assert list(contracts.traces(path, "m", ASKED)) == TRACES
    write_jsonl(path, damaged(TRACES, how))
    refused(lambda: contracts.traces(path, "m", ASKED), path, "run again")


def test_the_samples_of_a_protocol_are_those_of_its_benchmark(tmp_path: Path) -> None:
    rows = [trace(f"amc/{n}", "amc@2", True, sample=sample) for n in range(2) for sample in range(2)]
    path = write_traces(tmp_path / "m.jsonl", rows)
    assert len(list(contracts.graded(path, ["amc@2"], {"amc": 2}))) == 4
    refused(lambda: contracts.graded(path, ["amc@2"], {"amc": 3}), path, "traces of 2 problems of amc@2, which has 3")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([ROW, ROW], ":2: sample 0 of train/0 stands there twice"),
        ([ROW], r"1 rows, and .*mid.counts.json says 2"),
        ([ROW, ROW | {"sample": 1, "n_tokens": "3"}], ":2: `n_tokens` is '3'"),
    ],
)
def test_a_corpus_holds_what_its_counts_say(tmp_path: Path, rows: list[Record], said: str) -> None:
    path = tmp_path / "mid.jsonl"
    write_json(tmp_path / "mid.counts.json", {"kept": 2})
    write_jsonl(path, [ROW, ROW | {"sample": 1}])
    assert len(list(contracts.Again(contracts.corpus_rows, path))) == 2
    write_jsonl(path, rows)
    refused(lambda: contracts.corpus_rows(path), path, said)


@pytest.mark.parametrize(("rows", "said"), [([NLL, NLL], "twice"), ([NLL], "1 rows of the corpus mid, which has 2")])
def test_likelihoods_are_of_each_row_of_a_corpus(tmp_path: Path, rows: list[Record], said: str) -> None:
    path = tmp_path / "small.jsonl"
    write_jsonl(path, rows)
    refused(lambda: contracts.likelihoods(path, {"mid": 2}), path, said)


def test_a_problem_stands_there_once(tmp_path: Path) -> None:
    path, problem = tmp_path / "amc.jsonl", {"id": "amc/0", "problem": "?", "answer": "1", "source": "s"}
    write_jsonl(path, [problem, problem])
    refused(lambda: contracts.problems(path), path, ":2: the problem 'amc/0' stands there twice")
    write_jsonl(path, [problem | {"answer": 1}])
    refused(lambda: contracts.problems(path), path, ":1: `answer` is 1, expected a text that is not blank")
