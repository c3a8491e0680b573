"""The benchmark of the grader at a small size: its verdicts are math-verify's, whatever short cut they took."""

import random
from pathlib import Path

from benchmarks import grading
from micota.grading import Judge


def test_verdicts_are_those_of_math_verify_alone(real_data: Path) -> None:
    """A few hundred pairs; `python -m benchmarks.grading --pairs 5000` judges more."""
    golds = grading.golds_of(real_data)
    rng = random.Random(1)
    pairs = [(gold, answer) for gold in rng.sample(golds, 40) for answer in grading.answers_to(gold, golds, rng)]
    with Judge(workers=2, timeout=20) as judge:
        faults, departures = grading.compare(pairs, judge)
    assert len(pairs) == 400
    assert faults == []
    assert departures.total() < 40


def test_a_verdict_that_differs_is_a_fault() -> None:
    with Judge() as judge:
        judge.memory["12", "10+2"] = "different"
        faults, departures = grading.compare([("12", "10+2"), ("12", "12")], judge)
    assert len(faults) == 1 and departures == {"none of these": 1}
    assert "math-verify alone says equivalent" in faults[0]


def test_typical_traces_are_mostly_right_and_all_graded() -> None:
    pairs = list(grading.answered(1000, grading.BUILT_IN))
    assert 0.4 < sum(gold == answer for gold, answer in pairs) / 1000 < 0.6
    assert sum(answer is None for _, answer in pairs) > 20
    texts = [trace["completion"] for trace in grading.traces(pairs[:50])]
    assert sum("boxed" in text for text in texts) == sum(answer is not None for _, answer in pairs[:50])
