"""Problems and answers under the names that a source gives them."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from micota.common.errors import ConfigurationError, DataError
from micota.common.records import Record, read_json, read_jsonl, write_jsonl
from micota.problems.columns import last_box, mapped
from micota.problems.loading import load
from micota.problems.settings import Columns, LeaveOut
from micota.problems.source import Source
from scripts import problems

TURNS = [{"role": "system", "content": "s"}, {"role": "user", "content": " q "}, {"role": "assistant", "content": "a"}]
SHARED = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "so \\boxed{7}"}]


@pytest.mark.parametrize(
    ("columns", "row", "problem", "answer"),
    [
        ({"problem": "question", "answer": "final_answer"}, {"question": "2+3?", "final_answer": 5.0}, "2+3?", "5"),
        ({"problem": "question"}, {"question": "2+3?", "answer": "5"}, "2+3?", "5"),
        (
            {"boxed": "solution"},
            {"problem": "p", "solution": "\\boxed{1}, no: \\boxed{\\frac{1}{2}}."},
            "p",
            "\\frac{1}{2}",
        ),
        ({"messages": "m"}, {"m": TURNS, "answer": "5"}, "q", "5"),
        ({"messages": "m", "boxed": "m"}, {"m": SHARED}, "q", "7"),
    ],
)
def test_a_row_by_its_columns(columns: dict[str, str], row: Record, problem: str, answer: str) -> None:
    found = mapped(row, Columns.model_validate(columns), "k")
    assert (found["problem"], found["answer"]) == (problem, answer)


def test_other_columns_stay_behind_save_the_source_and_its_id() -> None:
    row = {"q": "p", "answer": "1", "generations": ["x" * 99], "source": "olympiads", "uuid": "u1"}
    found = mapped(row, Columns(problem="q", id="uuid"), "k")
    assert found == {"problem": "p", "answer": "1", "raw_answer": "1", "source": "olympiads", "source_id": "u1"}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("no box", ""),
        ("\\boxed{5", ""),
        ("\\fbox{a_{1}}", "a_{1}"),
        ("\\boxed {\\{1\\}}", "\\{1\\}"),
        ("\\boxed{}", ""),
    ],
)
def test_the_last_box_of_a_solution(text: str, answer: str) -> None:
    assert last_box(text) == answer


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"answer": "final"}, r"no column 'final' \(datasets\.d\.columns\.answer\); there are: problem, answer, n"),
        ({"problem": "question"}, r"no column 'question' \(datasets\.d\.columns\.problem\)"),
        ({"boxed": "n"}, r"column 'n' \(datasets\.d\.columns\.boxed\) holds a int, not a text"),
        ({"messages": "answer"}, r"column 'answer' \(datasets\.d\.columns\.messages\) holds no conversation"),
        ({"id": "uuid"}, r"no column 'uuid' \(datasets\.d\.columns\.id\)"),
    ],
)
def test_a_column_that_is_not_there_is_said_by_line_and_key(columns: Any, said: str, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "d.jsonl", [{"problem": "p", "answer": "1", "n": 1}])
    with pytest.raises(DataError, match=said) as fault:
        load("d", "plain", Source(tmp_path / "d.jsonl"), columns=Columns.model_validate(columns))
    assert fault.value.place == f"{tmp_path}/d.jsonl:1"


def test_a_row_without_a_box_has_no_answer_and_may_be_left_out(tmp_path: Path) -> None:
    rows = [{"problem": "p", "answer": None, "s": "\\boxed{1}"}, {"problem": "q", "answer": None, "s": "Proof."}]
    write_jsonl(tmp_path / "d.jsonl", rows)
    source, columns, counts = Source(tmp_path / "d.jsonl"), Columns(boxed="s"), Counter[str]()
    with pytest.raises(DataError, match=r"d\.jsonl:2: the row has no answer"):
        load("d", "plain", source, columns=columns)
    found = load("d", "plain", source, leave_out=LeaveOut(no_answer=True), left_out=counts, columns=columns)
    assert [row["id"] for row in found] == ["d/0"] and counts == {"no_answer": 1}


def test_columns_are_flags_of_the_program(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "d.jsonl", [{"question": "p", "final": "1"}])
    flags = ["--dataset=d", "--loader=plain", f"--path={tmp_path}/d.jsonl", f"--counts={tmp_path}/c.json"]
    out = [f"--out={tmp_path}/out.jsonl"]
    problems.main([*flags, *out, "--columns-problem=question", "--columns-answer=final"])
    (row,) = read_jsonl(tmp_path / "out.jsonl")
    assert (row["problem"], row["answer"], read_json(tmp_path / "c.json")["problems"]) == ("p", "1", 1)
    with pytest.raises(ConfigurationError, match=r"--columns-boxed: it stands instead of `answer`"):
        problems.main([*flags, *out, "--columns-answer=final", "--columns-boxed=final"])
