"""Maths: the answer is what the last box of a completion holds, and it is right where it equals the gold answer.

The primary verdict is math-verify's, on the gold and the extracted answer alone, both taken apart (`equivalence`): of a
whole completion it makes a set of two boxes, and accepts arithmetic in prose. Equal strings and integers need no judge.
"""

from micota.common.records import Record
from micota.grading.answers import boxed_answers, last_box, squeezed
from micota.grading.limits import LONGEST, exceeded
from micota.grading.reasons import DIFFERENT, EQUAL, EQUIVALENT, INTEGER, NO_BOX, TOO_COMPLEX, UNPARSABLE
from micota.grading.string_rule import Irregular, normalise, papers_box, same_last_number, same_string
from micota.grading.task_kind import TaskKind
from micota.models.special_tokens import begun_by


class Maths:
    """Answers in boxes, as micota.grading.task_kind.TaskKind asks for them."""

    def extract(self, trace: Record) -> str | None:
        return last_box(text_of(trace))

    def count(self, trace: Record) -> int:
        return boxed_answers(text_of(trace))

    def quick(self, gold: str, extracted: str | None) -> str | None:
        return quick_verdict(gold, extracted)

    def verdicts(self, trace: Record, gold: str, right: bool) -> dict[str, bool]:
        """Beside math-verify's the paper's two rules, which look for the answer in ways of their own."""
        papers = papers_box(trace["completion"])
        return {
            "math_verify": right,
            "string_rule": papers is not None and len(papers) <= LONGEST and same_string(papers, gold),
            "last_number": same_last_number(trace["completion"], gold),
        }

    def vote(self, extracted: str) -> str:
        """Answers that the MATH string rule writes alike are one."""
        try:
            return normalise(extracted)
        except Irregular:
            return extracted


MATHS: TaskKind = Maths()


def quick_verdict(gold: str, box: str | None) -> str | None:
    """The verdict that needs no judge, or None."""
    if box is None:
        return NO_BOX
    if not box.strip():
        return UNPARSABLE
    if gold == box or squeezed(gold) == squeezed(box):
        return EQUAL
    if INTEGER.fullmatch(gold) and INTEGER.fullmatch(box):
        return EQUIVALENT if int(gold) == int(box) else DIFFERENT
    return TOO_COMPLEX if exceeded(box) else None


def text_of(trace: Record) -> str:
    """The completion, with the mark of the thinking that its prompt began, if it did: what follows is thinking too."""
    return (begun_by(trace.get("prompt", ""), trace["completion"]) or "") + str(trace["completion"])
