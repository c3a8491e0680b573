r"""OlympiadBench, the 675 English text-only open-ended maths problems. He et al. (2024); MIT licence (Qwen2.5-Math).

A row (github.com/QwenLM/Qwen2.5-Math, evaluation/data/olympiadbench):

    {"id": 1606, "subfield": "Combinatorics", "context": null,
     "question": "Xenia and Sergey play the following game. Xenia thinks of a positive integer $N$ ...",
     "solution": ["Sergey can determine Xenia's number in 2 but not fewer moves. ..."], "final_answer": ["2"],
     "is_multiple_answer": false, "unit": null, "answer_type": "Numerical", "error": null}

The gold answer is `final_answer[0]`, as in the paper's harness (no row has a second one). 266 of them carry dollar
signs, also in the middle ("$69$,$84$"): all go, for they only mark mathematics.

Several answers. 94 rows ask for several (`multiple`); they stand in one text, parted by commas, in the source's order:

    {"final_answer": ["$69$,$84$"], "is_multiple_answer": true, "answer_type": "Numerical"}        -> "69,84"
    {"final_answer": ["$(1,8,19), (2,7,13), (4,5,7)$"], "is_multiple_answer": true, ...}           -> three triples

The grader takes them as a set: every one must be there, in any order, and none beside them. A row with a second entry
in `final_answer` would keep all of them in `answers` and be graded by the first.

Units. 8 rows name a `unit` (minute, km, cm^2, ^{\circ}, ...) that is no part of the answer: 45, not 45 minutes. It is
kept in the record beside the answer, without dollar signs; an answer that writes a unit is compared by
micota/grading/units.py.
"""

from typing import Any

from micota.problems.answers import answer_text

ROWS = {"train": 675, "test": 675}
SHA256 = dict.fromkeys(ROWS, "acb8e61e970f4d59ec9ad6547d80768c5b224cd609b0e2012ffd427644c1acad")
HUB = {"repo": "Hothan/OlympiadBench", "config": "OE_TO_maths_en_COMP", "split": "train", "revision": "unresolved"}
DIFFICULTY = 1.8
RAW_GOLDS = {"train": {"string": 409}}  # the rule removes no dollar sign
MISPRINTS = {
    73: "words and a formula in one answer, which nobody reads whole: equal to its own text alone",
    96: "t(0,4]: a misprint in the source, for t in (0,4]",
}


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
