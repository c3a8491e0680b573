"""Which stretches of a completion are tinted, in the units of a JavaScript string."""

import pytest

from micota.pages.spans import KINDS, Tinter


def cut(text: str, numbers: list[int]) -> list[tuple[str, str]]:
    """As the page cuts: by UTF-16 units."""
    units = text.encode("utf-16-le", "surrogatepass")
    found = []
    for place in range(0, len(numbers), 3):
        start, length, kind = numbers[place : place + 3]
        piece = units[2 * start : 2 * (start + length)].decode("utf-16-le", "surrogatepass")
        found.append((KINDS[kind], piece))
    return found


def test_steps_of_arithmetic_are_read_by_the_data_sets_reader() -> None:
    text = "a12+3=15;check 15-3=12 ok;b15*2=31;\\boxed{31}"
    shown = cut(text, Tinter("arithmetic").spans("12a+3b*2?", text))
    assert shown == [("check", "check 15-3=12 ok"), ("fault", "b15*2=31")]


@pytest.mark.parametrize("before", ["", "\U0001f600\U0001f600 ", "é\u202e", "\ud800"])
def test_natural_text_has_its_marks_of_reflection_at_their_places(before: str) -> None:
    text = f"{before}So 4. Wait, let me check: \U0001f600 hmm."
    shown = cut(text, Tinter("plain").spans("What is 2 + 2?", text))
    assert shown == [("mark", "Wait"), ("mark", "let me check"), ("mark", "hmm")]


def test_a_loop_at_the_end_goes_over_what_stands_in_it() -> None:
    text = "Wait. " + "wait wait " * 4
    shown = cut(text, Tinter("plain").spans("?", text, repeated_share=40 / len(text)))
    assert shown == [("mark", "Wait"), ("loop", "wait wait " * 4)]


def test_spans_are_in_order_and_apart() -> None:
    text = "a1+1=2;again,a1+1=2;wait,a1+1=3;check 3-1=2 no;\\boxed{3}"
    numbers = Tinter("arithmetic").spans("1a+1?", text, 0.3)
    ends = [0]
    for place in range(0, len(numbers), 3):
        assert numbers[place] >= ends[-1]
        ends.append(numbers[place] + numbers[place + 1])
    assert ends[-1] <= len(text)
