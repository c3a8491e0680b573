"""Columns of a source by the names that a study gives them: a problem, its answer, a conversation that holds both.

Nothing is guessed: a column that is not there, or holds something else than it should, is an error that says so.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from micota.common.errors import DataError
from micota.common.records import Record
from micota.problems.answers import answer_text
from micota.problems.settings import Columns

BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
# Who speaks, in the words of OpenAI's and of ShareGPT's conversations.
ASKS, ANSWERS, SAYS_BEFORE = ("user", "human"), ("assistant", "gpt", "model"), ("system",)


class Exchange(NamedTuple):
    """The first question of a conversation and its answer; None where there is none."""

    question: str | None
    answer: str | None
    turns: int  # questions in the whole conversation


def cell(row: Record, column: str, key: str) -> Any:
    """What a row has in a column; DataError, with the key that names the column and those there are, if it has none."""
    if column not in row:
        raise DataError(f"there is no column {column!r} ({key}); there are: {', '.join(map(str, row))}")
    return row[column]


def text_in(row: Record, column: str, key: str) -> str | None:
    """The text of a column, of a conversation its answer; None where it is empty."""
    value = cell(row, column, key)
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = exchange(row, column, key).answer
    if not (value is None or isinstance(value, str)):
        raise DataError(f"column {column!r} ({key}) holds a {type(value).__name__}, not a text")
    return value if value and value.strip() else None


def exchange(row: Record, column: str, key: str) -> Exchange:
    """The first question and its answer of a conversation: turns with `role` and `content`, or `from` and `value`."""
    turns = cell(row, column, key)
    wrong = DataError(f"column {column!r} ({key}) holds no conversation, of role and content or from and value")
    if not isinstance(turns, Sequence) or isinstance(turns, str):
        raise wrong
    asked: list[str] = []
    answered: str | None = None
    for turn in turns:
        if not isinstance(turn, dict):
            raise wrong
        who, said = (turn.get(name, turn.get(other)) for name, other in (("role", "from"), ("content", "value")))
        if not isinstance(said, str) or who not in (*ASKS, *ANSWERS, *SAYS_BEFORE):
            raise wrong
        if who in ASKS:
            asked.append(said)
        elif who in ANSWERS and len(asked) == 1 and answered is None:
            answered = said
    return Exchange(asked[0] if asked else None, answered, len(asked))


def last_box(text: str) -> str:
    r"""What the last `\boxed{...}` of a solution holds; nothing if there is none, or it is never closed.

    The grader's own reading, of what models write, is in micota/grading/answers.py.
    """
    starts = list(BOX.finditer(text))
    if not starts:
        return ""
    depth, start = 1, starts[-1].end()
    for brace in BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if depth == 0:
            return text[start : brace.start()].strip()
    return ""


def mapped(row: Record, columns: Columns, key: str) -> Record:
    """Our fields of one row; of its other columns only a `source` stays. `key` is the block's, for messages."""
    if columns.messages:
        problem = exchange(row, columns.messages, f"{key}.messages").question
    else:
        problem = cell(row, columns.problem or "problem", f"{key}.problem")
    if columns.boxed:
        given: Any = last_box(text_in(row, columns.boxed, f"{key}.boxed") or "")
    else:
        given = cell(row, columns.answer or "answer", f"{key}.answer")
    found = {
        "problem": problem.strip() if isinstance(problem, str) else problem or "",
        "answer": answer_text(given),
        "raw_answer": "" if given is None else str(given),
    }
    if row.get("source"):
        found["source"] = row["source"]
    if columns.id:
        found["source_id"] = cell(row, columns.id, f"{key}.id")
    return found
