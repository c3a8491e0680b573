r"""MATH-500: 500 problems of the MATH test set, chosen by Lightman et al. (2023). MIT licence.

A row (github.com/openai/prm800k, math_splits/test.jsonl):

    {"problem": "Convert the point $(0,3)$ in rectangular coordinates to polar coordinates. ...",
     "solution": "We have that $r = \\sqrt{0^2 + 3^2} = 3.$ ... $\\boxed{\\left( 3, \\frac{\\pi}{2} \\right)}.$",
     "answer": "\\left( 3, \\frac{\\pi}{2} \\right)", "subject": "Precalculus", "level": 2,
     "unique_id": "test/precalculus/807.json"}
"""

from typing import Any

from micota.problems.answers import answer_text

ROWS = {"test": 500}
SHA256 = {"test": "6619d6d0edda9a17f29cca76952b497ce7219bd4ee36a5ccd3280644e3c4c88a"}
HUB = {"repo": "HuggingFaceH4/MATH-500", "config": None, "split": "test", "revision": "unresolved"}
RAW_GOLDS = {"test": {"string": 500}}


def problem(row: dict[str, Any]) -> dict[str, Any]:
    """Our fields of one row."""
    return {
        "problem": row["problem"].strip(),
        "answer": answer_text(row["answer"]),
        "raw_answer": str(row["answer"]),
        **{field: row[field] for field in ("solution", "level", "subject") if row.get(field) is not None},
    }
