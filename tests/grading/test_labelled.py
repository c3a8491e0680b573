"""The primary verdict on answers labelled by hand agrees with the labels."""

from collections import Counter

from micota.common.records import Record
from micota.grading.grade import Judge, grade
from tests.labelled import COMPLETIONS, LABELLED, pairs


def graded(golds: list[str], completions: list[str]) -> list[Record]:
    named = {str(number): gold for number, gold in enumerate(golds)}
    traces = [{"id": str(number), "completion": text} for number, text in enumerate(completions)]
    with Judge(workers=2, timeout=300) as judge:
        return list(grade(traces, named, judge))


def test_the_table_is_wide() -> None:
    rows = pairs()
    assert len({(gold, answer) for _, gold, answer, _ in rows}) >= 150
    assert Counter(right for *_, right in rows)[False] > 100
    assert len(LABELLED) >= 18


def test_verdicts_agree_with_the_labels() -> None:
    rows = pairs()
    verdicts = graded([gold for _, gold, _, _ in rows], [rf"So: $\boxed{{{answer}}}$." for _, _, answer, _ in rows])
    wrong = {
        (gold, answer) for (_, gold, answer, right), row in zip(rows, verdicts, strict=True) if row["correct"] != right
    }
    print(f"agreement on {len(rows)} labelled answers: {1 - len(wrong) / len(rows):.1%}")
    assert wrong == set()


def test_whole_completions() -> None:
    verdicts = graded([gold for gold, _, _ in COMPLETIONS], [text for _, text, _ in COMPLETIONS])
    assert [row["correct"] for row in verdicts] == [right for _, _, right in COMPLETIONS]
