"""Which side of a claim an effect is on, and the words of the verdicts: for the test, and for the figure of its table.

A part of a claim may come as the configuration has it, or as a row of the table of claims.
"""

from collections.abc import Mapping
from typing import Any

REPRODUCED, CONTRADICTED, EQUIVALENT = "reproduced", "contradicted", "equivalent"
UNDECIDED, NOT_TESTABLE, ESTIMATED = "not decided", "not testable", "estimated"
ONE_CHAIN, SEVERAL_CHAINS = "this teacher and assistant", "further chains"  # what a claim is about

Part = Mapping[str, Any]


def sign(part: Part) -> int:
    """+1 if the claim expects a positive contrast, -1 if a negative one, 0 if none (an estimate)."""
    return {"positive": 1, "negative": -1, None: 0}[part["expected"]]


def null(part: Part) -> float:
    """The effect at which the claim begins to be wrong: 0, or the margin on the wrong side."""
    return -sign(part) * part["margin"] if part["margin"] else 0.0


def on_claimed_side(part: Part, effect: float) -> bool:
    """Whether an effect has the claimed sign, or misses it by less than the margin."""
    return bool(sign(part) * effect + part["margin"] > 0)


def in_words(verdict: str, about: str | None) -> str:
    """The verdict, and where it holds for one chain alone, for what."""
    decided = verdict in (REPRODUCED, CONTRADICTED, EQUIVALENT)
    return f"{verdict}, for {about}" if decided and about == ONE_CHAIN else verdict
