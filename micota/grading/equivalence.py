r"""Is an answer the gold answer? Both are brought into one form, taken apart, and compared part by part.

math-verify 0.9 makes sets of lists, tuples and matrices; `micota.grading.values` compares what is in them. What is not
read whole equals nothing but its own text. For the grader's workers: SymPy takes a second to import.
"""

import re
from typing import NamedTuple

from math_verify import verify as math_verify

from micota.grading.answers import squeezed
from micota.grading.limits import exceeded
from micota.grading.normal_form import closing, normal_form
from micota.grading.reading import region, signed, split
from micota.grading.reasons import DIFFERENT, EQUAL, EQUIVALENT, INTEGER, TOO_COMPLEX, UNPARSABLE
from micota.grading.units import conflict, split_unit
from micota.grading.values import EQUALS, consecutive, is_name, same_value, sides

NO_OPTION = r"\s*(?:[-+*/^=<>,;(]|\\(?:land|lor|cup|cap)|(?:\\text\{)?\s*(?:is|was|not|or|wrong|incorrect|false)\b)"
LABEL = re.compile(rf"(?:\(([A-J])\)|([A-J])[).:])(?!{NO_OPTION})\s*(.*)|([A-J])", re.S)
OF_SETS = re.compile(r"[<>]|\\(?:le|ge|ne|cup|cap|setminus|mathbb|emptyset|in|notin|mid|infty)(?![a-z])")
OPTIONS = re.compile("[A-J]{2,}")
MATRIX = re.compile(r"\\begin\{([pbB]?matrix)\}(.*)\\end\{\1\}", re.S)
NAME = r"\\?[a-zA-Z]+(?:_\{\w+\})?"
NAMES = rf"\((?P<names>{NAME}(?:, ?{NAME})+)\)"
MEMBER = re.compile(rf"(?:{NAME}|{NAMES}) ?(?:=|\\in) ?(?=\\\{{)")  # of a set that follows
NAMED_TUPLE = re.compile(rf"{NAMES} ?(?:=|\\in) ?(?=\()")


def verify(pair: tuple[str, str]) -> str:
    """The verdict on gold and answer as they stand in their boxes; runs in a worker.

    The limits hold for both, before they are rewritten and after: `9**(9**9)` is a tower in its normal form alone.
    """
    if any(map(exceeded, pair)):
        return TOO_COMPLEX
    gold, answer = (normal_form(text) for text in pair)
    if not answer:
        return UNPARSABLE
    equal = squeezed(gold) == squeezed(answer)
    if exceeded(gold) or exceeded(answer):
        return EQUAL if equal else TOO_COMPLEX
    try:
        return EQUIVALENT if same(gold, answer) else DIFFERENT
    except Exception:  # Unreadable, and what SymPy raises at what people write: of every kind
        return EQUAL if equal else UNPARSABLE


def same(gold: str, answer: str) -> bool:
    """Whether two normal forms say the same. Raises what reading them raises."""
    if INTEGER.fullmatch(gold) and INTEGER.fullmatch(answer):
        return int(gold) == int(answer)
    (label, value), (other, answered) = option(gold), option(answer)
    if label and other:
        return label == other and (not value or not answered or same(value, answered))
    if value or answered:  # one letter is left out, or all there is
        return same(value or gold, answered or answer)
    if (OF_SETS.search(gold) or OF_SETS.search(answer)) and (one := region(gold)) and (two := region(answer)):
        same_letters = one[1] == two[1] or not one[1] or not two[1]
        return same_letters and bool(math_verify([one[0]], [two[0]], timeout_seconds=None))
    (name, unit, gold), (other_name, other_unit, answer) = bare(gold), bare(answer)
    return not conflict(name, other_name) and not conflict(unit, other_unit) and same_parts(parts(gold), parts(answer))


def option(text: str) -> tuple[str, str]:
    """The letter of a multiple choice and what stands behind it: `(C) 18`, `C: 18`, `(C)`, `C`."""
    found = LABEL.fullmatch(text)
    return (found[1] or found[2] or found[4], found[3] or "") if found else ("", "")


