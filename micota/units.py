r"""The unit at the end of an answer: 12 cm^2, 18 dollars, 40\text{ miles per hour}, 9.8\,\mathrm{m}\,\mathrm{s}^{-2}.

Units decide nothing where one side leaves them out, and everything where the two sides name different ones. What is a
unit and what a product of variables is a matter of typography: in `5m` m is a variable, as in OlympiadBench's `6m`.
Every word must be a known unit, or a plural that is no known other word: 5 apples, but not 5 wrong. math-verify 0.9
takes l, t, h, d, c, g, m and s after a number for units, and drops them; its own rule is therefore off.
"""

import re
from collections import Counter

SPELLINGS = {
    **{"mm": "millimeter millimetre", "cm": "centimeter centimetre", "dm": "decimeter decimetre", "m": "meter metre"},
    **{"km": "kilometer kilometre", "in": "inch inche", "ft": "foot feet", "yd": "yard", "mi": "mile", "rad": "radian"},
    **{"mg": "milligram", "g": "gram", "kg": "kilogram", "lb": "lbs pound", "oz": "ounce", "ms": "millisecond"},
    **{"s": "sec second", "min": "minute", "h": "hr hrs hour", "day": "", "week": "", "month": "", "year": "yr yrs"},
    **{"l": "liter litre", "ml": "milliliter millilitre", "gal": "gallon", "qt": "quart", "pint": "", "cup": ""},
    **{"dollar": "usd buck", "cent": "", "penny": "pennie", "euro": "eur", "yen": "", "rupee": "rs", "acre": ""},
    **{"n": "newton", "j": "joule", "kj": "kilojoule", "w": "watt", "kw": "kilowatt", "v": "volt", "ohm": ""},
    **{"a": "ampere", "hz": "hertz", "pa": "pascal", "mol": "mole", "k": "kelvin", "degree": "deg", "unit": ""},
    **{"celsius": "", "fahrenheit": "", "person": "people", "man": "men", "woman": "women", "child": "children"},
    **{
        "mouse": "mice",
        "tooth": "teeth",
        "goose": "geese",
        "fish": "",
        "sheep": "",
        "century": "centurie",
        "point": "",
    },
}
NAMES = {word: name for name, words in SPELLINGS.items() for word in (name, *words.split())}
SHORT = re.compile(r"\b(?:mph|km?ph)\b")  # miles and kilometres per hour
# What may stand beside a unit and says nothing of the number, and what belongs to its grammar.
BESIDE = set("old of age long tall wide high deep total all left away different distinct possible per".split())
EXPONENTS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3, "squared": 2, "cubed": 3}
# Words with a plural's s that are no things: they change the number, or say something about it.
NO_THINGS = set(
    "times plus minus less unless equals is was has does this thus its yes always halves thirds fourths fifths sixths "
    "sevenths eighths ninths tenths hundreds hundredths thousands thousandths millions billions dozens means makes "
    "gives implies fails lies holds exists remains works others cos varies depends guess satisfies becomes seems looks "
    "perhaps besides follows infinities contradicts divides modulus".split()
)
LETTERS = "mgshlNJWV"  # bare letters that may be units, behind a number and a space
GLUED = "mm cm dm km kg mg ml ft min sec mph kph kmph hrs".split()  # 5cm
POWER = r"\^\s*\{?\s*-?[1-9]\s*\}?"
WORD = r"\\text\{[^{}\d=]*\}|(?<![a-zA-Z\\])[a-zA-Z]+\.?"
PIECE = re.compile(
    rf"(?:{WORD}|{POWER}|(?<=[a-z])[23]|[/\s]|\\cdot(?![a-z])|\\frac\{{(?:{WORD}|{POWER})+\}}\{{(?:{WORD}|{POWER})+\}})$"
)
TERM = re.compile(r"(/)|([a-z]+)\.?\s*(?:\^?\s*(-?[1-9]))?")
DEGREE = re.compile(r"(?P<rest>.*\S)\s*\^\s*\{?\s*\\circ\s*\}?\s*(?:\\text\s*\{)?\s*(?P<scale>[CFK]?)\s*\}?", re.S)
SCALES = {"": "degree", "C": "degree celsius", "F": "degree fahrenheit", "K": "k"}
MONEY = re.compile(
    r"(?P<sign>[-+]?)\s*(?:US)?(?P<before>\\\$|[€£¥₹])\s*(?P<rest>.+)|(?P<all>.+?)\s*(?P<after>\\\$|[€£¥₹])", re.S
)
CURRENCY = {r"\$": "dollar", "€": "euro", "£": "lb", "¥": "yen", "₹": "rupee"}
FUNCTION = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![a-z])")
VARIABLE = re.compile(r"(?<![a-zA-Z\\])[a-zA-Z]")
SHORT_WORD = re.compile(r"(?<![a-zA-Z])[a-zA-Z]{1,3}(?![a-zA-Z])")
TEXT = re.compile(r"\\(?:text|frac|cdot)|\{[^{}]*\}")


