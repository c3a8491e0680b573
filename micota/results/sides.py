"""Which side of a claim an effect is on, and the words of the verdicts: for the test, and for the figure of its table.

A part of a claim may come as the configuration has it, or as a row of the table of claims.
"""

from collections.abc import Mapping
from typing import Any

REPRODUCED, CONTRADICTED, NOISE, NOT_TESTABLE = "reproduced", "contradicted", "within noise", "not testable"

Part = Mapping[str, Any]


def sign(part: Part) -> int:
    """+1 if the claim expects a positive contrast, else -1."""
    return 1 if part["expected"] == "positive" else -1


def null(part: Part) -> float:
    """The effect at which the claim begins to be wrong: 0, or the margin on the wrong side."""
    return -sign(part) * part["margin"] if part["margin"] else 0.0


def on_claimed_side(part: Part, effect: float) -> bool:
    """Whether an effect has the claimed sign, or misses it by less than the margin."""
    return bool(sign(part) * effect + part["margin"] > 0)
