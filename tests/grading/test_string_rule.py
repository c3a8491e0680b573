"""The two text rules of the paper's evaluation, with the counts they are known to have."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micota.common.records import read_jsonl
from micota.grading.string_rule import NUMBER, last_number, same_last_number, same_string
from micota.problems.datasets import card, loader_module


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (r"\frac12", r"\frac{1}{2}", True),
        (r"\frac1{72}", r"\tfrac{1}{72}", True),
        ("0.5", "1/2", True),
        (".5", "0.5", True),
        ("k = 5", "5", True),
        ("abc = 5", "5", False),
        (r"\sqrt3", r"\sqrt{3}", True),
        (r"5\text{ cm}", "5", True),
        (r"10\%", "10", True),
        (r"90^\circ", "90", True),
        (r"\left( 1, 2 \right)", "(1,2)", True),
        (r"\$5", "5", True),
        ("$5$", "5", False),
        ("27.0", "27", False),
        ("025", "25", False),
        ("3/4", "0.75", False),
        (r"\sqrt", r"\sqrt", True),
        (r"\frac", "1", False),
    ],
)
def test_string_rule(one: str, other: str, same: bool) -> None:
    assert same_string(one, other) is same


@given(st.text(alphabet="\\frac sqrt{}12=/.% ", max_size=20))
def test_string_rule_takes_anything(text: str) -> None:
    assert same_string(text, text)


@pytest.mark.parametrize(
    ("completion", "gold", "same"),
    [
        ("So 3 + 4 = 7. She pays $1,234.", "1234", True),
        ("#### 18", "18", True),
        (r"\boxed{18} dollars", "18", True),
        ("18, or rather 19", "18", False),
        ("it is -5", "-5", True),
        ("no number", "5", False),
        ("18 ...", "18", False),  # faithful: the dots are the last match
    ],
)
def test_last_number(completion: str, gold: str, same: bool) -> None:
    assert same_last_number(completion, gold) is same


@given(
    st.text(alphabet="-$1,. x", max_size=30),
    st.sampled_from(["", "x", " ", "1", ".", "-"]),
    st.integers(150, 250),
    st.text(alphabet="-$1,. x", max_size=30),
)
def test_the_last_number_of_the_end_is_that_of_the_whole(head: str, filler: str, count: int, tail: str) -> None:
    text = head + filler * count + tail
    numbers = [found.group() for found in NUMBER.finditer(text)]
    assert last_number(text) == (numbers[-1] if numbers else None)


@pytest.mark.parametrize(
    ("loader", "field", "count"),
    [
        ("aime24", "answer", 23),
        ("amc23", "answer", 0),
        ("olympiadbench", "final_answer", 409),
        ("math500", "answer", 500),
    ],
)
def test_string_rule_on_raw_golds_has_its_known_counts(real_data: Path, loader: str, field: str, count: int) -> None:
    """How many right answers the rule accepts, given the golds as the sources write them."""
    rows = list(read_jsonl(real_data / f"{loader}.jsonl"))
    raw = [str(row[field][0] if isinstance(row[field], list) else row[field]) for row in rows]
    problems = [loader_module(loader).problem(row) for row in rows]
    ours = [problem["answer"] for problem in problems]
    assert raw == [problem["raw_answer"] for problem in problems]
    assert sum(map(same_string, raw, ours)) == count
    assert [known["string"] for known in card(loader).raw_golds.values()] == [count]
    assert all(map(same_string, ours, ours))
