r"""Read a value, or a set of real numbers, from its normal form: whole or not at all.

latex2sympy2 reads, with letters in their case, and degrees inside functions alone: outside they are a unit.
"""

import re
from functools import lru_cache, reduce
from itertools import cycle, product
from typing import Any

import sympy
from latex2sympy2_extended import latex2sympy
from latex2sympy2_extended.latex2sympy2 import ConversionConfig
from sympy.core.function import AppliedUndef

from micota.grading.grading_rules import RULES
from micota.grading.units import FUNCTION

# What latex2sympy2 misreads: "1 2" as 3, `\$` as a space, `\pmod` as `\pm`, both gammas as one number, d x as dx.
[COMMANDS] = [names for part, names, *_ in RULES["part"] if part == "READ"]
HALF_READ = re.compile(rf"\d\s+\d|\\\$|\\(?!(?:{COMMANDS})(?![a-zA-Z]))[a-zA-Z]")
GAMMA = re.compile(r"\\(gamma|Gamma)(?![a-z])(?!\s*\()")
PRODUCT_WITH_D, CALCULUS = re.compile(r"(?<![a-zA-Z\\{])d(?=\s*[a-zA-Z\\])"), re.compile(r"\\int|\\frac\{d")
SEPARATOR = re.compile(r"[,;]|\\land(?![a-z])|\\lor(?![a-z])")
SIGN = re.compile(r"\\(pm|mp)(?![a-z])")
RELATION = re.compile(r"[<>=]|\\(?:le|ge|ne)(?![a-z])")
RELATIONS = {"<": sympy.Lt, ">": sympy.Gt, "=": sympy.Eq, r"\le": sympy.Le, r"\ge": sympy.Ge, r"\ne": sympy.Ne}
MEMBER = re.compile(r"(?P<name>\\?[a-zA-Z]+(?:_\{\w+\})?) ?\\(?P<no>not)?in(?![a-z])(?P<set>.+)", re.S)
BUILDER = re.compile(r"\\\{(?:(?P<member>.+?\\in .+?)|.+?)(?:\\mid(?![a-z])|\||:)(?P<condition>.+)\\\}", re.S)
OR, AND = re.compile(r"\\lor(?![a-z])|\\cup(?![a-z])"), re.compile(r"[,;]|\\land(?![a-z])|\\cap(?![a-z])")
Region = tuple[Any, frozenset[str]]  # a set of SymPy's, and the letters it is described with


class Unreadable(ValueError):
    """A part that is not read whole."""


@lru_cache(maxsize=4096)
def read(text: str) -> list[Any]:
    """A value or a relation of SymPy's: as written, and with its decimals as fractions. Raises what SymPy raises."""
    if HALF_READ.search(text):
        raise Unreadable(text)
    text = GAMMA.sub(r"\\mathfrak{\1}", text if CALCULUS.search(text) else PRODUCT_WITH_D.sub("{d}", text))
    degrees = bool(FUNCTION.search(text)) or "e^{i" in text
    found = latex2sympy(text, None, True, degrees, None, ConversionConfig(lowercase_symbols=False))
    if not isinstance(found, sympy.Basic | sympy.MatrixBase):
        raise Unreadable(text)
    found = found.xreplace({sympy.Symbol("i", real=True): sympy.I}).replace(  # the cube root of -8 is -2
        lambda e: e.is_Pow and e.exp.is_Rational and e.exp.q % 2 == 1 < e.exp.q and e.base.is_negative,
        lambda root: -sympy.Pow(-root.base, root.exp),
    )
    return [found, found.xreplace({number: sympy.Rational(str(number)) for number in found.atoms(sympy.Float)})]


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
    if len(pieces := split(text, OR)) > 1:
        return joined(pieces, sympy.Union)
    if len(pieces := signed(split(text, AND))) > 1:  # both hold, or, in a list, two sets are named where both cannot
        both = joined(pieces, sympy.Intersection)
        return joined(pieces, sympy.Union) if both and both[0].is_empty and r"\cap" not in text else both
    if builder := BUILDER.fullmatch(text):
        return described(", ".join(filter(None, [builder["member"], builder["condition"].strip()])))
    if member := MEMBER.fullmatch(text):
        inside = described(member["set"].strip())
        return inside and (sympy.S.Reals - inside[0] if member["no"] else inside[0], frozenset([member["name"]]))
    if RELATION.search(text):
        return solved(text)
    whole = read(text)[-1]
    return (whole, frozenset()) if isinstance(whole, sympy.Set) else None


def joined(pieces: list[str], operation: Any) -> Region | None:
    """An operation on what the pieces describe."""
    found = [one for one in map(described, pieces) if one]
    names = frozenset[str]().union(*(one[1] for one in found))
    return (reduce(operation, [one[0] for one in found]), names) if len(found) == len(pieces) else None


def solved(text: str) -> Region | None:
    """The solutions of a chain of relations in one unknown, which may be a function's value."""
    sides = [read(side)[-1] for side in split(text, RELATION)]
    calls = {call: sympy.Symbol(str(call), real=True) for side in sides for call in side.atoms(AppliedUndef)}
    sides = [side.xreplace(calls) for side in sides]
    signs, unknowns = RELATION.findall(text), set[Any]().union(*(side.free_symbols for side in sides))
    if len(unknowns) != 1 or len(signs) != len(sides) - 1:
        return None
    [unknown] = unknowns
    chain = [RELATIONS[sign](*sides[at : at + 2]) for at, sign in enumerate(signs)]
    sets = [sympy.solveset(relation, unknown, sympy.S.Reals) for relation in chain]
    return reduce(sympy.Intersection, sets), frozenset([unknown.name])
