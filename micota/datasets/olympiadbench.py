r"""OlympiadBench, the 675 English text-only open-ended maths problems. He et al. (2024); MIT licence (Qwen2.5-Math).

A row (github.com/QwenLM/Qwen2.5-Math, evaluation/data/olympiadbench):

    {"id": 1606, "subfield": "Combinatorics", "context": null,
     "question": "Xenia and Sergey play the following game. Xenia thinks of a positive integer $N$ ...",
     "solution": ["Sergey can determine Xenia's number in 2 but not fewer moves. ..."], "final_answer": ["2"],
     "is_multiple_answer": false, "unit": null, "answer_type": "Numerical", "error": null}

The gold answer is `final_answer[0]`, as in the paper's harness (no row has a second one). 266 of them carry dollar
signs, also in the middle ("$69$,$84$"): all go, for they only mark mathematics. 94 rows ask for several answers
(`multiple`).
"""

from typing import Any

from micota.datasets import answer_text

ROWS = {"train": 675, "test": 675}
HUB = {"repo": "Hothan/OlympiadBench", "config": "OE_TO_maths_en_COMP", "split": "train", "revision": "unresolved"}


def problem(row: dict[str, Any]) -> dict[str, Any]:
    """Our fields of one row."""
    answers = [answer_text(answer).replace("$", "") for answer in row["final_answer"]]
    fields = {
        "problem": row["question"].strip(),
        "answer": answers[0] if answers else "",
        "raw_answer": str(row["final_answer"][0]) if answers else "",
        "answers": answers if len(answers) > 1 else None,
        "solution": "\n\n".join(row["solution"]) if row.get("solution") else None,
        "subject": row.get("subfield"),
        "unit": row["unit"].replace("$", "") if row.get("unit") else None,
    }
    return {field: value for field, value in fields.items() if value is not None} | {
        "multiple": bool(row.get("is_multiple_answer"))
    }
