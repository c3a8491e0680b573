"""Marks of reflection: whole words, any case, each place once."""

import pytest

from micota.grading.reflection import MARKS, count


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("So the answer is 4.", 0),
        ("Wait, that is wrong.", 1),
        ("But wait, that is wrong. WAIT!", 2),
        ("The waiter awaits a waiting list.", 0),
        ("Hmm. Let me  double-check\nthis; alternatively, let me check again.", 4),
        ("Let\u2019s verify this: 2 + 2 = 4.", 1),
        ("Check the inverse again; but no.", 0),
    ],
)
def test_marks_are_whole_words_in_any_case(text: str, expected: int) -> None:
    assert count(text) == expected


def test_a_set_may_have_its_own_marks() -> None:
    text = "a2+3=6;check 6-3=3 no;wait,a2+3=5;again,a2+3=5;\\boxed{5}"
    assert count(text, ("check", "wait,", "again,")) == 3
    assert count(text, ()) == 0


def test_every_mark_of_the_list_counts_once_by_itself() -> None:
    assert [count(mark) for mark in MARKS] == [1] * len(MARKS)
