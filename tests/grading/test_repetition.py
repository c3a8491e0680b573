"""How much of a trace is one phrase over and over: a loop is told from a long text, and in time."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micota.grading.grade import Judge, grade
from micota.grading.repetition import ANCHOR, TIMES, repeated_share

PROSE = "The sum of both is 12, so we have x = 5. Wait, let me check that again: 5 + 7 = 12, which is right. "


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("", 0.0),
        ("ab", 0.0),
        (PROSE, 0.0),
        (PROSE * 2, 0.0),  # said twice is no loop
        (PROSE * 3, 1.0),
        (PROSE * 3 + PROSE[:50], 1.0),  # the last copy is cut
        ("!" * 400, 1.0),
        (PROSE + "!" * 300, 0.75),
        (PROSE * 9 + r"So the answer is \boxed{5}.", 0.0),  # it came out of it
        ("Therefore, " + (PROSE + "5 " * 30) * 4, 0.9831),  # the phrase that ends in a phrase
        ("".join(f"Step {number}: add one, and get {number + 1}. " for number in range(100)), 0.0),
        ("解" * 99, 1.0),
        ("\ud800" * 99, 1.0),
    ],
)
def test_the_share_of_the_run_that_a_text_ends_in(text: str, share: float) -> None:
    assert repeated_share(text) == pytest.approx(share, abs=0.002)


def by_definition(text: str) -> float:
    """The same, from the definition, in quadratic time."""
    length, longest = len(text), 0
    for period in range(1, length // TIMES + 1):
        same = next((n for n in range(length - period) if text[-1 - n] != text[-1 - n - period]), length - period)
        if period + same >= TIMES * period:
            longest = max(longest, period + same)
    return round(longest / length, 4) if length else 0.0


@given(st.text("ab", max_size=9), st.text("abc", min_size=1, max_size=9), st.integers(0, 9), st.integers(0, 9))
def test_it_is_what_its_definition_says(before: str, phrase: str, times: int, cut: int) -> None:
    """But for runs that are hardly longer than their phrase and the end that is looked for."""
    text = before + phrase * times + phrase[:cut]
    found, right = repeated_share(text), by_definition(text)
    assert found == right or right * len(text) < len(phrase) + ANCHOR


@pytest.mark.parametrize(
    "text",
    ["a" * 300_000 + "b" + "a" * 300_000, "".join("a" * n + "b" for n in range(1200)), "ab" * 400_000,
     ("x" * 999 + "y") * 900, " ".join(random.Random(0).choices(["so", "we", "have"], k=200_000))],
)  # fmt: skip
def test_a_megabyte_takes_a_moment(text: str) -> None:
    started = time.process_time()
    repeated_share(text)
    assert time.process_time() - started < 1


def test_graded_traces_carry_it() -> None:
    traces = [{"id": "1", "completion": text} for text in (r"\boxed{5}", PROSE * 9)]
    assert [row["repeated_share"] for row in grade(traces, {"1": "5"}, Judge())] == [0.0, 1.0]
