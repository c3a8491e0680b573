"""Three hundred hostile answers of every kind end and are wrong, and leave the answers beside them alone."""

from benchmarks.hostile import KINDS, cases, faults, golds, traces
from micota.grading.grade import Judge, grade

COUNT = 300
DEADLINE = 0.6  # seconds; a harmless answer takes milliseconds, but the machine may be busy


def test_every_kind_is_there_as_often() -> None:
    kinds = [kind for kind, _ in cases(COUNT)]
    assert {kinds.count(kind) for kind in KINDS} == {COUNT // len(KINDS)}
    assert [*cases(50)] == [*cases(50)] != [*cases(50, seed=1)]


def test_hostile_answers_are_wrong_and_their_neighbours_are_right() -> None:
    with Judge(workers=2, timeout=DEADLINE) as judge:
        rows = list(grade(traces(COUNT), golds(COUNT), judge))
    assert faults(rows, COUNT) == []
    reasons = {row["reason"] for row in rows if row["kind"] != "harmless"}
    assert {"too_complex", "unparsable", "different"} <= reasons