def split_unit(answer: str, letters: bool) -> tuple[str, str | None]:
    """The answer without its unit, and the unit's one name; None if there is none.

    `letters`: whether a bare letter may be one, `5 m`. It may not where the gold answer has variables.
    """
    if money := MONEY.fullmatch(answer):
        rest, more = split_unit((money["all"] or money["sign"] + money["rest"]).strip(), letters)
        name = CURRENCY[money["before"] or money["after"]]
        return rest, name if more in (None, name) else f"{name} {more}"
    if answer.endswith("%"):
        return answer, "percent"
    if not FUNCTION.search(answer) and (degree := DEGREE.fullmatch(answer)):
        return degree["rest"], SCALES[degree["scale"]]
    rest = answer
    while (piece := PIECE.search(rest)) and fits(rest[: piece.start()], piece[0], answer[len(rest) :], letters):
        rest = rest[: piece.start()]
    unit = answer[len(rest) :]
    words = re.findall("[a-z]+", unit.lower().replace("text", " "))
    if not set(words) - BESIDE - EXPONENTS.keys() or not re.search(r"[\w)}!]\s*$", rest):
        return answer, None
    # Letters and short words need a number and a space: 5m is a product.
    glued = re.match("[a-zA-Z]{1,3}(?![a-zA-Z])", unit)
    if (glued and glued[0] not in GLUED) or (SHORT_WORD.search(TEXT.sub(" ", unit)) and not is_number(rest)):
        return answer, None
    return rest.strip(), name_of(unit)


def fits(rest: str, piece: str, after: str, letters: bool) -> bool:
    """Whether a piece at the end of an answer, before `after`, may belong to a unit behind `rest`."""
    words = [w for w in re.findall("[a-zA-Z]+", piece) if w not in ("text", "cdot", "frac")]
    if not words:
        return "^" not in piece or bool(re.search(r"[a-zA-Z}]\s*$", rest))
    before = [rest.split()[-1] if rest.split() else "", *words]
    if not all(known(w, p, rest) for w, p in zip(words, before, strict=False)):
        return False
    if len(words[0]) > 1 or piece[0] == "\\":
        return True
    beside_slash = rest.rstrip().endswith("/") or after.lstrip().startswith("/")
    return words[0] in LETTERS and (letters or beside_slash)


def known(word: str, before: str, rest: str) -> bool:
    """Whether a word is a unit, goes with one, or is a plural behind a number."""
    low = word.lower()
    if singular(low) in NAMES or low in BESIDE or low in EXPONENTS or SHORT.fullmatch(low) or before == "per":
        return True
    thing = re.fullmatch("(?=.*[aeiouy])[a-z]{3,}(?<![sui])s", low) and low not in NO_THINGS
    return bool(thing) and bool(re.search(r"(?:[\d})!]|\\pi)", rest))


def is_number(text: str) -> bool:
    """Whether no variable stands in it."""
    return not VARIABLE.search(text)


def name_of(unit: str) -> str:
    """The unit's one name: `square inches`, `sq in` and `in^{2}` are `in^2`, `m/s` and `m s^{-1}` are `m s^-1`."""
    unit = re.sub(r"\bin (?:total|all)\b", " ", unit)
    unit = re.sub(r"\\frac\{(.*?\}?)\}\{(.*)\}", r"\1/\2", unit)
    unit = SHORT.sub(lambda m: "mi/h" if m[0] == "mph" else "km/h", re.sub(r"\\text|\\cdot|[{}]", " ", unit.lower()))
    powers: Counter[str] = Counter()
    sign, times, last = 1, 1, ""
    for slash, word, power in TERM.findall(unit.replace(" per ", " / ")):
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
    if {"celsius", "fahrenheit"} & powers.keys():
        return "degree " + ("celsius" if "celsius" in powers else "fahrenheit")
    return " ".join(name + (f"^{power}" if power != 1 else "") for name, power in sorted(powers.items()))


def singular(word: str) -> str:
    """Without the plural's s: enough to compare a unit with itself."""
    return word if word in NAMES or word.endswith("ss") or len(word) < 4 else word.removesuffix("s")


def conflict(one: str | None, other: str | None) -> bool:
    """Whether both sides name a unit, and not the same one; a bare degree may be one of temperature."""
    if not one or not other or one == other:
        return False
    return "degree" not in (one, other) or not (one.startswith("degree") and other.startswith("degree"))
