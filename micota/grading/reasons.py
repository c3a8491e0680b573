"""The reasons of a verdict, each a word in the graded trace: which of them say that an answer is right."""

import re

EQUAL, EQUIVALENT, DIFFERENT = "equal", "equivalent", "different"
NO_BOX, UNPARSABLE, TIMEOUT = "no_box", "unparsable", "timeout"
REASONS = (EQUAL, EQUIVALENT, DIFFERENT, NO_BOX, UNPARSABLE, TIMEOUT)
RIGHT = {EQUAL, EQUIVALENT}

INTEGER = re.compile(r"-?\d{1,300}", re.ASCII)
