r"""Is one value another? Names, units, words, percent signs and equations are looked to here, for math-verify 0.9 takes
the right side of any equation; the rest it compares, and what it accepts must pass `VETOES`. For the grader's workers.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import sympy
from math_verify import verify as math_verify

from micota.grading.answers import squeezed
from micota.grading.grading_rules import RULES
from micota.grading.reading import Unreadable, read, split
from micota.grading.units import conflict, is_number, split_unit

# The left side of an equation that names a value: x, f(2), AB, P(X=2), \angle ABC, m+n, but not 2x, x^2 or x+y.
ARGUMENTS = re.compile(
    r"_\{[^{}]*\}|([a-wA-Z}])'?\s*\((?![^()]*\1)[^()]*\)|\[[^\[\],]*\]|\\text\{[^{}]*\}|(?<![a-zA-Z\\])[a-zA-Z]{4,}"
)
[GREEK] = [letters for name, letters, *_ in RULES["part"] if name == "GREEK"]
NAMING = (
    "angle|triangle|overline|vec|hat|bar|tilde|sin|cos|tan|frac|cdot|max|min|mathbb|mathcal|gcd|lcm|det|arg|deg|ell"
)
NO_NAME = re.compile(rf"^[-+]|^$|\d|[^-+/|(){{}}'\sa-zA-Z\\]|\\(?!(?:{NAMING}|(?i:{GREEK}|[mn]u|xi|eta|chi))(?![a-z]))")
COMMAND, UNKNOWN, EQUALS = re.compile(r"\\[a-zA-Z]+"), re.compile("[xyz](?!')"), re.compile(r"=|\\equiv(?![a-z])")
# What is said of a value, not its value: < 5 is not 5.
SAID = re.compile(r"(<|>|\\(?:le|ge|ne|in|notin|equiv|sim|propto|cong|subset\w*|n?mid)(?![a-z]))\s*(.*)", re.S)

# Words, not products of letters: long ones, and short ones by their letters.
SHORT = "is|are|was|not|no|if|for|all|any|the|but|odd|may|can|has|too|on|so|or|of|to|it|yes"
WORD = re.compile(
    rf"(?<![a-zA-Z])(?:(?=[a-z]*[eiou])[a-z]{{4,}}|(?i:{SHORT}))(?![a-zA-Z])|\\text\{{[^{{}}]*[a-zA-Z]{{2}}"
)
WORD_ALONE = re.compile(
    r"[A-Z]{3,}|[a-zA-Z]{4,}(?:[ ,.-]+[a-zA-Z\d]+)*|(?=.*[aeiouy])[A-Z][a-z]{1,2}|[b-df-hj-np-tv-z]a[b-df-hj-np-tvw]"
    r"|(?=[a-z]*[eiou])[a-z]{3}|([a-z])\1[a-z]?|[a-z]([a-z])\2"
)
MATHEMATICS, PLACES = re.compile(r"^ *-|[\\^{}=<>+*|]|\d\s*[-/]\s*\d"), re.compile(r"-?\d*\.(\d+)")
BASE = re.compile(r"^[0-9A-Z]+_\{(\w+)\}$")


def same_value(gold: str, answer: str) -> bool:
    """Values, whatever their names, or two equations with the same solutions. Raises what reading them raises."""
    moments = [
        next((found.expand(becomes) for p, becomes, *_ in RULES["moment"] if (found := re.fullmatch(p, text))), "")
        for text in (plain(gold), plain(answer))
    ]
    if any(moments):  # a time or a date, and behind the slash the half of the day
        (one, _, half), (other, _, other_half) = (moment.partition("/") for moment in moments)
        return one == other and not conflict(half, other_half)
    (names, value), (other_names, other_value) = sides(gold), sides(answer)
    if value is None or other_value is None or not same_names(names, other_names):
        return same_equation(gold, answer)
    return same_term(value, other_value)


def same_names(names: list[str], others: list[str]) -> bool:
    """Whether two values may have one name: x is x, and x_{1} in a list; and what has none may have any."""
    short, other = ([re.sub(r"_\{\d+\}$", "", name) for name in found] for found in (names, others))
    return not names or not others or names == others or (short == other and (names == short or others == other))


def plain(text: str) -> str:
    r"""Small letters, without `\text` and double spaces."""
    return " ".join(re.sub(r"\\text\{([^{}]*)\}", r" \1 ", text).lower().split())


def sides(text: str) -> tuple[list[str], str | None]:
    """An equation's names and the value they are given: x and 5 in `x = 2+3 = 5` and `5 = x`; no value in `2x = 6`."""
    pieces = split(text, EQUALS)
    named = [is_name(piece) for piece in pieces]
    if pieces[1:] and named[-1] and not any(named[:-1]):
        pieces, named = pieces[::-1], named[::-1]
    leading = named.index(False) if False in named[:-1] else len(pieces) - 1
    names, values = pieces[:leading], pieces[leading:]
    if not all(same_term(value, values[-1]) for value in values[:-1] if not names or is_number(value)):
        return [], None
    return [squeezed(name) for name in names if r"\text" not in name], values[-1]


def is_name(text: str) -> bool:
    """Whether a left side names a value. A sum of letters does (m+n), but not one of the unknowns x, y and z."""
    short = ARGUMENTS.sub("'", ARGUMENTS.sub("'", text)).strip()  # a_{1}(x): the subscript, then the argument
    if NO_NAME.search(short):
        return bool(re.fullmatch(r"\\frac\{d[^{}]*\}\{d[^{}]*\}", text))
    return len(short) == 1 or not UNKNOWN.search(COMMAND.sub("", short))


