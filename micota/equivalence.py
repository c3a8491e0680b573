r"""Is an answer the gold answer? Both are brought into one form, taken apart, and compared part by part.

Lists, tuples, matrices and equations are taken apart here, for math-verify 0.9 makes sets of them and takes the right
side of any equation; the values and relations that are left are read by latex2sympy2 and compared by math-verify. What
it accepts must pass `VETOES`. What is not read whole equals nothing but its own text. Imports SymPy: for workers alone.
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from math_verify import verify as math_verify
from sympy import Basic, Expr, Float, MatrixBase, Mul, Pow, Symbol, cancel, ceiling, fraction, log, simplify, together

from micota.answers import squeezed
from micota.normal_form import closing, normal_form
from micota.reading import RELATION, Unreadable, read, region, signed, split
from micota.units import conflict, is_number, split_unit

Pair = tuple[str, str]  # gold, answer
EQUAL, EQUIVALENT, DIFFERENT, UNPARSABLE = "equal", "equivalent", "different", "unparsable"

INTEGER = re.compile(r"-?\d{1,300}", re.ASCII)
NO_OPTION = (
    r"\s*(?:[-+*/^=<>,;(]|\\(?:land|lor|cup|cap)|(?:\\text\{)?\s*(?:is|isn't|was|not|or|wrong|incorrect|false)\b)"
)
LABEL = re.compile(rf"\(([A-J])\)(?!{NO_OPTION})\s*(.*)|([A-J])[).:](?!{NO_OPTION})\s*(.*)|([A-J])", re.S)
REGION = re.compile(r"[<>]|\\(?:le|ge|ne|cup|cap|setminus|mathbb|emptyset|in|notin|mid|infty)(?![a-z])")
STARTS = re.compile(r"(<|>|\\(?:le|ge|ne|in|notin|equiv|sim|propto|cong|subset\w*|mid|nmid)(?![a-z]))\s*(.*)", re.S)
EQUALS = re.compile(r"=|\\equiv(?![a-z])")
MATRIX = re.compile(r"\\begin\{([pbB]?matrix)\}(.*)\\end\{\1\}", re.S)
NAME = r"(?:\\?[a-zA-Z]+(?:_\{\w+\})?)"
MEMBER = re.compile(rf"^{NAME} ?\\in ?(?=\\\{{)|^\({NAME}(?:, ?{NAME})+\) ?(?:=|\\in) ?(?=\(|\\\{{)")
# The left side of an equation that names a value: x, f(2), AB, P(X=2), \angle ABC, m+n, but not 2x, x^2 or x+y.
ARGUMENTS = re.compile(
    r"_\{[^{}]*\}|([a-wA-Z}])'?\s*\((?![^()]*\1)[^()]*\)|\[[^\[\],]*\]|\\text\{[^{}]*\}|(?<![a-zA-Z\\])[a-zA-Z]{4,}"
)
NAMING = r"angle|triangle|overline|vec|hat|bar|tilde|sin|cos|tan|frac|cdot|max|min|mathbb|mathcal|gcd|lcm|arg|deg|ell"
LETTERS = "alpha|beta|gamma|delta|epsilon|theta|lambda|mu|rho|sigma|tau|phi|psi|omega|Delta|Omega|Phi|Sigma|Gamma"
NAMES = re.compile(rf"(?:\\(?:{NAMING}|{LETTERS})(?![a-z])|[a-zA-Z]|[-+/|(){{}} '])+")
DERIVATIVE = re.compile(r"\\frac\{d[^{}]*\}\{d[^{}]*\}")
UNKNOWN, COMMAND, SUBSCRIPT = re.compile("[xyz](?!')"), re.compile(r"\\[a-zA-Z]+"), re.compile(r"_\{[^{}]*\}")
BASED = re.compile(r"[0-9A-Z]+_\{(?P<base>\w+)\}")
PLACES = re.compile(r"-?\d*\.(\d+)")
UPRIGHT = re.compile(r"\\text\{([^{}]*)\}")
MATHEMATICS = re.compile(r"[\\^{}=<>+*|]|\d\s*[-/]\s*\d")
# Words, not products of letters: long ones, and short ones by their letters.
SHORT = "is|are|was|not|no|if|for|all|any|the|but|odd|may|can|has|too|on|so|or|of|to|it|yes"
WORD = re.compile(rf"(?<![a-zA-Z])(?:(?=[a-z]*[eiou])[a-z]{{4,}}|(?i:{SHORT}))(?![a-zA-Z])")
WORD_ALONE = re.compile(
    r"[a-zA-Z]{4,}(?:[ ,.-]+[a-zA-Z\d]+)*|(?=.*[aeiouy])[A-Z][a-z]{1,2}|[b-df-hj-np-tv-z]a[b-df-hj-np-tvw]"
    r"|(?=[a-z]*[eiou])[a-z]{3}|([a-z])\1[a-z]?|[a-z]([a-z])\2"
)

MONTH = "(january|february|march|april|may|june|july|august|september|october|november|december)"
# Times and dates are texts: (pattern, the text, reason, source).
MOMENTS = [
    (
        r"0?(\d+):([0-5]\d(?::[0-5]\d)?)(?: ?(?P<half>[ap])\.? ?m\.?)?",
        r"\1:\2",
        "3:30 is no fraction",
        "Math-Verify#14",
    ),
    (r"0?(\d+) ?(?P<half>[ap])\.? ?m\.?", r"\1:00", "3 p.m.", "Math-Verify#14"),
    (r"(\d{4})([-/.])0?(\d{1,2})\2[0]?(\d{1,2})", r"\1-\3-\4", "2023-01-05 is no difference", "Math-Verify#14"),
    (r"0?(\d{1,2})([-/.])0?(\d{1,2})\2(\d{4})", r"\1/\3/\4", "5/1/2023 is no quotient", "Math-Verify#14"),
    (rf"{MONTH} (\d+)(?:st|nd|rd|th)?", r"\1 \2", "June 20th", "MATH"),
    (rf"(\d+)(?:st|nd|rd|th)?(?: of)? {MONTH}", r"\2 \1", "20 June", "MATH"),
]
CLOCK = [(re.compile(pattern), text) for pattern, text, *_ in MOMENTS]


class Term(NamedTuple):
    """A value or a relation: its text, and what it is read as (see `read`)."""

    text: str
    read: list[Basic | MatrixBase]


def verify(pair: Pair) -> str:
    """The verdict on gold and answer as they stand in their boxes; runs in a worker."""
    gold, answer = (normal_form(text) for text in pair)
    if not answer:
        return UNPARSABLE
    try:
        return EQUIVALENT if same(gold, answer) else DIFFERENT
    except Exception:  # Unreadable, and what SymPy raises: of every kind
        return EQUAL if squeezed(gold) == squeezed(answer) else UNPARSABLE


def same(gold: str, answer: str) -> bool:
    """Whether two normal forms say the same. Raises Unreadable."""
    if INTEGER.fullmatch(gold) and INTEGER.fullmatch(answer):
        return int(gold) == int(answer)
    (label, value), (other, answered) = option(gold), option(answer)
    if label and other:
        return label == other and (not value or not answered or same(value, answered))
    if value or answered:  # one letter is left out, or all there is
        return same(value or gold, answered or answer)
    if REGION.search(gold) or REGION.search(answer):
        if (one := region(gold)) and (two := region(answer)):
            named_alike = one[1] == two[1] or not one[1] or not two[1]
            return named_alike and bool(math_verify([one[0]], [two[0]], timeout_seconds=None))
        if RELATION.search(gold) is None or RELATION.search(answer) is None:
            gold, answer = bounds(gold), bounds(answer)
    (name, unit, gold), (other_name, other_unit, answer) = bare_parts(gold), bare_parts(answer)
    if conflict(name, other_name) or conflict(unit, other_unit):
        return False
    return same_parts(parts(gold), parts(answer))


def bare_parts(text: str) -> tuple[str | None, str | None, str]:
    r"""The name and the unit of a tuple, matrix or set, and the thing itself: `P = (1,2)`; single values keep both."""
    rest, unit = split_unit(text, letters=False)
    name, _, value = rest.partition("=")
    if value and is_name(name) and parts(value.strip()).kind:
        return squeezed(name), unit, value.strip()
    return (None, unit, rest) if unit and parts(rest).kind else (None, None, text)


def bounds(text: str) -> str:
    r"""An inequality between letters as the interval it says: `a < x \le b` is `(a,b]`, `x > a` is `(a,\infty)`."""
    pieces, signs = split(text, RELATION), RELATION.findall(text)
    if signs and all(sign in (">", r"\ge") for sign in signs):
        pieces, signs = pieces[::-1], [{">": "<", r"\ge": r"\le"}[sign] for sign in signs[::-1]]
    if len(pieces) not in (2, 3) or len(signs) != len(pieces) - 1 or not all(sign in ("<", r"\le") for sign in signs):
        return text
    if len(pieces) == 2:
        pieces, signs = (
            ([*pieces, r"\infty"], [*signs, "<"]) if is_name(pieces[1]) else ([r"-\infty", *pieces], ["<", *signs])
        )
    return f"{'(' if signs[0] == '<' else '['}{pieces[0]},{pieces[2]}{')' if signs[1] == '<' else ']'}"


def option(text: str) -> tuple[str, str]:
    """The letter of a multiple choice and what stands behind it: `(C) 18`, `C: 18`, `(C)`, `C`."""
    found = LABEL.fullmatch(text)
    return (found[1] or found[3] or found[5], found[2] or found[4] or "") if found else ("", "")


class Parts(NamedTuple):
    """A list (kind ""), a set ("{"), a tuple (its brackets, as in "[)") or a matrix ("2 rows"), and what is in it."""

    kind: str
    items: list[str]


def parts(text: str) -> Parts:
    """A text taken apart once; a single value is a list of one."""
    text = MEMBER.sub("", text)
    if text.startswith(r"\{") and closing(text, 1) == len(text) - 1:
        items = signed(split(text[2:-2]))
        return Parts("{", items) if len(items) > 1 else parts(items[0])
    items = signed(split(text))
    if len(items) > 1:
        name, _, value = items[0].partition("=")
        common = value and is_name(name) and not any(EQUALS.search(item) for item in items[1:])
        return Parts("", [value.strip(), *items[1:]] if common else items)
    if found := MATRIX.fullmatch(items[0]):
        rows = [row for row in found[2].split(r"\\") if row.strip()]
        return Parts(f"{len(rows)} rows", [cell.strip() for row in rows for cell in row.split("&")])
    inside = split(items[0][1:-1]) if items[0][:1] in ("(", "[") and closing(items[0]) == len(items[0]) - 1 else []
    return Parts(items[0][0] + items[0][-1], inside) if len(inside) > 1 else Parts("", items)


def same_parts(gold: Parts, answer: Parts) -> bool:
    """Lists as often as each value stands in them, tuples in order, named values by name or in their names' order."""
    if gold.kind == answer.kind == "{":
        gold, answer = distinct(gold), distinct(answer)
    gold, answer = in_letters(gold, answer), in_letters(answer, gold)
    if len(gold.items) != len(answer.items):
        return False
    if len(gold.items) == 1:
        return same_value(gold.items[0], answer.items[0])
    kinds = {gold.kind, answer.kind}
    if kinds == {"", "()"}:
        gold, answer = by_name(gold), by_name(answer)
    elif len(kinds) > 1 and not kinds <= {"", "{"}:
        return False
    named_gold = names_of(gold.items) and not names_of(answer.items)
    if gold.kind not in ("", "{") or named_gold:
        return all(map(same, gold.items, answer.items))
    left = list(answer.items)
    for item in gold.items:
        found = next((at for at, other in enumerate(left) if same(item, other)), None)
        if found is None:
            return False
        del left[found]
    return True


