r"""AMC 12 2023: 40 problems, multiple choice turned into open answers. MIT licence (Qwen2.5-Math).

A row (github.com/QwenLM/Qwen2.5-Math, evaluation/data/amc23):

    {"id": 0, "problem": "Cities $A$ and $B$ are $45$ miles apart. Alicia lives in $A$ and Beth lives in $B$. ...",
     "answer": 27.0, "url": "https:\/\/artofproblemsolving.com\/wiki\/...", "question": "Cities $A$ and $B$ are ..."}

The answer is a JSON float; as text "27.0" equals no model's "27" under a string rule, so a whole number is written as
one.
"""

from typing import Any

from micota.problems.answers import answer_text

ROWS = {"test": 40}
SHA256 = {"test": "ad97c7f607f1c958d5e5efb429dc4f895f521422e11d03f913e02079c3bd0e8d"}
HUB = {"repo": "math-ai/amc23", "config": None, "split": "test", "revision": "unresolved"}
DIFFICULTY = 1.6
RAW_GOLDS = {"test": {"string": 0}}  # "27.0" is not "27" to the rule


def problem(row: dict[str, Any]) -> dict[str, Any]:
    """Our fields of one row; the answer may also come as the text "27.0"."""
    return {
        "problem": (row.get("problem") or row["question"]).strip(),
        "answer": answer_text(row["answer"]).removesuffix(".0"),
        "raw_answer": str(row["answer"]),
    }
