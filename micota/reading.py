r"""Read a value, or a set of real numbers, from its normal form: whole or not at all.

latex2sympy2 reads with its own settings: letters keep their case, and degrees count inside functions alone, for outside
they are a unit. Imports SymPy, which takes a second: for the grader's workers.
"""

import re
from functools import lru_cache, reduce
from itertools import cycle, product
from typing import Any

from latex2sympy2_extended import latex2sympy
from latex2sympy2_extended.latex2sympy2 import ConversionConfig
from sympy import Basic, Eq, Float, Ge, Gt, I, Intersection, Le, Lt, MatrixBase, Ne
from sympy import Pow, Rational, S, Set, Symbol, Union, solveset
from sympy.core.function import AppliedUndef

from micota.units import FUNCTION

SETTINGS = ConversionConfig(lowercase_symbols=False)
# What latex2sympy2 takes for something else: "1 2" for 3, `\$` for a space, both gammas for a number, d x for dx.
HALF_READ = re.compile(r"\d\s+\d|\\\$|\\dots")
GAMMA = re.compile(r"\\(gamma|Gamma)(?![a-z])(?!\s*\()")
PRODUCT_WITH_D, CALCULUS = re.compile(r"(?<![a-zA-Z\\{])d(?=\s*[a-zA-Z\\])"), re.compile(r"\\int|\\frac\{d")
SEPARATOR = re.compile(r"[,;]|\\land(?![a-z])|\\lor(?![a-z])")
SIGN = re.compile(r"\\(pm|mp)(?![a-z])")
RELATION = re.compile(r"[<>=]|\\(?:le|ge|ne)(?![a-z])")
RELATIONS = {"<": Lt, ">": Gt, "=": Eq, r"\le": Le, r"\ge": Ge, r"\ne": Ne}
MEMBER = re.compile(r"(?P<name>\\?[a-zA-Z]+(?:_\{\w+\})?) ?\\(?P<no>not)?in(?![a-z])(?P<set>.+)", re.S)
BUILDER = re.compile(r"\\\{(?:(?P<member>.+?\\in .+?)|.+?)(?:\\mid(?![a-z])|\||:)(?P<condition>.+)\\\}", re.S)
OPERATIONS = [  # a comma says that both hold, or names two sets where both cannot
    (re.compile(r"\\lor(?![a-z])|\\cup(?![a-z])"), Union),
    (re.compile(r"[,;]|\\land(?![a-z])|\\cap(?![a-z])"), Intersection),
]
Region = tuple[Set, frozenset[str]]  # of real numbers, and the letters it is described with


class Unreadable(ValueError):
    """A part that is not read whole."""


@lru_cache(maxsize=4096)
def read(text: str) -> list[Any]:
    """A value or a relation, as written and with its decimals as fractions. Raises Unreadable, and what SymPy raises."""
    if HALF_READ.search(text):
        raise Unreadable(text)
    text = GAMMA.sub(r"\\mathfrak{\1}", text if CALCULUS.search(text) else PRODUCT_WITH_D.sub("{d}", text))
    degrees = bool(FUNCTION.search(text)) or "e^{i" in text
    found = latex2sympy(text, None, True, degrees, normalization_config=None, conversion_config=SETTINGS)
    if not isinstance(found, Basic | MatrixBase):
        raise Unreadable(text)
    found = found.xreplace({Symbol("i", real=True): I}).replace(is_odd_root, lambda e: -Pow(-e.base, e.exp))
    return [found, found.xreplace({number: Rational(str(number)) for number in found.atoms(Float)})]


def is_odd_root(power: Any) -> bool:
    """Whether it is the third, fifth ... root of a negative number, which is real here: the cube root of -8 is -2."""
    odd = isinstance(power, Pow) and power.exp.is_Rational and power.exp.q % 2 == 1 < power.exp.q
    return odd and bool(power.base.is_negative)


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
        for ways in product("+-", repeat=1 if "mp" in signs else len(signs)):
            text = item
            for way, sign in zip(cycle(ways), signs, strict=False):
                text = SIGN.sub(way if sign == "pm" else {"+": "-", "-": "+"}[way], text, count=1)
            found.append(text)
    return found


def region(text: str) -> Region | None:
    r"""The real numbers that a text describes: intervals, inequalities, `x \ne 1`, `\{x \mid x > 2\}`; or None."""
    try:
        return described(text.strip())
    except Exception:  # whatever SymPy cannot read or solve
        return None


def described(text: str) -> Region | None:
    """The same; raises what SymPy raises."""
    for sign, operation in OPERATIONS:
        pieces = split(text, sign)
        if len(pieces := signed(pieces) if operation is Intersection else pieces) > 1:
            found = [described(piece) for piece in pieces]
            sets, names = [one[0] for one in found if one], [one[1] for one in found if one]
            if len(sets) < len(pieces):
                return None
            whole = reduce(operation, sets)
            empty = whole.is_empty and operation is Intersection
            return reduce(Union, sets) if empty else whole, names[0].union(*names)
    if found := BUILDER.fullmatch(text):
        return described(", ".join(filter(None, [found["member"], found["condition"].strip()])))
    if found := MEMBER.fullmatch(text):
        inside = described(found["set"].strip())
        return inside and (S.Reals - inside[0] if found["no"] else inside[0], frozenset([found["name"]]))
    if RELATION.search(text):
        return solved(text)
    whole = read(text)[-1]
    return (whole, frozenset[str]()) if isinstance(whole, Set) else None


def solved(text: str) -> Region | None:
    """The solutions of a chain of relations in one unknown, which may be a function's value."""
    signs = RELATION.findall(text)
    sides = [
        side.replace(lambda e: isinstance(e, AppliedUndef), lambda e: Symbol(str(e), real=True))
        for side in (read(piece)[-1] for piece in split(text, RELATION))
    ]
    unknowns = frozenset[Symbol]().union(*(side.free_symbols for side in sides))
    if len(unknowns) != 1 or len(signs) != len(sides) - 1:
        return None
    [unknown] = unknowns
    chain = [RELATIONS[sign](*sides[at : at + 2]) for at, sign in enumerate(signs)]
    return reduce(Intersection, (solveset(one, unknown, S.Reals) for one in chain)), frozenset([unknown.name])
