"""Verdicts by kind of fault, and on whole completions: which box counts."""

from collections.abc import Iterator

import pytest

from micota.grading.grade import Judge, grade
from tests.kinds import KINDS, pairs


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge(workers=2, timeout=60) as judge:
        yield judge


def verdicts(judge: Judge, found: list[tuple[str, str]]) -> list[bool]:
    golds = {str(n): gold for n, (gold, _) in enumerate(found)}
    traces = [{"id": str(n), "completion": completion} for n, (_, completion) in enumerate(found)]
    return [row["correct"] for row in grade(traces, golds, judge)]


@pytest.mark.parametrize("kind", KINDS)
def test_answers_of_a_kind(judge: Judge, kind: str) -> None:
    labelled = [(*pair, right) for right, text in zip((True, False), KINDS[kind], strict=True) for pair in pairs(text)]
    found = verdicts(judge, [(gold, rf"So $\boxed{{{answer}}}$.") for gold, answer, _ in labelled])
    assert [case for case, verdict in zip(labelled, found, strict=True) if case[2] != verdict] == []


@pytest.mark.parametrize(
    ("completion", "correct"),
    [
        ("The answer is \\boxed{5}.\nI have marked it with \\boxed.", True),
        (r"The answer is \boxed{5}, in a \boxed environment as asked.", True),
        (r"The answer is \boxed{5} (`\boxed`).", True),
        (r"\boxed{5} stands in the \boxed{...} as \boxed wants it", False),
        (r"Thus $\boxed5$.", True),
        (r"Thus \(\boxed 5\).", True),
        (r"Thus $\boxed{5}$, not $\boxed 6$.", False),
        (r"\boxed{6}, and \boxed without braces", False),
        (r"\boxed{5} and then \boxed{}", False),
        ("<think>Perhaps \\boxed{5}. No, that is wrong.</think>\nThe answer is 6.", False),
        ("<think>Perhaps \\boxed{6}.</think>\nIt is \\boxed{5}.", True),
        ("<think>Perhaps \\boxed{6}. No: it must be \\boxed{5}", False),
        ("Perhaps \\boxed{5}.</think>\nI do not know.", False),
        ("Perhaps \\boxed{6}.</think>\n\\boxed{5}", True),
        ("<thinking>\\boxed{6}</thinking> \\boxed{5} <thinking>or \\boxed{7}?</thinking>", True),
        ("[THINK]\\boxed{5}[/THINK] none", False),
        ("<|begin_of_thought|>\\boxed{5}<|end_of_thought|> none", False),
    ],
)
def test_which_box_counts(judge: Judge, completion: str, correct: bool) -> None:
    assert verdicts(judge, [("5", completion)]) == [correct]


@pytest.mark.parametrize(
    ("completion", "correct"),
    [("So \\boxed{5}", False), ("So \\boxed{6}.</think> \\boxed{5}", True), ("<think>a</think> \\boxed{5}", True)],
)
def test_a_box_in_thinking_that_the_prompt_began_is_none(judge: Judge, completion: str, correct: bool) -> None:
    trace = {"id": "0", "prompt": "assistant\n<think>\n", "completion": completion}
    assert [row["correct"] for row in grade([trace], {"0": "5"}, judge)] == [correct]
