r"""math12k: the 12,000 problems of MATH that are not in MATH-500, the paper's training set. MIT licence (MATH).

A row (huggingface.co/datasets/hiyouga/math12k), as its page describes it; no copy was at hand when this was written:

    {"problem": "What is the degree of the polynomial $(4 +5x^3 +100 +2\\pi x^4 + \\sqrt{10}x^4 +9)$?", "answer": "4"}

4,500 of them come from the original MATH test set: no model trained on this may be scored on all of that.
"""

from typing import Any

from micota.problems.answers import answer_text

ROWS = {"train": 12000, "test": 500}
SHA256: dict[str, str] = {}  # no copy was at hand: set `sha256` in the configuration at the first contact
HUB = {"repo": "hiyouga/math12k", "config": None, "split": "train", "revision": "unresolved"}


def problem(row: dict[str, Any]) -> dict[str, Any]:
    """Our fields of one row."""
    return {
        "problem": row["problem"].strip(),
        "answer": answer_text(row["answer"]),
        "raw_answer": str(row["answer"]),
    }
