"""Procedural problems and demonstrations: their arithmetic is right, and their parts never meet."""

import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micota.problems.arithmetic import (
    LABELS,
    PARTS,
    Chain,
    demonstrate,
    demonstrations,
    draw_chain,
    draw_from,
    problems,
)

EQUATION = re.compile(r"(\d+)([-+*/])(\d+)=(-?\d+)(?:r(\d+))?")
CHECK = re.compile(r"check [^;]*?(?P<verdict>ok|no);")
OPTIONS: dict[str, Any] = {"operations": [1, 3, 5], "bound": 299}


def right(equation: re.Match[str]) -> bool:
    left, op, operand, result, rest = equation.groups()
    a, b, c = int(left), int(operand), int(result)
    return {"+": a + b, "-": a - b, "*": a * b, "/": b * c + int(rest or 0)}[op] == (a if op == "/" else c)


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    rng = random.Random(draw(st.integers(0, 10**9)))
    return draw_chain(rng, draw(st.integers(1, len(LABELS))), draw(st.integers(9, 999)))


@given(chain=chains(), verbosity=st.floats(0, 1), seed=st.integers(0, 10**9))
def test_a_demonstration_is_right_but_for_slips_that_its_checks_find(chain: Chain, verbosity: float, seed: int) -> None:
    text = demonstrate(chain, verbosity, random.Random(seed), random.Random(seed).choice(["short", "decomposed"]))
    assert re.findall(r"\\boxed\{(.*)\}$", text) == [str(chain.values[-1])]
    segments = text.split(";")
    for segment, following in zip(segments, [*segments[1:], ""], strict=True):
        equations = list(EQUATION.finditer(segment))
        slipped = not all(right(equation) for equation in equations)
        assert slipped == (following.startswith("check ") and following.endswith(" no"))
        if slipped:
            assert len(equations) == 1  # one step, redone after "wait,"
    assert text.count(" no;") == text.count("no;wait,")


@given(chain=chains(), verbosity=st.floats(0, 1), seed=st.integers(0, 10**9))
def test_a_check_says_ok_when_it_leads_back(chain: Chain, verbosity: float, seed: int) -> None:
    """The number a check arrives at is the step's own value if, and only if, it says ok."""
    text = demonstrate(chain, verbosity, random.Random(seed), random.Random(seed).choice(["short", "decomposed"]))
    for check in CHECK.finditer(text):
        step = text[: check.start()].rstrip(";").split(";")[-1]
        label, value = re.findall(r"([a-h])(\d+)[-+*]\d+[:=]", step)[-1]
        assert int(value) == chain.values[LABELS.index(label)]
        back = EQUATION.search(check.group())
        assert back is not None
        assert right(back)
        assert (back[4] == value and back[5] is None) == (check["verdict"] == "ok")


@given(chain=chains(), seed=st.integers(0, 10**9))
def test_the_walk_gives_every_step_its_value(chain: Chain, seed: int) -> None:
    text = demonstrate(chain, 1.0, random.Random(seed))
    second = text.split("again,")[1]
    steps = [f"{LABELS[i]}{chain.values[i]}{op}{n}={chain.values[i + 1]};" for i, (op, n) in enumerate(chain.steps)]
    assert second == "".join(steps) + f"\\boxed{{{chain.values[-1]}}}"
    assert demonstrate(chain, 0.0, random.Random(seed)) == second


def test_verbosity_lengthens_in_the_documented_order() -> None:
    rng = random.Random(0)
    drawn = [draw_chain(rng, 4, 299) for _ in range(100)]
    texts = {v: "".join(demonstrate(chain, v, rng) for chain in drawn) for v in (0.0, 0.2, 0.4, 0.59, 0.7, 0.8, 1.0)}
    lengths = [len(text) for text in texts.values()]
    assert lengths == sorted(lengths)
    marks = {v: [mark for mark in (":", "check", "wait,", "again,") if mark in text] for v, text in texts.items()}
    assert marks[0.0] == []
    assert marks[0.2] == marks[0.59] == [":"]
    assert marks[0.7] == marks[0.8] == [":", "check"]
    assert marks[1.0] == [":", "check", "wait,", "again,"]


@given(rng=st.randoms(use_true_random=False), operations=st.integers(1, 8), bound=st.integers(9, 999))
def test_values_stay_within_the_bound(rng: random.Random, operations: int, bound: int) -> None:
    chain = draw_chain(rng, operations, bound)
    assert len(chain.steps) == operations
    assert all(0 <= value <= bound for value in chain.values)
    assert all(operand >= 2 for _, operand in chain.steps)


def test_all_operators_occur() -> None:
    rng = random.Random(0)
    operators = [op for _ in range(300) for op, _ in draw_chain(rng, 4, 299).steps]
    assert min(operators.count(op) for op in "+-*") > 0.1 * len(operators)


def test_the_parts_are_disjoint_by_construction() -> None:
    classes = [number for part in PARTS.values() for number in part]
    assert sorted(classes) == list(range(10))
    texts = {
        part: {row["problem"] for row in problems(part, 300, 1, [1, 2], 299)}
        for part in ("train", "test", "validation")
    }
    texts["pretraining"] = {row["problem"] for row in demonstrations(300, 1, [1, 2], 299, 0.5, [0.0, 1.0])}
    assert len(set().union(*texts.values())) == sum(map(len, texts.values()))


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_problems_are_different_and_in_equal_shares(part: str) -> None:
    rows = list(problems(part, 300, 5, [1, 3, 5], 299))
    assert len({row["problem"] for row in rows}) == 300
    assert [row["level"] for row in rows[:4]] == [1, 3, 5, 1]
    for row in rows:
        start, *steps = re.findall(r"(?:[a-h]([-+*]))?(\d+)", row["problem"])
        value = int(start[1])
        for op, operand in steps:
            value = {"+": value + int(operand), "-": value - int(operand), "*": value * int(operand)}[op]
        assert row["answer"] == str(value)


def test_seeds_decide_everything() -> None:
    def texts(seed: int) -> list[str]:
        rows = demonstrations(50, seed, **OPTIONS, verbose_share=0.5, verbosity=[0.0, 1.0])
        return [row["completion"] for row in rows] + [row["problem"] for row in problems("train", 50, seed, **OPTIONS)]

    assert texts(1) == texts(1)
    assert texts(1) != texts(2)


def test_more_problems_of_a_seed_begin_with_the_same_ones() -> None:
    assert list(problems("test", 5, 1, [2], 99)) == list(problems("test", 20, 1, [2], 99))[:5]


def test_the_verbose_share_is_kept() -> None:
    rows = list(demonstrations(1000, 0, [2], 299, 0.3, [0.9, 1.0]))
    assert 0.25 < sum(":" in row["completion"] for row in rows) / 1000 < 0.35
    assert {row["sampler"] for row in rows} == {"procedural"}


def test_draw_from_draws_from_its_part_only() -> None:
    drawn = draw_from("validation", random.Random(3), 2, 99)
    assert drawn.text not in {row["problem"] for row in problems("train", 500, 3, [2], 99)}