def in_letters(found: Parts, other: Parts) -> Parts:
    """`ACD` as A, C, D where the other is a list of options."""
    alone = len(found.items) == 1 and re.fullmatch("[A-J]{2,}", found.items[0])
    if alone and len(other.items) > 1 and all(option(item)[0] for item in other.items):
        return Parts("", list(found.items[0]))
    return found


def distinct(found: Parts) -> Parts:
    """A set without what stands in it twice."""
    items: list[str] = []
    for item in found.items:
        if not any(same(item, other) for other in items):
            items.append(item)
    return Parts(found.kind, items)


def names_of(items: list[str]) -> list[str]:
    """The names of a list of values that all have one, each another; else none."""
    found = [sides(item).names for item in items]
    names = [name for names in found for name in names[:1]]
    return names if len(set(names)) == len(items) else []


def by_name(found: Parts) -> Parts:
    """A list of values named by consecutive letters (y=2, x=1) in the letters' order, as a tuple has them."""
    names = names_of(found.items) if found.kind == "" else []
    if not names or not consecutive(names):
        return found
    return Parts("", [item for _, item in sorted(zip(names, found.items, strict=True))])


def consecutive(letters: Iterable[str]) -> bool:
    """Whether it is a run of the alphabet: x, y; a, b, c."""
    run = sorted(letters)
    return all(len(letter) == 1 and ord(letter) - ord(run[0]) == at for at, letter in enumerate(run))


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
    bare = ARGUMENTS.sub("'", text).strip()
    if not NAMES.fullmatch(bare) or bare[0] in "+-":
        return bool(DERIVATIVE.fullmatch(text))
    return len(bare) == 1 or not UNKNOWN.search(COMMAND.sub("", bare))


