"""The reasons of a verdict, each a word in the graded trace: which of them say that an answer is right."""

import re

from micota.common.records import Record
from micota.grading.limits import LONGEST

EQUAL, EQUIVALENT, DIFFERENT = "equal", "equivalent", "different"
NO_BOX, UNPARSABLE, TOO_COMPLEX, TIMEOUT = "no_box", "unparsable", "too_complex", "timeout"
REASONS = (EQUAL, EQUIVALENT, DIFFERENT, NO_BOX, UNPARSABLE, TOO_COMPLEX, TIMEOUT)
RIGHT = {EQUAL, EQUIVALENT}
UNREAD = {NO_BOX, UNPARSABLE, TOO_COMPLEX, TIMEOUT}  # nothing was read that could be compared

INTEGER = re.compile(r"-?\d{1,300}", re.ASCII)


def asks_judge(trace: Record) -> bool:
    """Whether the judge model is asked: the string rule rejects a box that holds something, and no book."""
    extracted = trace["extracted"]
    return bool(extracted) and len(extracted) <= LONGEST and not trace["verdicts"]["string_rule"]
