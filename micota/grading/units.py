r"""The unit at the end of an answer: 12 cm^2, 18 dollars, 40\text{ miles per hour}, 9.8\,\mathrm{m}\,\mathrm{s}^{-2}.

Units decide nothing where one side leaves them out, and everything where the two name different ones. In `5m` m is a
variable, as in OlympiadBench's `6m`; words must be units that are known, or plurals that are no other known word: 5
apples, but not 5 wrong. math-verify 0.9 drops l, t, h, d, c, g, m and s after a number; its own rule is therefore off.
"""

import re
from collections import Counter

from micota.grading.grading_rules import RULES

SPELLINGS = re.findall(r"(\w+):([\w ]*)", ", ".join(words for words, *_ in RULES["unit"]))
NAMES = {word: name for name, words in SPELLINGS for word in (name, *words.split())}
SHORT_FORMS = {
    "mph": "mi/h",
    "kph": "km/h",
    "kmph": "km/h",
    "kmh": "km/h",
    "in total": " ",
    "in all": " ",
    " per ": " / ",
}
BESIDE = {word for words, *_ in RULES["beside"] for word in words.split()}
EXPONENTS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3, "squared": 2, "cubed": 3}
NOTHING = "|".join(word for words, *_ in RULES["nothing"] for word in words.split())
THING = re.compile(rf"(?!(?:{NOTHING})$)(?=.*[aeiouy])[a-z]{{3,}}(?<![sui])s")
LETTERS = "mgshlNJWV"  # bare letters that may be units, behind a number and a space
GLUED = "mm cm dm km kg mg ml ft min sec mph kph kmph hrs"  # 5cm
POWER, WORD = r"\^\s*\{?\s*-?[1-9]\s*\}?", r"\\text\{[^{}\d=]*\}|(?<![a-zA-Z\\])[a-zA-Z]+\.?"
OVER = rf"\\frac\{{(?:{WORD}|{POWER})+\}}\{{(?:{WORD}|{POWER})+\}}"
PIECE = re.compile(rf"(?:{WORD}|{POWER}|(?<=[a-z])[23]|[/\s]|\\cdot(?![a-z])|{OVER})$")
TERM = re.compile(r"(/)|([a-z]+)\.?\s*(?:\^?\s*(-?[1-9]))?")
DEGREE = re.compile(r"(?P<rest>.*\S)\s*\^\s*\{?\s*\\circ\s*\}?\s*(?:\\text\s*\{)?\s*(?P<scale>[CFK]?)\s*\}?", re.S)
SCALES = {"": "degree", "C": "degree celsius", "F": "degree fahrenheit", "K": "k"}
CURRENCY = {r"\$": "dollar", "€": "euro", "£": "lb", "¥": "yen", "₹": "rupee"}
MONEY = re.compile(r"(-?)\s*(?:US)?(\\\$|[€£¥₹])\s*(.+)|(.+?)\s*(\\\$|[€£¥₹])", re.S)
FUNCTION = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![a-z])")
ENDS_IN_NUMBER = re.compile(r"[\w)}!]\s*$")


def split_unit(answer: str, letters: bool) -> tuple[str, str | None]:
    """The answer without its unit, and the unit's one name; None if there is none.

    `letters`: whether a bare letter may be one, `5 m`. It may not where the gold answer has variables.
    """
    if money := MONEY.fullmatch(answer):
        rest, more = split_unit(money[4] or money[1] + money[3], letters)
        name = CURRENCY[money[2] or money[5]]
        return rest, name if more in (None, name) else f"{name} {more}"
    if answer.endswith("%"):
        return answer, "percent"
    if not FUNCTION.search(answer) and (degree := DEGREE.fullmatch(answer)):
        return degree["rest"], SCALES[degree["scale"]]
    rest = answer
    while (piece := PIECE.search(rest)) and fits(rest[: piece.start()], piece[0], answer[len(rest) :], letters):
        rest = rest[: piece.start()]
    unit = answer[len(rest) :]
    bare = re.findall(r"[a-zA-Z]+", re.sub(r"\\(?:text|frac|cdot)|\{[^{}]*\}", " ", unit))
    # Bare letters and short words need a number, and a space: 5m is a product.
    glued = bool(bare) and unit.startswith(bare[0]) and len(bare[0]) < 4 and bare[0] not in GLUED.split()
    short = any(len(word) < 4 for word in bare) and not is_number(rest)
    if glued or short or not name_of(unit) or not ENDS_IN_NUMBER.search(rest):
        return answer, None
    return rest.strip(), name_of(unit)


def fits(rest: str, piece: str, after: str, letters: bool) -> bool:
    """Whether a piece at the end of an answer, before `after`, may belong to a unit behind `rest`."""
    words = re.findall("[a-zA-Z]+", re.sub(r"\\(?:text|cdot|frac)", " ", piece))
    if not words:
        return "^" not in piece or bool(re.search(r"[a-zA-Z}]\s*$", rest))
    for before, word in zip([rest.split()[-1] if rest.split() else "", *words], words, strict=False):
        known = before == "per" or {singular(word.lower()), word.lower()} & {*NAMES, *BESIDE, *EXPONENTS, *SHORT_FORMS}
        if not known and not (THING.fullmatch(word.lower()) and re.search(r"[\d})!]|\\pi", rest)):
            return False
    beside_slash = rest.rstrip().endswith("/") or after.lstrip().startswith("/")
    return len(words[0]) > 1 or piece[0] == "\\" or (words[0] in LETTERS and (letters or beside_slash))


def is_number(text: str) -> bool:
    """Whether no variable stands in it."""
    return not re.search(r"(?<![a-zA-Z\\])[a-zA-Z]", text)


def name_of(unit: str) -> str:
    """The unit's one name: `square inches`, `sq in` and `in^{2}` are `in^2`, `m/s` and `m s^{-1}` are `m s^-1`."""
    unit = re.sub(r"\\frac\{(.*?\}?)\}\{(.*)\}", r"\1/\2", unit)
    unit = re.sub(r"\\text|\\cdot|[{}]", " ", unit).lower()
    for form, whole in SHORT_FORMS.items():
        unit = re.sub(rf"\b{form}\b" if form[0] != " " else form, whole, unit)
    powers: Counter[str] = Counter()
    sign, times, last = 1, 1, ""
    for slash, word, power in TERM.findall(unit):
        if slash:
            sign = -1
        elif word in ("squared", "cubed"):
            powers[last] *= EXPONENTS[word]
        elif word in EXPONENTS:
            times = EXPONENTS[word]
        elif word not in BESIDE:
            last = NAMES.get(singular(word), singular(word))
            powers[last] += sign * int(power or times)
            times = 1
    scale = {"celsius", "fahrenheit"} & powers.keys()
    names = [name + (f"^{power}" if power != 1 else "") for name, power in sorted(powers.items()) if power]
    return f"degree {scale.pop()}" if scale else " ".join(names)


def singular(word: str) -> str:
    """Without the plural's s: enough to compare a unit with itself."""
    return word if word in NAMES or word.endswith("ss") or len(word) < 4 else word.removesuffix("s")


def conflict(one: str | None, other: str | None) -> bool:
    """Whether both sides name a unit, and not the same one; a bare degree may be one of temperature."""
    temperature = "degree" in (one, other) and all(str(unit).startswith("degree") for unit in (one, other))
    return bool(one and other) and one != other and not temperature