def same_value(gold: str, answer: str) -> bool:
    """One item of a list against another: values, whatever their names, or two equations with the same solutions."""
    one, other = moment(gold), moment(answer)
    if one or other:
        return bool(one and other) and one[0] == other[0] and not conflict(one[1], other[1])
    first, second = sides(gold), sides(answer)
    if first.value is None or second.value is None or (first.names != second.names and first.names and second.names):
        return same_equation(gold, answer)
    return same_term(first.value, second.value)


def moment(text: str) -> tuple[str, str] | None:
    """A time or a date as one text, and the half of the day."""
    for pattern, template in CLOCK:
        if found := pattern.fullmatch(plain(text)):
            return found.expand(template), found.groupdict().get("half") or ""
    return None


def plain(text: str) -> str:
    r"""Small letters, without `\text` and double spaces."""
    return " ".join(UPRIGHT.sub(r" \1 ", text).lower().split())


def same_term(gold: str, answer: str) -> bool:
    """Two values, or two relations, without names; with words only if both are the same words."""
    gold, unit = split_unit(gold, letters=False)
    answer, other_unit = split_unit(answer, letters=is_number(gold))
    if conflict(unit, other_unit):
        return False
    if has_words(gold) or has_words(answer):
        return wording(gold) == wording(answer)
    one, other = STARTS.fullmatch(gold), STARTS.fullmatch(answer)
    if one or other:  # < 5 is not 5
        return bool(one and other and one[1] == other[1]) and same_term(one[2], other[2])
    bare, other_bare = (text.removesuffix(r"\%").strip() for text in (gold, answer))
    percent, other_percent = bare != gold, other_bare != answer
    if percent == other_percent:
        return equivalent(bare, other_bare)
    whole = [rf"\frac{{{text}}}{{100}}" for text in (bare, other_bare)]
    if equivalent(whole[0] if percent else gold, whole[1] if other_percent else answer):
        return True
    # A sign on one side alone may be left out, but a gold below one may be a share of one.
    return (percent or not below_one(gold)) and equivalent(bare, other_bare)


