r"""How much of an answer is handed to a parser of formulas: limits with their reasons, looked at before any parsing.

A parser recurses, and SymPy works out a power or a factorial as it reads it: `9^{9^{9}}` has 370 million digits. What
exceeds a limit has the reason `too_complex` and is wrong, unless its text is the gold's. Whatever passes and still
takes long meets the deadline (micota/grading/grade.py).

The golds of AIME24, AMC23, OlympiadBench, MATH-500 and GSM8K, 2,564 of them, are the measure of what people write:
`seen` is the most that one of them has. Times are those of one core of a two-core machine.
"""

import re
from collections.abc import Callable
from itertools import accumulate
from math import log10
from typing import NamedTuple

LONGEST = 2000  # characters
DIGITS = 4  # of what is worked out when it is read
TOO_LARGE = "9" * (DIGITS + 1)  # stands for a power with more digits than that
POWER = re.compile(rf"(?<!\d)(\d{{1,9}})\s*\^\s*\{{\s*(\d{{1,{DIGITS}}})\s*\}}")


class Limit(NamedTuple):
    """A limit: what is counted, the most that is read, why, and the most that a gold answer has."""

    name: str
    count: Callable[[str], int]
    most: int
    why: str
    seen: int


def deepest(text: str) -> int:
    """How deep brackets of all kinds stand in each other."""
    return max(accumulate((mark in "([{") - (mark in ")]}") for mark in text), default=0)


def folded(text: str) -> str:
    """The text with its powers of numbers worked out from the inside, those of more than DIGITS digits as TOO_LARGE."""

    def value(power: re.Match[str]) -> str:
        base, exponent = int(power[1]), int(power[2])
        return str(base**exponent) if exponent * log10(max(base, 1)) < DIGITS else TOO_LARGE

    for _ in range(DEPTH):
        text, count = POWER.subn(value, text)
        if not count:
            break
    return text


def times(pattern: str) -> Callable[[str], int]:
    """How often a pattern is found."""
    compiled = re.compile(pattern)
    return lambda text: sum(1 for _ in compiled.finditer(text))


def digits(pattern: str) -> Callable[[str], int]:
    """The digits of the longest number in what a pattern finds, after powers are worked out."""
    compiled = re.compile(pattern)

    def longest(text: str) -> int:
        found = compiled.findall(folded(text))
        return max((len(number) for piece in found for number in re.findall(r"\d+", piece)), default=0)

    return longest


DEPTH = 40
IN_EXPONENT = r"\^\s*(?:\{[^{}^]*|\([^{}()^]*)"
LIMITS = (
    Limit("characters", len, LONGEST, "the parser takes seconds for a page, and a page is no answer", 198),
    Limit("brackets in brackets", deepest, DEPTH, "the parser recurses once for each", 3),
    Limit(
        "digits in an exponent, above or below a sum, in a limit",
        digits(rf"{IN_EXPONENT}|(?:\^\s*|(?<=\d)[eE])[-+]?\d+|\\(?:lim|sum|prod|int)\s*_\s*\{{[^{{}}]*"),
        DIGITS,
        "7^{10^5} has 84,510 digits; Python writes none with more than 4,300 (sys.set_int_max_str_digits); a sum of"
        " 9,999 terms takes 1.8 s",
        4,
    ),
    Limit(
        "digits of a factorial's number",
        digits(r"(?<!\d)\d++[\s)}]*+!"),
        DIGITS,
        "9999! has 35,660 digits and takes milliseconds, 99999! has 456,574",
        3,
    ),
    Limit("factorials of factorials", times(r"!\s*[)}][\s)}]*+!"), 0, "(10!)! has 22 million digits", 0),
    Limit(
        "factorials in an exponent, or above a sum, of a number from 10 on",
        times(IN_EXPONENT + r"(?<=\d\d)\s*!"),
        0,
        "2^{10!} has a million digits",
        0,
    ),
    Limit(
        "digits in a binomial",
        digits(r"\\[dtc]?binom\s*\{[^{}]*\}?\s*\{?[^{}]*"),
        DIGITS,
        "\\binom{9999}{4999} takes milliseconds; of 10^9 over half of it no computer finds the digits",
        0,
    ),
    Limit("unions and intersections", times(r"\\c[ua]p(?![a-z])"), 6, "7 intervals take 5 s, 9 take 9 s, 17 200 s", 1),
    Limit("signs between terms", times(r"(?<=[\w)}])\s*[-+]"), 200, "200 terms take 0.2 s, 900 a second and more", 8),
)


def exceeded(text: str) -> Limit | None:
    """The first limit that a text exceeds, in its order: after the first, a text is short. None if it keeps them."""
    return next((limit for limit in LIMITS if limit.count(text) > limit.most), None)
