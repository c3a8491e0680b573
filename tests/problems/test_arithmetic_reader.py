"""The reader of arithmetic: demonstrations of all styles read as right, and each mutation as what it is."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micota.problems.arithmetic import Chain, demonstrate, draw_chain, walk
from micota.problems.arithmetic_reader import read, segments
from micota.problems.reading import FAULTS, Reading

# (operations, bound, seed) of a problem and its demonstration.
DRAWN = {"operations": st.integers(2, 8), "bound": st.integers(30, 999), "seed": st.integers(0, 10**9)}


def drawn(operations: int, bound: int, seed: int) -> tuple[Chain, random.Random]:
    rng = random.Random(seed)
    return draw_chain(rng, operations, bound), rng


def reading(problem: str, completion: str) -> Reading:
    found = read(problem, completion)
    assert found is not None
    return found


def faults(chain: Chain, text: str) -> str | None:
    return reading(chain.text, text).fault


@given(verbosity=st.floats(0, 1), second=st.sampled_from(["short", "decomposed"]), **DRAWN)
def test_every_demonstration_is_right_and_has_the_style_it_was_written_with(
    operations: int, bound: int, seed: int, verbosity: float, second: str
) -> None:
    chain, rng = drawn(operations, bound, seed)
    text = demonstrate(chain, verbosity, rng, second)
    found = reading(chain.text, text)
    assert (found.fault, found.steps) == (None, operations)
    first = text.split("again,")[0]
    assert found.passes == 1 + text.count("again,") and found.corrections == text.count("wait,")
    assert found.decomposed == len(re.findall(r"[a-h]\d+[-+*]\d+:", first))
    assert found.checked == len(re.findall(r"check [^;]+ ok;", first))


@pytest.mark.parametrize(
    ("text", "short", "full"),
    [
        ("a12+3=15;b15*2=30;\\boxed{30}", True, False),
        ("a12+3:12+3=15;b15*2:10*2=20,5*2=10,20+10=30;\\boxed{30}", False, False),
        ("a12+3:12+3=15;check 15-3=12 ok;b15*2:10*2=20,5*2=10,20+10=30;check 30/2=15 ok;"
         "again,a12+3=15;b15*2=30;\\boxed{30}", False, True),
        ("a12+3=14;check 14-3=11 no;wait,a12+3=15;b15*2=30;\\boxed{30}", False, False),
    ],
)  # fmt: skip
def test_styles(text: str, short: bool, full: bool) -> None:
    found = reading("12a+3b*2?", text)
    assert (found.fault, found.short, found.full) == (None, short, full)


def pieces(chain: Chain, seed: int, decomposing: float) -> list[str]:
    """The steps of a demonstration without slips and checks, one each."""
    return walk(chain, random.Random(seed), decomposing, 0.0, 0.0).split(";")[:-1]


def joined(steps: list[str], box: int) -> str:
    return "".join(f"{step};" for step in steps) + f"\\boxed{{{box}}}"


@given(share=st.sampled_from([0.0, 0.5, 1.0]), place=st.integers(0, 10**6), **DRAWN)
def test_a_mutated_step_is_told_by_what_was_done_to_it(
    operations: int, bound: int, seed: int, share: float, place: int
) -> None:
    chain, _ = drawn(operations, bound, seed)
    steps, box = pieces(chain, seed, share), chain.values[-1]
    at = place % operations
    own = steps[at]
    label, rest = own[0], own[1:]
    op, operand = chain.steps[at]
    wrong = chain.values[at + 1] + 1
    tail = steps[at + 1 :]

    def after(*put: str) -> str | None:
        return faults(chain, joined([*steps[:at], *put, *tail], box))

    assert after(own) is None
    assert after() == "lost_place"
    assert after(own, own) == "lost_place"
    assert after("i" + rest) == after(("b" if label == "a" else "a") + rest) == "lost_place"
    assert after(f"{label}{chain.values[at] + 1}{op}{operand}={wrong}") == "lost_place"
    assert after(f"{label}{chain.values[at]}{op}{operand + 1}={wrong}") == "lost_place"
    assert after(f"{label}{chain.values[at]}{op}{operand}={wrong}") == "slip"
    assert after(f"{label}{chain.values[at]}{op}{operand}=") == after("?") == after(own, "so we have") == "format"


@given(place=st.integers(0, 10**6), change=st.integers(1, 9), **DRAWN)
def test_a_digit_changed_in_a_part_is_a_slip(operations: int, bound: int, seed: int, place: int, change: int) -> None:
    chain, _ = drawn(operations, bound, seed)
    steps = pieces(chain, seed, 1.0)
    results = list(re.finditer(r"=(-?\d+)", "".join(f"{step};" for step in steps)))
    chosen = results[place % len(results)]
    text = joined(steps, chain.values[-1])
    changed = f"{text[: chosen.start(1)]}{int(chosen[1]) + change}{text[chosen.end(1) :]}"
    assert faults(chain, changed) == "slip"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a12+3=14;b14*3=42;\\boxed{28}", "slip"),  # of two the first one
        ("a12*2=24;b24*2=47;\\boxed{47}", "lost_place"),
        ("a12+3=15;b15*2=30;\\boxed{31}", "wrong_box"),
        ("a12+3=15;b15*2=30;\\boxed{}", "wrong_box"),
        ("a12+3=15;b15*2=30;", None),  # no box: the grader says so
        ("a12+3=15;\\boxed{15}", "lost_place"),
        ("a12+3=15;b15*2=30;again,a12+3=15;\\boxed{30}", "lost_place"),
        ("a12+3=15;b15*2=31;again,a12+3=15;b15*2=30;\\boxed{31}", "slip"),
        ("a12+3=15;b15*2=31;check 31/2=15r1 no;wait,b15*2=30;\\boxed{30}", None),
        ("a12+3=15;c15*2=31;wait,b15*2=30;\\boxed{30}", None),
        ("a12+3=15;check 15-3=99 no;b15*2=30;\\boxed{30}", None),  # what a check says is no fault
        ("a12+3=15;check 15-3;b15*2=30;\\boxed{30}", "format"),
        ("a12+3:12+=15;b15*2=30;\\boxed{30}", "format"),
        ("\\boxed{30}", "format"),
        ("", "format"),
        ("wait,;again,;" * 5, "format"),
        ("a12+3=15;b15*2=30;c30+1=31;\\boxed{31}", "lost_place"),
        ("a12+3=" + "9" * 5000 + ";\\boxed{1}", "format"),
        ("a12+3=15;b15*2=30;\\boxed{31} no, \\boxed{30}", "format"),  # text between boxes is none of a step's
    ],
)
def test_the_first_fault_decides(text: str, fault: str | None) -> None:
    assert reading("12a+3b*2?", text).fault == fault
    assert fault is None or fault in FAULTS


def test_a_problem_of_another_kind_has_no_reading() -> None:
    assert read("What is 12 + 3?", "15 \\boxed{15}") is None


@given(st.text("abcw;,:=+-*?0123456789 \\{}boxedwaitgnk", max_size=200))
def test_whatever_a_model_writes_is_read(text: str) -> None:
    assert reading("12a+3b*2?", text).fault in (None, *FAULTS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a12+3=15;b15*2=30;\\boxed{30}", []),
        ("a12+3=15;check 15-3=12 ok;b15*2=30;\\boxed{30}", [("check", "check 15-3=12 ok")]),
        ("a12+3=14;wait,a12+3=15;b15*2=30;\\boxed{30}", [("taken_back", "wait,a12+3=15")]),
        ("a12+3=15;b15*2=30;again,a12+3=15;b15*2=30;\\boxed{30}", [("again", "again,a12+3=15"), ("again", "b15*2=30")]),
        ("a12+3=16;b16*2=32;\\boxed{32}", [("fault", "a12+3=16")]),
        ("a12+3=15;check 15-3=12 ok;b15*2=31;\\boxed{31}", [("check", "check 15-3=12 ok"), ("fault", "b15*2=31")]),
        ("a12+3=15;b15*2=30;\\boxed{31}", [("fault", "\\boxed{31}")]),
        ("a12+3=15", [("fault", "a12+3=15")]),  # it ends before the last step
        ("<b>;a12+3=15", [("fault", "<b>")]),
    ],
)
def test_what_stands_apart_and_the_first_fault_have_their_places(text: str, shown: list[tuple[str, str]]) -> None:
    found = segments("12a+3b*2?", text)
    assert [(segment.kind, text[segment.start : segment.end]) for segment in found] == shown
    assert any(segment.kind == "fault" for segment in found) == (reading("12a+3b*2?", text).fault is not None)


def test_of_another_kind_of_problem_nothing_stands_apart() -> None:
    assert segments("What is 1 + 1?", "check;again,") == []
