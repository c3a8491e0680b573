r"""Is one value another? Names, units, words, percent signs and equations; the rest is math-verify's to say.

math-verify 0.9 takes the right side of any equation, and compares with fixed thresholds: the first is looked to here,
and what it accepts must pass `VETOES`. Imports SymPy: for the grader's workers.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import sympy
from math_verify import verify as math_verify

from micota.answers import squeezed
from micota.normal_form import GREEK
from micota.reading import Unreadable, read, split
from micota.units import conflict, is_number, split_unit

# The left side of an equation that names a value: x, f(2), AB, P(X=2), \angle ABC, m+n, but not 2x, x^2 or x+y.
ARGUMENTS = re.compile(
    r"_\{[^{}]*\}|([a-wA-Z}])'?\s*\((?![^()]*\1)[^()]*\)|\[[^\[\],]*\]|\\text\{[^{}]*\}|(?<![a-zA-Z\\])[a-zA-Z]{4,}"
)
NAMING = "angle|triangle|overline|vec|hat|bar|tilde|sin|cos|tan|frac|cdot|max|min|mathbb|mathcal|gcd|lcm|arg|deg|ell|mu"
NO_NAME = re.compile(rf"^[-+]|^$|\d|[^-+/|(){{}}'\sa-zA-Z\\]|\\(?!(?:{NAMING}|(?i:{GREEK}))(?![a-z]))")
COMMAND, UNKNOWN, EQUALS = re.compile(r"\\[a-zA-Z]+"), re.compile("[xyz](?!')"), re.compile(r"=|\\equiv(?![a-z])")
# What is said of a value, not its value: < 5 is not 5.
SAID = re.compile(r"(<|>|\\(?:le|ge|ne|in|notin|equiv|sim|propto|cong|subset\w*|n?mid)(?![a-z]))\s*(.*)", re.S)

# Words, not products of letters: long ones, and short ones by their letters.
SHORT = "is|are|was|not|no|if|for|all|any|the|but|odd|may|can|has|too|on|so|or|of|to|it|yes"
WORD = re.compile(
    rf"(?<![a-zA-Z])(?:(?=[a-z]*[eiou])[a-z]{{4,}}|(?i:{SHORT}))(?![a-zA-Z])|\\text\{{[^{{}}]*[a-zA-Z]{{2}}"
)
WORD_ALONE = re.compile(
    r"[a-zA-Z]{4,}(?:[ ,.-]+[a-zA-Z\d]+)*|(?=.*[aeiouy])[A-Z][a-z]{1,2}|[b-df-hj-np-tv-z]a[b-df-hj-np-tvw]"
    r"|(?=[a-z]*[eiou])[a-z]{3}|([a-z])\1[a-z]?|[a-z]([a-z])\2"
)
MATHEMATICS = re.compile(r"[\\^{}=<>+*|]|\d\s*[-/]\s*\d")
MONTH = "(january|february|march|april|may|june|july|august|september|october|november|december)"
# Times and dates are texts: (pattern, the text and the half of the day, reason, source).
MOMENTS = [
    (r"0?(\d+):([0-5]\d(?::[0-5]\d)?)(?: ?([ap])\.? ?m\.?)?", r"\1:\2/\3", "3:30 is no fraction", "Math-Verify#14"),
    (r"0?(\d+) ?([ap])\.? ?m\.?", r"\1:00/\2", "3 p.m. is 3:00 p.m.", "Math-Verify#14"),
    (r"(\d{4})([-/.])0?(\d{1,2})\2[0]?(\d{1,2})", r"\1-\3-\4/", "2023-01-05 is no difference", "Math-Verify#14"),
    (r"0?(\d{1,2})([-/.])0?(\d{1,2})\2(\d{4})", r"\1 \3 \4/", "5/1/2023 is no quotient", "Math-Verify#14"),
    (rf"{MONTH} (\d+)(?:st|nd|rd|th)?", r"\1 \2/", "June 20th is June 20", "MATH"),
    (rf"(\d+)(?:st|nd|rd|th)?(?: of)? {MONTH}", r"\2 \1/", "20 June is June 20", "MATH"),
]
BASED, PLACES = re.compile(r"[0-9A-Z]+_\{(\w+)\}"), re.compile(r"-?\d*\.(\d+)")


def same_value(gold: str, answer: str) -> bool:
    """Values, whatever their names, or two equations with the same solutions. Raises what reading them raises."""
    one, other = moment(gold), moment(answer)
    if one or other:
        return one[:1] == other[:1] and not conflict(*one[1:], *other[1:])
    first, second = sides(gold), sides(answer)
    if first.value is None or second.value is None or (first.names and second.names and first.names != second.names):
        return same_equation(gold, answer)
    return same_term(first.value, second.value)


def moment(text: str) -> list[str]:
    """A time or a date as one text, and the half of the day; nothing if it is none."""
    found = ((re.fullmatch(pattern, plain(text)), template) for pattern, template, *_ in MOMENTS)
    return next((match.expand(template).split("/") for match, template in found if match), [])


def plain(text: str) -> str:
    r"""Small letters, without `\text` and double spaces."""
    return " ".join(re.sub(r"\\text\{([^{}]*)\}", r" \1 ", text).lower().split())


class Sides(NamedTuple):
    """An equation's names and the value they are given; no value if it is a relation between unknowns."""

    names: list[str]
    value: str | None


