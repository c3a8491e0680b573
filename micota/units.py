"""The unit at the end of an answer: 12 cm^2, 18 dollars, 40\text{ miles per hour}.

Units decide nothing where one side leaves them out, and everything where the two sides name different ones. What is a
unit and what a product of variables is a matter of typography: in `5m` m is a variable, as in OlympiadBench's `6m`.
math-verify 0.9 takes l, t, h, d, c, g, m and s after a number for units, and drops them; its own rule is therefore off.
"""

import re

SPELLINGS = {
    **{"mm": "millimeter millimetre", "cm": "centimeter centimetre", "dm": "decimeter decimetre", "m": "meter metre"},
    **{"km": "kilometer kilometre", "in": "inch inche", "ft": "foot feet", "yd": "yard", "mi": "mile"},
    **{"mg": "milligram", "g": "gram", "kg": "kilogram", "lb": "lbs pound", "oz": "ounce", "ms": "millisecond"},
    **{"s": "sec second", "min": "minute", "h": "hr hrs hour", "day": "", "week": "", "month": "", "year": "yr yrs"},
    **{"l": "liter litre", "ml": "milliliter millilitre", "mi/h": "mph", "km/h": "kph kmh kmph", "dollar": "usd"},
    **{"cent": "", "degree": "deg", "unit": "", "percent": "", "man": "men", "person": "people"},
}
NAMES = {word: name for name, words in SPELLINGS.items() for word in (name, *words.split())}

# Words that are no unit: they change the number, or say something about it.
NOT_A_UNIT = (
    "and|or|not|to|by|of|mod|plus|minus|times|over|squared|cubed|factorial|hundred|thousand|million|billion|trillion|"
    "dozen|half|halves|thirds|quarters|fourths|fifths|sixths|sevenths|eighths|ninths|tenths|hundredths|thousandths|"
    "percent|pct|percentage|pi|sin|cos|tan|log|exp|sqrt|infinity|inf|mixed|base"
)
NUMBER_END = r"(?:[\d}]|\\pi)"
GAP = r"(?:\s|\\[,;:! ])"
POWER = r"(?:\s*\^\s*\{?[23]\}?)?"
# In plain letters a word of four letters or more, or a word or symbol of the table: `2 abc` is a product.
SYMBOL = r"(?:mm|cm|dm|km|in|ft|yd|mi|mg|kg|lbs?|oz|ms|sec|min|hrs?|ml|mph|km/hr?|m/s|day|men|deg|usd)" + POWER
WORD = r"(?!abc)(?=[a-z]*[aeiouy])[a-z]{4,}"
WORDS = rf"(?:(?:square|sq\.?|cubic) )?(?:{WORD}{POWER}|{SYMBOL})(?: per [a-z]+)?"
IN_TEXT = re.compile(
    rf"(?P<rest>.*[\w}})]){GAP}*\\(?:text|textrm|textit|mathrm|mbox)\s*\{{(?P<unit>[^{{}}\d=]*)\}}(?P<power>{POWER})",
    re.S,
)
PLAIN = re.compile(rf"(?i)(?P<rest>.*{NUMBER_END}){GAP}+(?P<unit>(?!(?:{NOT_A_UNIT})\b){WORDS})", re.S)
GLUED = re.compile(r"(?P<rest>.*\d)(?P<unit>(?:mm|cm|km|kg|ft|min|sec|mph|km/hr?)(?:\^\{?[23]\}?)?)", re.S)
# The judge understands these two, so they stay.
SIGNS = ((re.compile(r"\\?%$"), "percent"), (re.compile(r"\^\s*\{?\s*\\circ\s*\}?$"), "degree"))

# `5 m`, for an answer to a number: set against `3m` or `3 m` the letter is a variable.
LETTER_UNIT = re.compile(rf"(?P<rest>.*\d\}}?){GAP}+(?P<unit>[mgshl])", re.S)
VARIABLE = re.compile(r"(?<![a-zA-Z\\])[a-zA-Z]")
LEFT_SIDE = re.compile(r"^\s*[a-zA-Z]\s*=")


def split_unit(answer: str) -> tuple[str, str | None]:
    """The answer without its unit, and the unit's one name; None if there is none."""
    if (found := IN_TEXT.fullmatch(answer)) and is_unit_text(found["rest"], found["unit"]):
        return found["rest"], name_of(found["unit"] + found["power"])
    if (found := PLAIN.fullmatch(answer)) and (len(found["unit"]) > 3 or is_number(found["rest"])):
        return found["rest"], name_of(found["unit"])
    if (found := GLUED.fullmatch(answer)) and is_number(found["rest"]):
        return found["rest"], name_of(found["unit"])
    for sign, name in SIGNS:
        if sign.search(answer):
            return answer, name
    return answer, None


def is_number(text: str) -> bool:
    """Whether no variable stands in it, but for a left side, `x = 5`."""
    return not VARIABLE.search(LEFT_SIDE.sub("", text))


def is_unit_text(rest: str, text: str) -> bool:
    r"""Whether `\text{...}` behind `rest` is a unit: after a number any word, after a variable a known unit.

    A single letter must be known: `3\mathrm{i}` and `2\mathrm{e}` are numbers.
    """
    words = text.lower().split()
    if not words or re.match(rf"(?:{NOT_A_UNIT})\b", words[0]):
        return False
    if all(singular(word) in NAMES for word in words if word not in ("per", "square", "cubic")):
        return True
    return len(text.strip()) > 1 and bool(re.search(rf"{NUMBER_END}$", rest)) and bool(re.search(r"\d|\\pi", rest))


def name_of(unit: str) -> str:
    """The unit's one name: `square inches`, `sq in` and `in^{2}` are `in^2`, `miles per hour` and `mph` `mi/h`."""
    unit = re.sub(r"[{}\s.\\]+", " ", unit.lower().replace("^", " ^").replace("/", " per ")).strip()
    over = []
    for part in re.split(r"\bper\b", re.sub(r"\^ ", "^", unit)):
        words = part.split()
        power = "".join(word for word in words if word.startswith("^"))
        power = "^2" if {"square", "sq"} & set(words) else "^3" if "cubic" in words else power
        names = [singular(word) for word in words if word[0] != "^" and word not in ("square", "sq", "cubic")]
        over.append(" ".join(NAMES.get(word, word) for word in names) + power)
    return "/".join(over)


def singular(word: str) -> str:
    """Without the plural's s: enough to compare a unit with itself."""
    word = word.strip(".,;:()")
    return word if word in NAMES or word.endswith("ss") or len(word) < 4 else word.removesuffix("s")
