"""What grading, and the vote among several samples, have to know of a kind of task."""

from typing import Protocol

from micota.common.records import Record


class TaskKind(Protocol):
    """A kind of task: maths is micota/grading/maths.py; multiple choice or code would be one more such file.

    What a kind cannot say at once is judged in worker processes (micota.grading.grade.Judge), by a function of its own.
    """

    def extract(self, trace: Record) -> str | None:
        """The answer that a trace gives; None if it gives none."""

    def count(self, trace: Record) -> int:
        """How many different answers a trace gives."""

    def quick(self, gold: str, extracted: str | None) -> str | None:
        """The reason of a verdict (micota/grading/reasons.py) that needs no worker; None where one must look.

        A missing or empty answer is always one that needs none.
        """

    def verdicts(self, trace: Record, gold: str, right: bool) -> dict[str, bool]:
        """Verdicts by name; `right` is the primary one."""

    def vote(self, extracted: str) -> str:
        """What an answer votes for: answers that are one give the same."""
