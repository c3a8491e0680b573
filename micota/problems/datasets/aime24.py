r"""AIME 2024, I and II: 30 competition problems, each answer an integer from 0 to 999. MIT licence (Qwen2.5-Math).

A row (github.com/QwenLM/Qwen2.5-Math, evaluation/data/aime24):

    {"id": 60, "problem": "Every morning Aya goes for a $9$-kilometer-long walk and stops at a coffee shop ...",
     "solution": "$\\frac{9}{s} + t = 4$ in hours and ...", "answer": "204", "url": ..., "question": ...}

Seven answers are padded with zeros ("025"), as the answer sheet wants them. They are integers, so the padding goes:
math-verify takes either, but the string rule of the paper's harness holds "025" and "25" to be different.
"""

from typing import Any

from micota.problems.answers import answer_text

ROWS = {"train": 30, "test": 30}
SHA256 = dict.fromkeys(ROWS, "e17f9740ee56c7be0368190b2c34041d6e0e0ad843ac933cb5c6ee28bc0ceb9b")
HUB = {"repo": "math-ai/aime24", "config": None, "split": "test", "revision": "unresolved"}
DIFFICULTY = 2.5
RAW_GOLDS = {"test": {"string": 23}}  # "025" is not "25" to the rule


def problem(row: dict[str, Any]) -> dict[str, Any]:
    """Our fields of one row."""
    answer = answer_text(row["answer"])
    return {
        "problem": (row.get("problem") or row["question"]).strip(),
        "answer": str(int(answer)) if answer else "",
        "raw_answer": str(row["answer"]),
        **({"solution": row["solution"]} if row.get("solution") else {}),
    }
