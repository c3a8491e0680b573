"""Answers as the sources write them, made to one text that a grader reads as what is meant."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

# What stands for "there is no answer" in data sets that hold proofs and open questions.
NO_ANSWER = re.compile(
    r"(?:see )?(?:the )?proof|not found|notfound|n/a|na|n\.a|nan|null|none|no answer|unknown|tbd|todo|omitted|[-?]+"
    r"|see (?:the |its )?(?:solution|figure|picture|text|above|below|explanation)|answers? (?:may|will) vary"
)
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
# A number as Python or a table's program writes it: an exponent of two digits, without sign, or behind a capital E.
SCIENTIFIC = re.compile(r"(?<![\w.\\])(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]\d{2,3}|e\d{1,3}|E[-+]?\d{1,3})(?![\w.])")
EITHER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)e[-+]\d")  # 2e-1: 0.2, or twice Euler's number less one


def answer_text(value: Any) -> str:
    """An answer as text: 27.0 -> "27", 5e-05 -> "0.00005", None -> "" (which `records` then reports as missing).

    Numbers are exact decimals, for a grader reads `5e-05` as 5 e - 5; so are numbers of that form in a text. Raises
    ValueError for what is no answer (infinity, a list, a truth value, bytes), and for a text that may be a number or a
    formula.
    """
    if value is None or (isinstance(value, float | Decimal) and value != value):
        return ""
    if isinstance(value, str):
        text = INVISIBLE.sub("", value).strip()
        if EITHER.fullmatch(text.strip("$ ")):
            raise ValueError(f"{text} is a decimal number or a term with Euler's number; write it as one of them")
        exact = SCIENTIFIC.sub(lambda number: decimal_text(Decimal(number[0])), text)
        return text if exact == text else exact.removeprefix("+")
    if isinstance(value, float | Decimal):
        return decimal_text(Decimal(repr(value)) if isinstance(value, float) else value)
    if isinstance(value, bool):
        raise ValueError("an answer is a text or a number, not true or false; write it as a text")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date | time):
        return str(as_json(value))
    raise ValueError(f"an answer is a text or a number, not a {type(value).__name__}")


def decimal_text(value: Decimal) -> str:
    """A number without exponent, and without zeros behind its decimals."""
    if not value.is_finite():
        raise ValueError(f"{value} is no answer")
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def as_json(value: Any) -> Any:
    """A value as JSON holds it: dates and exact decimals as texts; ValueError for bytes and the like."""
    if isinstance(value, datetime) and value.time() == time() and value.tzinfo is None:
        value = value.date()  # a column of dates is read as one of times
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return decimal_text(value) if value.is_finite() else None
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, list | tuple):
        return [as_json(part) for part in value]
    if isinstance(value, Mapping):
        return {str(key): as_json(part) for key, part in value.items()}
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError(type(value).__name__)


def no_answer(answer: str) -> bool:
    """Whether an answer says that there is none."""
    bare = " ".join(re.sub(r"\\(?:text|boxed|mathrm)\b|[{}$\s_]+", " ", answer).split()).rstrip(".").lower()
    return not answer or bool(NO_ANSWER.fullmatch(bare))