def consecutive(letters: Iterable[str]) -> bool:
    """Whether it is a run of the alphabet: x, y; a, b, c."""
    run = sorted(letters)
    return all(len(letter) == 1 and ord(letter) - ord(run[0]) == at for at, letter in enumerate(run))


def same_term(gold: str, answer: str) -> bool:
    """Two values, or two relations, without names; with words only if both are the same words."""
    gold, unit = split_unit(gold, letters=False)
    answer, other_unit = split_unit(answer, letters=is_number(gold))
    if conflict(unit, other_unit):
        return False
    if has_words(gold) or has_words(answer):
        return wording(gold) == wording(answer)
    one, other = SAID.fullmatch(gold), SAID.fullmatch(answer)
    if one or other:
        return bool(one and other) and one[1] == other[1] and same_term(one[2], other[2])  # type: ignore[index]
    shares = [text.removesuffix(r"\%").strip() for text in (gold, answer)]
    signs = [share != text for share, text in zip(shares, (gold, answer), strict=True)]
    if signs[0] == signs[1]:
        return equivalent(*shares)
    wholes = [rf"\frac{{{share}}}{{100}}" if sign else share for share, sign in zip(shares, signs, strict=True)]
    if equivalent(*wholes):
        return True
    # A sign on one side alone may be left out, but a gold without one and below one may be a share of one.
    value = read(shares[0])[-1]
    return bool(signs[0] or (value.is_number and abs(value) >= 1)) and equivalent(*shares)


def has_words(text: str) -> bool:
    """Whether there are words in it, not products of letters."""
    letters = re.sub(r"_\{[^{}]*\}", "", COMMAND.sub(lambda m: m[0] if m[0] == r"\text" else " ", text)).strip()
    return bool(
        WORD.search(letters) or (WORD_ALONE.fullmatch(letters) and not (letters.islower() and consecutive(letters)))
    )


def wording(text: str) -> str:
    """The words alone. Raises Unreadable where there is mathematics among them."""
    if MATHEMATICS.search(words := plain(text)):
        raise Unreadable(text)
    return re.sub(r"[\W_]", "", words)


def same_equation(gold: str, answer: str) -> bool:
    """Whether both are equations and one is the other times a number: what has no solutions is not all one."""
    differences = []
    for text in (gold, answer):
        pieces = [read(side)[-1] for side in split(text, EQUALS)]
        if len(pieces) != 2 or not all(isinstance(side, sympy.Expr) for side in pieces):
            return False
        differences.append(sympy.fraction(sympy.together(pieces[0] - pieces[1]))[0])
    if 0 in differences:
        return False
    ratio = sympy.cancel(differences[0] / differences[1])
    return bool((ratio if ratio.is_number else sympy.simplify(ratio)).is_number)


def equivalent(gold: str, answer: str) -> bool:
    """math-verify's verdict on two values, unless a rule of ours forbids it. Roots and logarithms have real values."""
    pair = read(gold), read(answer)
    positive = {s: sympy.Symbol(s.name, positive=True) for found in pair for s in under_roots(found[-1])}
    for known in [{}, positive] if positive else [{}]:
        ones, others = ([value.xreplace(known) for value in found] for found in pair)
        if math_verify(ones, others, allow_set_relation_comp=True, timeout_seconds=None):
            return not any(veto(gold, answer, ones[-1], others[-1]) for veto, *_ in VETOES)
    return False


def under_roots(expression: Any) -> set[Any]:
    """The letters that are factors under an even root or a logarithm, and so cannot be negative."""
    roots = [e.base for e in expression.atoms(sympy.Pow) if e.exp.is_Rational and e.exp.q % 2 == 0]
    inside = [*roots, *(e.args[0] for e in expression.atoms(sympy.log))]
    factors = [factor.as_base_exp() for e in inside for factor in sympy.Mul.make_args(e)]
    return {base for base, exponent in factors if base.is_Symbol and exponent.is_odd}


def far_apart(gold: str, answer: str, one: Any, other: Any) -> bool:
    """Whether two numbers differ: a decimal from another value in its first six places, exact ones at all."""
    if not all(isinstance(e, sympy.Expr) and e.is_number for e in (one, other)):
        return False
    one, other = one.doit(), other.doit()
    places, other_places = PLACES.fullmatch(gold), PLACES.fullmatch(answer)
    if one == other or (places and other_places and len(places[1]) == len(other_places[1])):
        return bool(one != other)
    size, difference = max(abs(one.evalf(30)), abs(other.evalf(30))), abs((one - other).evalf(50))
    if "." not in gold + answer:
        return difference._prec > 1 and bool(difference > size * sympy.Float("1e-30"))
    return bool(difference > sympy.Float("1e-6") * min(1, 10 ** sympy.ceiling(sympy.log(size, 10))))


# What math-verify accepts and we do not: (rule on both texts and both values, reason, source).
VETOES: list[tuple[Callable[[str, str, Any, Any], bool], str, str]] = [
    (
        lambda gold, answer, *_: len({*BASE.findall(gold), *BASE.findall(answer)}) > 1,
        "bases: 52_8, 52_9",
        "latex2sympy2",
    ),
    (lambda _, __, one, other: (one.is_Symbol or other.is_Symbol) and one != other, "letters: N, n; E, e", "sieval#90"),
    (far_apart, "differences below 1e-15, and behind six places: 2^-60, 2^-61", "Math-Verify#14"),
]