def sides(text: str) -> Sides:
    """`x = 2+3 = 5` gives x the value 5, so does `5 = x`; `2+3 = 5` has no name, `2x = 6` no value."""
    pieces = split(text, EQUALS)
    named = [is_name(piece) for piece in pieces]
    if pieces[1:] and named[-1] and not any(named[:-1]):
        pieces, named = pieces[::-1], named[::-1]
    leading = named.index(False) if False in named[:-1] else len(pieces) - 1
    names, values = pieces[:leading], pieces[leading:]
    if not all(same_term(value, values[-1]) for value in values[:-1] if not names or is_number(value)):
        return Sides([], None)
    return Sides([squeezed(name) for name in names if r"\text" not in name], values[-1])


def is_name(text: str) -> bool:
    """Whether a left side names a value. A sum of letters does (m+n), but not one of the unknowns x, y and z."""
    short = ARGUMENTS.sub("'", text).strip()
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
    # A sign on one side alone may be left out, but a gold without one and below one may be a share of one.
    wholes = [rf"\frac{{{share}}}{{100}}" if sign else share for share, sign in zip(shares, signs, strict=True)]
    return equivalent(*wholes) or ((signs[0] or not below_one(gold)) and equivalent(*shares))


def has_words(text: str) -> bool:
    """Whether there are words in it, not products of letters."""
    letters = re.sub(r"_\{[^{}]*\}", "", COMMAND.sub(lambda m: m[0] if m[0] == r"\text" else " ", text)).strip()
    return bool(WORD.search(letters) or (WORD_ALONE.fullmatch(letters) and not consecutive(letters)))


def wording(text: str) -> str:
    """The words alone. Raises Unreadable where there is mathematics among them."""
    if MATHEMATICS.search(words := plain(text)):
        raise Unreadable(text)
    return re.sub(r"[\W_]", "", words)


def below_one(text: str) -> bool:
    """Whether it is no number, or one between -1 and 1."""
    value = read(text)[-1]
    return not value.is_number or bool(abs(value) < 1)


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


def two_bases(gold: str, answer: str, one: Any, other: Any) -> bool:
    """Whether both are numbers with a base, and of different ones. A base that is left out is as good as a unit."""
    first, second = BASED.fullmatch(gold), BASED.fullmatch(answer)
    return bool(first and second and first[1] != second[1])


def two_letters(gold: str, answer: str, one: Any, other: Any) -> bool:
    """Whether one is a letter, and the other not the same."""
    return (one.is_Symbol or other.is_Symbol) and one != other


def far_apart(gold: str, answer: str, one: Any, other: Any) -> bool:
    """Whether two numbers differ: a decimal from another value in its first six places, exact ones at all."""
    if not all(isinstance(e, sympy.Expr) and e.is_number for e in (one, other)) or one == other:
        return False
    places, other_places = PLACES.fullmatch(gold), PLACES.fullmatch(answer)
    if places and other_places and len(places[1]) == len(other_places[1]):
        return True
    size, difference = max(abs(one.evalf(30)), abs(other.evalf(30))), abs((one.doit() - other.doit()).evalf(50))
    if "." not in gold + answer:
        return difference._prec > 1 and bool(difference > size * sympy.Float("1e-30"))
    return bool(difference > sympy.Float("1e-6") * min(1, 10 ** sympy.ceiling(sympy.log(size, 10))))


# What math-verify accepts and we do not: (rule, reason, source).
VETOES: list[tuple[Callable[[str, str, Any, Any], bool], str, str]] = [
    (two_bases, "the base of a number is dropped: 52_8 and 52_9", "latex2sympy2"),
    (two_letters, "the case of a letter alone is dropped, and E is e", "sieval#90"),
    (far_apart, "differences below 1e-15 are nothing, and places after six: 2^-60 and 2^-61", "Math-Verify#14"),
]
