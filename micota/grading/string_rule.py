r"""The two graders of the paper's evaluation that only look at text, kept beside math-verify for comparison.

`same_string` is the MATH rule: normalise both answers and compare. Hendrycks et al. (2021), `is_equiv` in
github.com/hendrycks/math, `modeling/math_equivalence.py`; written anew from its behaviour. lm-evaluation-harness,
which the paper's evaluation builds on, carries the same rule. Given the answers as the sources write them, it accepts
a right answer for only 23 of 30 AIME problems ("025" is not "25"), 0 of 40 AMC problems ("27.0" is not "27"), 409 of
675 OlympiadBench problems (no dollar sign is ever removed) and 500 of 500 of MATH-500; a test holds these counts. Our
loaders write the golds without padding, fraction zeros and dollar signs, so here the rule judges answers, not file
formats.

`same_last_number` is the GSM8K rule of lm-evaluation-harness (`flexible-extract`): the last number of the text.
"""

import re
from collections import deque

from micota.grading.answers import BOX

BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
NUMBER = re.compile(r"(-?[$0-9.,]{2,})|(-?[0-9]+)")
APART = re.compile(r"[^-$0-9.,]")
END = 200
SIMPLE_FRACTION = re.compile(r"(0|-?[1-9]\d*)/(0|-?[1-9]\d*)")
REMOVED = ("\n", r"\!")
# After `\\` has become `\`; `\%` alone goes, as in lm-evaluation-harness, a bare `%` stays.
REMOVED_LATER = (r"\left", r"\right", r"^{\circ}", r"^\circ", r"\$")


class Irregular(ValueError):
    """A text the rule cannot normalise; it then compares the texts as they are."""


def papers_box(completion: str) -> str | None:
    r"""What the last box of the whole completion holds: `last_boxed_only_string`, as in lm-evaluation-harness.

    `\boxed 5` without braces holds the rest of the line up to a dollar sign, a formula or prose.
    """
    last = deque(BOX.finditer(completion), maxlen=1)
    if not last or completion.startswith("{", last[0].end()):
        return group(completion, last[0].end()) if last else None
    # A space must part macro and answer, and a brace that opens later opens no box.
    rest = re.split(r"[$\n]", completion[last[0].end() :], maxsplit=1)[0].strip()
    return rest if rest and last[0].group()[-1].isspace() else None


def group(text: str, start: int) -> str | None:
    r"""What the group at `start` holds; None if it is never closed. Escaped braces do not count: `{\left\{ 1}`."""
    depth = 0
    for brace in BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(brace.group(), 0)
        if depth == 0:
            return text[start + 1 : brace.start()].strip()
    return None


def same_string(one: str, other: str) -> bool:
    """Whether the MATH string rule holds two answers to be equal."""
    try:
        return normalise(one) == normalise(other)
    except Irregular:
        return one == other


def normalise(text: str) -> str:
    """The MATH rule's normal form of an answer."""
    for piece in REMOVED:
        text = text.replace(piece, "")
    text = text.replace("\\\\", "\\").replace("tfrac", "frac").replace("dfrac", "frac")
    for piece in REMOVED_LATER:
        text = text.replace(piece, "")
    text = without_unit(text).replace(r"\%", "")
    text = text.replace(" .", " 0.").replace("{.", "{0.")
    if text.startswith("."):
        text = "0" + text
    text = without_left_side(text)
    text = fractions(roots(text).replace(" ", ""))
    if text == "0.5":
        return r"\frac{1}{2}"
    return SIMPLE_FRACTION.sub(r"\\frac{\1}{\2}", text) if SIMPLE_FRACTION.fullmatch(text) else text


def without_unit(text: str) -> str:
    r"""Cut at `\text{ `, which in MATH only ever begins a unit."""
    before, *units = text.split(r"\text{ ")
    if len(units) > 1:
        raise Irregular("two units")
    return before


def without_left_side(text: str) -> str:
    """`k=5` -> `5`, for a left side of at most two characters."""
    sides = text.split("=")
    return sides[1] if len(sides) == 2 and len(sides[0]) <= 2 else text


def roots(text: str) -> str:
    r"""`\sqrt3` -> `\sqrt{3}`."""
    head, *pieces = text.split(r"\sqrt")
    if "" in pieces:
        raise Irregular("a root of nothing")
    return head + "".join(r"\sqrt" + (p if p[0] == "{" else f"{{{p[0]}}}{p[1:]}") for p in pieces)


def fractions(text: str) -> str:
    r"""`\frac12` -> `\frac{1}{2}` and `\frac1{72}` -> `\frac{1}{72}`."""
    head, *pieces = text.split(r"\frac")
    done = head
    for piece in pieces:
        if not piece:
            raise Irregular("a fraction of nothing")
        if piece[0] == "{":
            done += r"\frac" + piece
        elif len(piece) < 2:
            return text
        elif piece[1] == "{":
            done += rf"\frac{{{piece[0]}}}{piece[1:]}"
        else:
            done += rf"\frac{{{piece[0]}}}{{{piece[1]}}}{piece[2:]}"
    return done


def same_last_number(completion: str, gold: str) -> bool:
    """Whether the last number of a completion, boxed or not, is the gold answer, as text."""
    last = last_number(completion)
    return last is not None and bare_number(last) == bare_number(gold)


def last_number(completion: str) -> str | None:
    """The last number of a text, looked for in its end first, for a trace may be long.

    No number reaches over a character that can stand in none, so behind such a one the end is read as in the whole.
    """
    apart = APART.search(completion, max(0, len(completion) - END))
    for start in (apart.end() if apart else 0, 0):
        last = deque(NUMBER.finditer(completion, start), maxlen=1)
        if last:
            return last[0].group()
    return None


def bare_number(text: str) -> str:
    """A number without dollar signs, commas and the full stop of its sentence."""
    return text.replace("$", "").replace(",", "").removesuffix(".").strip()