def has_words(text: str) -> bool:
    """Whether there are words in it, not products of letters."""
    bare = SUBSCRIPT.sub("", COMMAND.sub(" ", text)).strip()
    alone = WORD_ALONE.fullmatch(bare) and not consecutive(bare)
    return bool(re.search(r"\\text\{[^{}]*[a-zA-Z]{2}", text) or WORD.search(bare) or alone)


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
        if len(pieces) != 2 or not all(isinstance(side, Expr) for side in pieces):
            return False
        differences.append(fraction(together(pieces[0] - pieces[1]))[0])
    if 0 in differences:
        return False
    ratio = cancel(differences[0] / differences[1])
    return bool((ratio if ratio.is_number else simplify(ratio)).is_number)


def equivalent(gold: str, answer: str) -> bool:
    """math-verify's verdict on two values, unless a rule of ours forbids it. Roots and logarithms have real values."""
    one, other = Term(gold, read(gold)), Term(answer, read(answer))
    positive = {s: Symbol(s.name, positive=True) for term in (one, other) for s in under_roots(term.read[-1])}
    for known in [{}, positive] if positive else [{}]:
        pair = [Term(term.text, [e.xreplace(known) for e in term.read]) for term in (one, other)]
        if math_verify(*(t.read for t in pair), allow_set_relation_comp=True, timeout_seconds=None):
            return not any(veto(*pair) for veto, *_ in VETOES)
    return False


