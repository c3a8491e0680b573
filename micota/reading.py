r"""Read a value, or a set of real numbers, from its normal form: whole or not at all.

latex2sympy2 reads with its own settings: letters keep their case, and degrees count inside functions alone, for outside
they are a unit. Imports SymPy, which takes a second: for the grader's workers alone.
"""

import re
from collections.abc import Iterator
from functools import lru_cache, reduce
from itertools import product

from latex2sympy2_extended import latex2sympy
from latex2sympy2_extended.latex2sympy2 import ConversionConfig
from sympy import (
    Basic, Complement, Eq, FiniteSet, Float, Ge, Gt, I, Intersection, Interval, Le, Lt, MatrixBase, Ne, Pow, Rational, S,
    Set, Symbol, Union, solveset,
)  # fmt: skip
from sympy.core.function import AppliedUndef

from micota.units import FUNCTION

SETTINGS = ConversionConfig(lowercase_symbols=False)
# What latex2sympy2 reads as something else: to it "1 2" is 3, `\$` is a space, and dx no product.
HALF_READ = re.compile(r"\d\s+\d|\\\$|\\dots")
CONSTANTS = re.compile(r"\\(gamma|Gamma)(?![a-z])(?!\s*\()")  # Euler's, both, to it
PRODUCT_WITH_D = re.compile(r"(?<![a-zA-Z\\{])d(?=\s*[a-zA-Z\\])")
CALCULUS = re.compile(r"\\int|\\frac\{d")
SIGN = re.compile(r"\\(pm|mp)(?![a-z])")
SEPARATOR = re.compile(r"[,;]|\\land(?![a-z])|\\lor(?![a-z])")
RELATION = re.compile(r"[<>=]|\\(?:le|ge|ne)(?![a-z])")
MEMBER = re.compile(r"(?P<name>\\?[a-zA-Z]+(?:_\{\w+\})?) ?\\(?P<sign>in|notin)(?![a-z]) ?(?P<set>.+)", re.S)
BUILDER = re.compile(r"\\\{(?P<name>.+?)(?:\\mid(?![a-z])|\||:)(?P<condition>.+)\\\}", re.S)
RELATIONS = {"<": Lt, ">": Gt, "=": Eq, r"\le": Le, r"\ge": Ge, r"\ne": Ne}
SET_OPERATIONS = (
    (re.compile(r"\\cup(?![a-z])"), Union),
    (re.compile(r"\\cap(?![a-z])"), Intersection),
    (re.compile(r"\\setminus(?![a-z])|-(?= ?(?:\\\{|[(\[]))"), Complement),
)
NUMBERS = {"R": S.Reals, "Z": S.Integers, "N": S.Naturals, "Q": S.Rationals}


class Unreadable(ValueError):
    """A part that is not read whole."""


@lru_cache(maxsize=4096)
def read(text: str) -> list[Basic | MatrixBase]:
    """A value or a relation: as it is written, and with its decimals as fractions. Raises Unreadable."""
    if HALF_READ.search(text):
        raise Unreadable(text)
    degrees = bool(FUNCTION.search(text)) or "e^{i" in text
    try:
        found = latex2sympy(
            CONSTANTS.sub(r"\\mathfrak{\1}", text if CALCULUS.search(text) else PRODUCT_WITH_D.sub("{d}", text)),
            is_real=True,
            convert_degrees=degrees,
            normalization_config=None,
            conversion_config=SETTINGS,
        )
        if not isinstance(found, Basic | MatrixBase):
            raise Unreadable(text)
        found = found.xreplace({Symbol("i", real=True): I}).replace(is_odd_root, lambda e: -Pow(-e.base, e.exp))
        return [found, found.xreplace({number: Rational(str(number)) for number in found.atoms(Float)})]
    except (MemoryError, RecursionError, Unreadable):
        raise
    except Exception as error:  # the parser's own are plain ones
        raise Unreadable(text) from error


def is_odd_root(power: Basic) -> bool:
    """Whether it is the third, fifth ... root of a negative number, which is real here: the cube root of -8 is -2."""
    exponent = getattr(power, "exp", None)
    return isinstance(power, Pow) and isinstance(exponent, Rational) and exponent.q % 2 == 1 < exponent.q and power.base.is_negative


def split(text: str, separator: re.Pattern[str] = SEPARATOR) -> list[str]:
    """The pieces between separators that stand in no bracket."""
    pieces, depth, start, at = [], 0, 0, 0
    while at < len(text):
        if depth == 0 and (found := separator.match(text, at)):
            pieces.append(text[start:at].strip())
            start = at = found.end()
        else:
            depth += (text[at] in "([{") - (text[at] in ")]}")
            at += 1
    return [*pieces, text[start:].strip()]