def bare(text: str) -> tuple[str | None, str | None, str]:
    """The name and the unit of a tuple, matrix or set, and the thing itself: `P = (1,2)`; single values keep both."""
    rest, unit = split_unit(text, letters=False)
    name, _, value = rest.partition("=")
    if value and is_name(name) and parts(value.strip()).kind:
        return squeezed(name), unit, value.strip()
    return (None, unit, rest) if unit and parts(rest).kind else (None, None, text)


class Parts(NamedTuple):
    """A list (kind ""), a set ("{"), a tuple (its brackets, as in "[)") or a matrix ("2 rows"), and what is in it."""

    kind: str
    items: list[str]


def parts(text: str) -> Parts:
    """A text taken apart once; a single value is a list of one. Raises Unreadable where an item is missing."""
    text = text[member.end() :] if (member := MEMBER.match(text)) else text
    if text.startswith(r"\{") and closing(text, 1) == len(text) - 1:
        items = signed(split(text[2:-2]))
        return Parts("" if names_of(items) else "{", items) if len(items) > 1 else parts(items[0])
    if (named := NAMED_TUPLE.match(text)) and closing(text, named.end()) == len(text) - 1:
        names, values = split(named["names"]), parts(text[named.end() :]).items
        if len(names) == len(values):
            return Parts("", [f"{name}={value}" for name, value in zip(names, values, strict=True)])
    first, *more = signed(split(text))
    if more:  # x = 1, 2
        name, _, value = first.partition("=")
        common = value and is_name(name) and not any(EQUALS.search(item) for item in more)
        return Parts("", [first, *(f"{name}={item}" if common else item for item in more)])
    if found := MATRIX.fullmatch(first):
        rows = [row.split("&") for row in found[2].split(r"\\") if row.strip()]
        return Parts(f"{len(rows)} rows", [cell.strip() for row in rows for cell in row])
    inside = split(first[1:-1]) if first[0] in "([" and closing(first) == len(first) - 1 else []
    return Parts(first[0] + first[-1], inside) if len(inside) > 1 else Parts("", [first])


def same_parts(gold: Parts, answer: Parts) -> bool:
    """Lists as often as each value stands in them, tuples in order, named values by name or in their names' order."""
    kinds = {gold.kind, answer.kind}
    if kinds == {"{"}:
        pairs = ((gold.items, answer.items), (answer.items, gold.items))
        return all(any(same(one, other) for other in others) for ones, others in pairs for one in ones)
    if kinds == {""} and len(gold.items) != len(answer.items) and OPTIONS.fullmatch("".join(gold.items)):
        return sorted("".join(gold.items)) == sorted("".join(answer.items))  # ACD for A, C, D
    if len(gold.items) != len(answer.items):
        return False
    if len(gold.items) == 1:
        return same_value(gold.items[0], answer.items[0])
    if kinds == {"", "()"}:
        gold, answer = by_name(gold), by_name(answer)
    elif len(kinds) > 1 and kinds != {"", "{"}:
        return False
    if gold.kind not in ("", "{") or (names_of(gold.items) and not names_of(answer.items)):
        return all(map(same, gold.items, answer.items))
    left = list(answer.items)
    for item in gold.items:
        found = [at for at, other in enumerate(left) if same(item, other)][:1]
        if not found:
            return False
        del left[found[0]]
    return True


def names_of(items: list[str]) -> list[str]:
    """The names of a list of values that all have one, each another; else none."""
    names = [name for item in items for name in sides(item)[0][:1]]
    return names if len(set(names)) == len(items) else []


def by_name(found: Parts) -> Parts:
    """A list of values named by consecutive letters (y=2, x=1) in the letters' order, as a tuple has them."""
    names = names_of(found.items) if found.kind == "" else []
    if not names or not consecutive(names):
        return found
    return Parts("", [item for _, item in sorted(zip(names, found.items, strict=True))])
