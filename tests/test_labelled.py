"""The primary verdict on answers labelled by hand: how often it agrees, and where it does not."""

from collections import Counter

from micota.grading import Judge, grade
from micota.records import Record
from tests.labelled import COMPLETIONS, LABELLED, pairs

# (gold, answer): where the verdict is not the label. Found by this table and kept in sight, with what is behind it.
ERRS = {
    ("12", r"\text{the answer is }12"),  # words before the number are no unit and no left side
    (r"6.02 \times 10^{23}", r"602 \times 10^{21}"),  # floating-point numbers, a last digit apart
    (r"\frac{3}{56}", "3:56"),  # a ratio is read as a fraction; the label is the stricter reading
}


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
    """All but the errors that are known: a new one fails here, and so does one that is cured and still listed."""
    rows = pairs()
    verdicts = graded([gold for _, gold, _, _ in rows], [rf"So: $\boxed{{{answer}}}$." for _, _, answer, _ in rows])
    wrong = {
        (gold, answer) for (_, gold, answer, right), row in zip(rows, verdicts, strict=True) if row["correct"] != right
    }
    print(f"agreement on {len(rows)} labelled answers: {1 - len(wrong) / len(rows):.1%}")
    assert wrong == ERRS


def test_whole_completions() -> None:
    verdicts = graded([gold for gold, _, _ in COMPLETIONS], [text for _, text, _ in COMPLETIONS])
    assert [row["correct"] for row in verdicts] == [right for _, _, right in COMPLETIONS]
