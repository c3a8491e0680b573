r"""GSM8K: grade-school word problems with integer answers. OpenAI, MIT licence; 7,473 train and 1,319 test problems.

A row (github.com/openai/grade-school-math):

    {"question": "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. ...",
     "answer": "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\nNatalia sold ... in April and May.\n#### 72"}

The answer is what follows `####`, without its thousands commas ("2,125" -> "2125").
"""

from typing import Any

ROWS = {"train": 7473, "test": 1319}
SHA256 = {
    "train": "851b987c4eed6c123ec8fae809f981ff5c8ef9a1b0f09e298c904f30b1d5f685",
    "test": "3dbb8bb2b953715733d4ba73fcd8e6cf8951382ee296eb42a10763bb35f83abb",
}
HUB = {"repo": "openai/gsm8k", "config": "main", "split": "test", "revision": "unresolved"}
DIFFICULTY = 0.45
RULE = "last_number"
RAW_GOLDS = {"test": {"last_number": 1319}}


def problem(row: dict[str, Any]) -> dict[str, Any]:
    """Our fields of one row."""
    solution, _, answer = row["answer"].rpartition("####")
    # Without a `####` rpartition leaves the whole text in `answer`, which is a rationale and no answer.
    raw = answer.strip() if "####" in row["answer"] else ""
    return {
        "problem": row["question"].strip(),
        "answer": raw.replace(",", ""),
        "raw_answer": raw,
        "solution": solution.strip(),
    }