def under_roots(expression: Basic | MatrixBase) -> set[Symbol]:
    """The letters that are factors under an even root or a logarithm, and so cannot be negative."""
    powers = [e.base for e in expression.atoms(Pow) if e.exp.is_Rational and e.exp.q % 2 == 0]
    factors = [f for e in [*powers, *(e.args[0] for e in expression.atoms(log))] for f in Mul.make_args(e)]
    bases = [f.as_base_exp() for f in factors]
    return {base for base, exponent in bases if isinstance(base, Symbol) and exponent.is_odd}


def two_bases(gold: Term, answer: Term) -> bool:
    """Whether both are numbers with a base, and of different ones. A base that is left out is as good as a unit."""
    first, second = BASED.fullmatch(gold.text), BASED.fullmatch(answer.text)
    return bool(first and second and first["base"] != second["base"])


def two_letters(gold: Term, answer: Term) -> bool:
    """Whether one is a letter, and the other not the same."""
    one, other = gold.read[-1], answer.read[-1]
    return (isinstance(one, Symbol) or isinstance(other, Symbol)) and one != other


def far_apart(gold: Term, answer: Term) -> bool:
    """Whether two numbers differ: a decimal from another value in its first six places, exact ones at all."""
    one, other = gold.read[-1], answer.read[-1]
    if not all(isinstance(e, Expr) and e.is_number for e in (one, other)) or one == other:
        return False
    places = [PLACES.fullmatch(term.text) for term in (gold, answer)]
    if all(places) and len(places[0][1]) == len(places[1][1]):
        return True
    size, difference = max(abs(one.evalf(30)), abs(other.evalf(30))), abs((one.doit() - other.doit()).evalf(50))
    if not (gold.read[0].has(Float) or answer.read[0].has(Float)):
        return difference._prec > 1 and bool(difference > size * Float("1e-30"))
    return bool(difference > Float("1e-6") * min(1, 10 ** ceiling(log(size, 10))))


# What math-verify accepts and we do not: (rule, reason, source).
VETOES: list[tuple[Callable[[Term, Term], bool], str, str]] = [
    (two_bases, "the base of a number is dropped: 52_8 and 52_9", "latex2sympy2"),
    (two_letters, "the case of a letter alone is dropped, and E is e", "sieval#90"),
    (
        far_apart,
        "differences below 1e-15 are nothing, decimals end after six places: 2^-60 and 2^-61",
        "Math-Verify#14",
    ),
]
