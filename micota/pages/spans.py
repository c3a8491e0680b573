"""Which stretches of a completion are tinted: what a reader of steps finds, marks of reflection, a loop at the end."""

import re
from bisect import bisect_left

from micota.grading.reflection import marks_of, places
from micota.problems.datasets import segmenter
from micota.problems.reading import AGAIN, CHECK, FAULT, TAKEN_BACK

MARK, LOOP = "mark", "loop"
KINDS = (CHECK, AGAIN, TAKEN_BACK, FAULT, MARK, LOOP)  # a span has the number of its kind
ASTRAL = re.compile("[\U00010000-\U0010ffff]")  # two units of a JavaScript string

Span = tuple[int, int, str]  # first character, the one behind the last, kind


class Tinter:
    """For the completions of one data set, by the file of its loader."""

    def __init__(self, loader: str) -> None:
        self.segments, self.marks = segmenter(loader), marks_of(loader)

    def spans(self, problem: str, text: str, repeated_share: float = 0.0) -> list[int]:
        """Start, length (in units of a JavaScript string) and number of the kind of each span, one after the other.

        They are in order, and none is in another; where the text ends in a loop, that is what is shown.
        """
        found: list[Span] = []
        if self.segments:
            found = [(part.start, part.end, part.kind) for part in self.segments(problem, text)]
        else:
            found = [(start, end, MARK) for start, end in places(text, self.marks)]
        if repeated_share:
            loop = len(text) - round(repeated_share * len(text))
            found = [(start, min(end, loop), kind) for start, end, kind in found if start < loop]
            found.append((loop, len(text), LOOP))
        return flat(found, text)


def flat(spans: list[Span], text: str) -> list[int]:
    """Spans as numbers that JavaScript can cut with."""
    wide = [] if text.isascii() else [match.start() for match in ASTRAL.finditer(text)]
    numbers: list[int] = []
    for start, end, kind in spans:
        first, last = start + bisect_left(wide, start), end + bisect_left(wide, end)
        numbers += [first, last - first, KINDS.index(kind)]
    return numbers
