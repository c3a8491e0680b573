"""Reads a chain of thought for a problem of procedural arithmetic: what style it has, and where it first goes wrong.

How chains of thought are written, micota/problems/arithmetic.py says. Models write what they like, so anything may
stand anywhere: what is no step, check or mark is a fault of its own, and reading goes on behind it.

The first fault of the text decides, whatever follows from it:

- `format`      something that is neither a step nor a check, or text without any step
- `lost_place`  the step is not the problem's next one: done twice, skipped, another label, operator or operand, or a
                value other than the last result; or the pass ends before the last step
- `slip`        the step is the next one and states a wrong result, at once or in a part of its decomposition
- `wrong_box`   all steps are right and the box holds something else than the last result

A step that `wait,` takes back does not count, and what a check says is never a fault. After a slip the next step goes
on from the stated result.
"""

import re
from dataclasses import dataclass

from micota.problems.arithmetic import apply
from micota.problems.reading import AGAIN, CHECK, FAULT, TAKEN_BACK, Reading, Segment

PROBLEM = re.compile(r"(?P<start>\d+)(?P<steps>(?:[a-h][-+*]\d+)+)\?")
OPERATION = re.compile(r"([a-h])([-+*])(\d+)")
NUMBER = r"-?\d{1,9}"  # no model's number may be so long that reckoning with it takes long
STEP = re.compile(rf"([a-z])({NUMBER})([-+*])(\d{{1,9}})(?:=({NUMBER})|:([^:]+))")
PART = re.compile(rf"({NUMBER})([-+*])(\d{{1,9}})=({NUMBER})")
CHECKED = re.compile(rf"check {NUMBER}[-+/]\d{{1,9}}={NUMBER}(?:r\d{{1,9}})? (?:ok|no)")
BOX = re.compile(r"\\boxed\{([^{}]*)\}")
CORRECTION, NEXT_PASS = "wait,", "again,"


@dataclass
class Step:
    """One step as it was written, and the fault it has."""

    decomposed: bool
    fault: str | None
    result: int | None  # None: it states none that can be read
    place: int  # the number of its segment
    checked: bool = False


def read(problem: str, completion: str) -> Reading | None:
    """The reading of a completion; None where the problem is none of procedural arithmetic."""
    walk = followed(problem, completion)
    if walk is None:
        return None
    first = walk.first
    return Reading(
        fault=walk.fault,
        steps=len(first),
        decomposed=sum(step.decomposed for step in first),
        checked=sum(step.checked for step in first),
        passes=walk.passes,
        corrections=walk.corrections,
    )


def segments(problem: str, completion: str) -> list[Segment]:
    """What stands apart in a completion, in order: checks, further passes, what takes a step back, the first fault."""
    walk = followed(problem, completion)
    if walk is None:
        return []
    found, start = [], 0
    # The last one is what stands in and behind the box.
    texts = completion.split(";", len(walk.kinds) - 1) if walk.kinds else []
    for place, text in enumerate(texts):
        kind = FAULT if place == walk.fault_place else walk.kinds[place]
        if kind and text.strip():
            found.append(Segment(start, start + len(text), kind))
        start += len(text) + 1
    return found


def followed(problem: str, completion: str) -> "Walk | None":
    """The walk through a completion; None where the problem is none of procedural arithmetic."""
    chain = PROBLEM.fullmatch(problem.strip())
    if chain is None:
        return None
    operations = [(label, op, int(operand)) for label, op, operand in OPERATION.findall(chain["steps"])]
    values = [int(chain["start"])]
    for _, op, operand in operations:
        values.append(apply(values[-1], op, operand))
    boxes = list(BOX.finditer(completion))
    body = completion[: boxes[-1].start()] if boxes else completion
    walk = Walk(values[0], operations)
    for segment in body.split(";"):
        walk.take(segment.strip())
    walk.end_pass()
    if boxes and boxes[-1][1].strip() != str(values[-1]):
        walk.note("wrong_box", len(walk.kinds) - 1)
    return walk


class Walk:
    """Goes through a completion's segments and notes the first fault that is not taken back."""

    def __init__(self, start: int, operations: list[tuple[str, str, int]]) -> None:
        self.start, self.operations = start, operations
        self.steps: list[Step] = []  # of this pass, those that stand
        self.first: list[Step] = []  # of the first pass
        self.passes, self.corrections = 1, 0
        self.fault: str | None = None  # of what can no longer be taken back
        self.fault_place: int | None = None  # the number of its segment
        self.kinds: list[str | None] = []  # of each segment, as it is shown

    def take(self, segment: str) -> None:
        """Read one segment, what stands between two semicolons."""
        corrections, place, given = self.corrections, len(self.kinds), segment
        while segment.startswith((CORRECTION, NEXT_PASS)):
            mark = CORRECTION if segment.startswith(CORRECTION) else NEXT_PASS
            segment = segment.removeprefix(mark).strip()
            if mark == CORRECTION:
                self.corrections += 1
                del self.steps[-1:]
            else:
                self.end_pass()
                self.passes += 1
        kind = TAKEN_BACK if self.corrections > corrections else AGAIN if self.passes > 1 and given else None
        check = CHECKED.fullmatch(segment)
        self.kinds.append(CHECK if check else kind)
        if check:
            if self.steps:
                self.steps[-1].checked = True
        elif match := STEP.fullmatch(segment):
            self.settle()
            self.steps.append(self.step(match, place))
        elif segment:
            self.settle()
            self.note("format", place)

    def step(self, match: re.Match[str], at: int) -> Step:
        """A step, held against the problem's next one and against arithmetic."""
        label, value, op, operand, stated, parts = match.groups()
        given = (label, op, int(operand))
        before = self.start if not self.steps else self.steps[-1].result
        place = len(self.steps)
        due = self.operations[place] if place < len(self.operations) else None
        found = [PART.fullmatch(part.strip()) for part in parts.split(",")] if parts else []
        if not all(found):
            return Step(True, "format", None, at)
        equations = [(int(part[1]), part[2], int(part[3]), int(part[4])) for part in found if part]
        result = equations[-1][3] if equations else int(stated)
        fault = None
        if given != due or (before is not None and int(value) != before):
            fault = "lost_place"
        elif result != apply(int(value), op, int(operand)) or any(apply(a, o, b) != c for a, o, b, c in equations):
            fault = "slip"
        return Step(bool(equations), fault, result, at)

    def settle(self) -> None:
        """Nothing takes back the last step any more: its fault counts."""
        if self.steps:
            self.note(self.steps[-1].fault, self.steps[-1].place)

    def end_pass(self) -> None:
        """A pass ends: at `again,`, or with the text."""
        self.settle()
        last = max(0, len(self.kinds) - 1)
        if not self.steps and self.passes == 1:
            self.note("format", last)
        elif len(self.steps) < len(self.operations):
            self.note("lost_place", last)
        if self.passes == 1:
            self.first = self.steps
        self.steps = []

    def note(self, fault: str | None, place: int) -> None:
        if fault and not self.fault:
            self.fault, self.fault_place = fault, place
