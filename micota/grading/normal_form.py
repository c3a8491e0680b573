r"""One normal form of an answer's text, before it is read: the dress goes, what changes the value stays.

The rules stand in `grading_rules.tsv`. The normalisation that math-verify uses, latex2sympy2's, is off: it drops dots,
primes and quotes in silence, puts one digit under a root, and takes letters for units.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import partial

from micota.grading.grading_rules import RULES, Rule
from micota.grading.limits import Limit, exceeded
from micota.grading.units import NAMES

Match = re.Match[str]
Compiled = tuple[re.Pattern[str], str | Callable[[Match], str]]

RAISED, LOWERED, VULGAR = "[²³¹⁰-ⁿʰ-ʸᵃ-ᵛᶜᶠᶻᵀ]+", "[₀-₎ₐ-ₜᵢ-ᵥⱼ]+", "[¼-¾⅐-⅞↉]"
UNIT = r"\b(?:" + "|".join(sorted(NAMES, key=len, reverse=True)) + r")s?\b"
COMPOUND = rf"\d[\d.]* ?(?:\\text\{{\s*{UNIT}\s*\}}|{UNIT})"
TEXT = re.compile(r"(\\text\{[^{}]*\})")
HEAD = re.compile(r"\\[dtc]?(frac|binom|sqrt)(?![a-zA-Z])\s*(\[[^\[\]]*\])?|(?<!\\)([\^_])")
NUMBER = re.compile(r"[-+]?\s*\d+(?:\.\d+)?")
SIMPLE = re.compile(r"[-+]?\s*(?:\\(?:text|mathbb|overline|bar|vec)\s*\{[^{}]*\}|\\[a-zA-Z]+|\\.|.)", re.DOTALL)


def repeating(match: Match) -> str:
    r"""`0.1\overline{6}` as a fraction: (16 - 1)/90."""
    whole, fixed, block = match["whole"] or "0", match["fixed"], re.sub(r"\D", "", match["block"])
    return rf"\frac{{{int(whole + fixed + block) - int(whole + fixed)}}}{{{'9' * len(block)}{'0' * len(fixed)}}}"


CALLS: dict[str, Callable[[Match], str]] = {
    "@repeating": repeating,
    # f' as another name, f_{p}, which the parser does not drop
    "@primes": lambda m: f"{m['name']}_{{{m['sub'] or ''}{'p' * len(re.findall(chr(39) + '|prime', m['primes']))}}}",
    "@without_commas": lambda m: m[0].replace(",", ""),
    "@in_pieces": lambda m: re.sub(rf"({COMPOUND})[ ,]*(?=\d)", r"\1 \\land ", m[0]),
}


def compiled(table: Mapping[str, list[Rule]]) -> dict[str, list[Compiled]]:
    """The rules by stage; names, and Unicode's signs, are found by one pattern."""
    stages: dict[str, list[Compiled]] = {}
    for stage in ("kept", "sign", "first", "name", "dressed", "typed", "number"):
        if stage in ("kept", "sign", "name"):
            one = {name: becomes for pattern, becomes, *_ in table[stage] for name in pattern.split()}
            names = [re.escape(n) + "(?![a-zA-Z])" * n[-1].isalpha() for n in sorted(one, key=len, reverse=True)]
            stages[stage] = [(re.compile(rf"(?<!\\)(?:{'|'.join(names)})"), lambda m, one=one: one[m[0]])]  # type: ignore[misc]
        else:
            rules = [(pattern.replace("<COMPOUND>", COMPOUND), becomes) for pattern, becomes, *_ in table[stage]]
            stages[stage] = [(re.compile(pattern), CALLS.get(becomes, becomes)) for pattern, becomes in rules]
    return stages


STAGES = compiled(RULES)


def normal_form(text: str, stages: dict[str, list[Compiled]] = STAGES) -> str:
    """The answer in the one form that is taken apart and read."""
    text = re.sub(r"[\t\r\n\0]", " ", plain_unicode(text, stages)).strip()
    for stage in ("first", "name", "dressed"):
        text = rewritten(text, stages[stage])
    pieces = TEXT.split(text)
    text = "".join(piece if at % 2 else rewritten(piece, stages["typed"]) for at, piece in enumerate(pieces))
    return unwrapped(rewritten(unwrapped(braced(text)), stages["number"]))


def limit_of(text: str) -> Limit | None:
    """The limit that an answer exceeds, as it stands or in its normal form; None if it keeps them all."""
    return exceeded(text) or exceeded(normal_form(text))


def rewritten(text: str, rules: list[Compiled]) -> str:
    """After each rule, once and in order."""
    for pattern, becomes in rules:
        text = pattern.sub(becomes, text)
    return text


def unwrapped(text: str) -> str:
    """Without braces around the whole."""
    text = text.strip()
    while text.startswith("{") and closing(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def plain_unicode(text: str, stages: dict[str, list[Compiled]]) -> str:
    """Symbols as LaTeX, other dress in Unicode's compatibility form (`６` is 6); what has no width goes."""
    if text.isascii():
        return text
    plain = partial(unicodedata.normalize, "NFKC")
    text = re.sub(VULGAR, lambda m: r"\frac{{{}}}{{{}}}".format(*plain(m[0]).split("⁄")), text)
    text = re.sub("(?:[0-9][\u0304\u0305\u0307])+", lambda m: rf"\overline{{{re.sub('[^0-9]', '', m[0])}}}", text)
    text = re.sub(RAISED, lambda m: f"^{{{plain(m[0])}}}", text)
    text = re.sub(LOWERED, lambda m: f"_{{{plain(m[0])}}}", text)
    text = "".join(c for c in plain(rewritten(text, stages["kept"])) if unicodedata.category(c) != "Cf")
    return rewritten(text, stages["sign"])


def closing(text: str, at: int = 0) -> int | None:
    """Where the bracket at `at` is closed; None if it is not. Brackets of all kinds count, for [0,1) is an interval."""
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if depth == 0:
            return place
    return None


def braced(text: str) -> str:
    r"""TeX's arguments in braces, a number whole: `\frac12`, `\sqrt 13`, `\sqrt(13)`, `x^-2`, `2^(n+1)`, `\log_2 8`."""
    done, at = "", 0
    while head := HEAD.search(text, at):
        done += text[at : head.start()] + (head[3] or rf"\{head[1]}{head[2] or ''}")
        found, at = arguments(text, head)
        done += "".join(f"{{{braced(inner.strip())}}}" for inner in found)
    return done + text[at:]


def arguments(text: str, head: Match) -> tuple[list[str], int]:
    """The arguments of a command, and where they end. A lone one may be a number of many digits, or in (...)."""
    found, at, count = [], head.end(), 2 if head[1] in ("frac", "binom") else 1
    for _ in range(count):
        at += len(text[at:]) - len(text[at:].lstrip())
        end = closing(text, at) if text.startswith(("{", "(")[: 3 - count], at) else None
        inner = HEAD.match(text, at)
        simple = (NUMBER.match(text, at) if count == 1 else None) or SIMPLE.match(text, at)
        start, stop = (
            (at + 1, end) if end else (at, arguments(text, inner)[1] if inner else simple.end() if simple else at)
        )
        found.append(text[start:stop])
        at = stop + bool(end)
    return found, at