def signed(items: list[str]) -> list[str]:
    r"""With `\pm` read both ways, and `\mp` in turn with it. Raises Unreadable where an item is missing."""
    found = []
    for item in items:
        signs = SIGN.findall(item)
        if not item or len(signs) > 3:
            raise Unreadable(item)
        for ways in product("+-", repeat=len(signs) if "mp" not in signs else 1):
            way = iter(ways * len(signs) if "mp" in signs else ways)
            found.append(SIGN.sub(lambda m, way=way: next(way) if m[1] == "pm" else "-+"["+-".index(next(way))], item))
    return found


Region = tuple[Set, frozenset[str]]  # of real numbers, and the letters it is described with


def region(text: str) -> Region | None:
    r"""The real numbers that a text describes: intervals, inequalities, `x \ne 1`, `\{x \mid x > 2\}`; or None."""
    try:
        return described(text)
    except Unreadable:
        return None


def described(text: str) -> Region | None:
    """The same. Raises Unreadable."""
    text = text.strip()
    if len(pieces := split(text, re.compile(r"\\lor(?![a-z])"))) > 1:
        return joined(pieces, Union)
    if len(pieces := signed(split(text))) > 1:  # a comma says that both hold, if both can, and names two sets otherwise
        both = joined(pieces, Intersection) if RELATION.search(text) else None
        return both if both and not both[0].is_empty else joined(pieces, Union)
    if found := MEMBER.fullmatch(text):
        inside = described(found["set"])
        outside = found["sign"] == "notin"
        return inside and (Complement(S.Reals, inside[0]) if outside else inside[0], frozenset({found["name"]}))
    if len(sides := split(text, RELATION)) > 1:
        return solved(sides, RELATION.findall(text))
    for sign, operation in SET_OPERATIONS:
        if len(pieces := split(text, sign)) > 1:
            return joined(pieces, operation)
    if found := BUILDER.fullmatch(text):
        return joined([name for name in [found["name"]] if MEMBER.match(name)] + [found["condition"]], Intersection)
    return plain_set(text)


def joined(pieces: list[str], operation: type[Set]) -> Region | None:
    """An operation on what the pieces describe."""
    found = [described(piece) for piece in pieces]
    sets = [region[0] for region in found if region]
    names = frozenset[str]().union(*(region[1] for region in found if region))
    return (reduce(operation, sets), names) if len(sets) == len(pieces) else None


def solved(sides: list[str], signs: list[str]) -> Region | None:
    """The solutions of a chain of relations in one unknown."""
    read_sides = [named_calls(read(side)[-1]) for side in sides]
    unknowns = frozenset[Symbol]().union(*(side.free_symbols for side in read_sides))
    if len(unknowns) != 1 or len(signs) != len(sides) - 1:
        return None
    [unknown] = unknowns
    try:
        found = [RELATIONS[s](a, b) for s, a, b in zip(signs, read_sides, read_sides[1:], strict=False)]
        sets = [solveset(relation, unknown, S.Reals) for relation in found]
    except (NotImplementedError, ValueError, TypeError):
        return None
    return reduce(Intersection, sets), frozenset({unknown.name})


def named_calls(side: Basic) -> Basic:
    """With `f(x)` as an unknown of its own."""
    return side.replace(lambda e: isinstance(e, AppliedUndef), lambda e: Symbol(str(e), real=True))


def plain_set(text: str) -> Region | None:
    """An interval, a set of numbers, or a set in braces."""
    if found := re.fullmatch(r"\\mathbb\{([NZQR])\}([\^_]\{\+\})?", text):
        return Intersection(NUMBERS[found[1]], Interval.open(0, S.Infinity)) if found[2] else NUMBERS[found[1]], frozenset()
    if text.strip() == r"\emptyset":
        return S.EmptySet, frozenset()
    if text.startswith(r"\{") and text.endswith(r"\}"):
        return FiniteSet(*(read(element)[-1] for element in split(text[2:-2]))), frozenset()
    ends = split(text[1:-1])
    if text[:1] not in ("(", "[") or text[-1:] not in (")", "]"):
        return None
    if len(ends) == 1:
        return described(text[1:-1]) if text[0] == "(" else None
    if len(ends) != 2:
        return None
    start, end = (read(side)[-1] for side in ends)
    return (Interval(start, end, text[0] == "(", text[-1] == ")"), frozenset()) if (start < end) == True else None
