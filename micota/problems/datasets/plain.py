"""Your own problems: rows that already have `problem` and `answer`, in any number.

    {"problem": "What is 2 + 3?", "answer": "5"}

Other fields are kept, `id` aside: ids are made from the data set's name and the row's index. A column that JSON cannot
hold (pictures, bytes) stays behind. Columns with other names are mapped by `columns` in the set's block
(micota/problems/columns.py).
"""

from typing import Any

from micota.problems.answers import answer_text

ROWS: dict[str, int] = {}
SHA256: dict[str, str] = {}
HUB = {"repo": None, "config": None, "split": "train", "revision": "unresolved"}


def problem(row: dict[str, Any]) -> dict[str, Any]:
    """Our fields of one row."""
    answers = {"answer": answer_text(row["answer"]), "raw_answer": str(row["answer"])}
    return {**row, "problem": row["problem"].strip(), **answers}
