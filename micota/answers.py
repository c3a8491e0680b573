r"""Find the answer in a completion and write it plainly.

The last box counts, as in `last_boxed_only_string` of Hendrycks et al. (2021, github.com/hendrycks/math); `tidy` undoes
the typography that math-verify 0.9 stumbles over, each rule with the answer it was made for.
"""

import re
from collections import deque

from micota.units import LETTER_UNIT, is_number, split_unit

# The macro itself, not a longer one that begins alike (`\boxedeq`).
BOX = re.compile(r"\\(?:boxed|fbox)(?![a-zA-Z])[ \t\r\n]*")
CURRENCY = re.compile(r"\s*\$?\s*[-−+]?\s*\\\$")  # an escaped dollar sign comes first
BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
UNBRACED_END = re.compile(r"[$\n]")
TOKEN = re.compile(BOX.pattern + r"|\\.|[{}$\n]", re.DOTALL)
SPACE = re.compile(r"(?<!\d)\s+|\s+(?!\d)")
TEXT = re.compile(r"\\text(?:bf|rm|it)?\{([^{}]*)\}")
LONGEST = 2000  # no grader looks into a longer answer


def last_box(completion: str) -> str | None:
    r"""What the last `\boxed{...}` or `\fbox{...}` holds; None if there is none or it is never closed.

    Escaped braces do not count, so `\boxed{\left\{ 1 \right.}` is closed. `\boxed 5` without braces holds the rest of
    the line up to a dollar sign, as in lm-evaluation-harness. A box in a box: the inner one is the last.
    """
    last = deque(BOX.finditer(completion), maxlen=1)
    return box_content(completion, last[0]) if last else None


def box_content(completion: str, macro: re.Match[str]) -> str | None:
    """What follows the macro: a balanced group, or without a brace the rest of the line."""
    start = macro.end()
    if not completion.startswith("{", start):
        end = UNBRACED_END.search(completion, start)
        rest = completion[start : end.start() if end else None].strip()
        # A space must part macro and answer, and a brace that opens later opens no box.
        return rest if rest and macro.group()[-1].isspace() else None
    depth = 0
    for brace in BRACE.finditer(completion, start):
        depth += {"{": 1, "}": -1}.get(brace.group(), 0)
        if depth == 0:
            return completion[start + 1 : brace.start()].strip()
    return None


def boxed_answers(completion: str) -> int:
    """How many different answers stand in boxes; spaces and the macro around words make none.

    A box that holds another one is not counted itself. One pass, for a completion may be nothing but boxes.
    """
    first = BOX.search(completion)
    if first is None or not BOX.search(completion, first.end()):  # nearly every completion
        return int(bool(last_box(completion)))
    found: set[str] = set()
    # Of each open brace: where a box's content starts (None: it is no box's), and whether there is a box in it.
    braces: list[tuple[int | None, bool]] = []
    bare: int | None = None  # where the content of a box without a brace starts
    position = first.start()
    while token := TOKEN.search(completion, position):
        position, text = token.end(), token.group()
        if text[0] == "\\" and len(text) > 2:  # a box's macro; an escaped character has two
            bare = None
            if completion.startswith("{", position):
                position += 1
                braces.append((position, False))
            elif text[-1].isspace():
                bare = position
        elif text in "$\n" and bare is not None:
            found.add(squeezed(completion[bare : token.start()].strip()))
            bare = None
        elif text == "{":
            braces.append((None, False))
        elif text == "}" and braces:
            start, outer = braces.pop()
            if start is not None and not outer:
                found.add(squeezed(completion[start : token.start()].strip()))
            if braces and (outer or start is not None):
                braces[-1] = braces[-1][0], True
    if bare is not None:
        found.add(squeezed(completion[bare:].strip()))
    return len(found - {""})


def squeezed(answer: str) -> str:
    """Without spaces, save between digits, and without the macro around words."""
    return SPACE.sub("", TEXT.sub(r"\1", answer))


SYMBOLS = str.maketrans(
    {
        "−": "-",
        "–": "-",
        "×": r"\times ",
        "÷": r"\div ",
        "·": r"\cdot ",
        "π": r"\pi ",
        "∞": r"\infty ",
        "√": r"\sqrt",
        "°": r"^\circ ",
        "²": "^2",
        "³": "^3",
        "≤": r"\le ",
        "≥": r"\ge ",
        "∪": r"\cup ",
        "∈": r"\in ",
        "∅": r"\emptyset ",
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
        "\0": " ",
        "~": " ",
        "`": "",
        "$": "",
    }
)

POWERS = (("thousand", 3), ("million", 6), ("billion", 9), ("trillion", 12))
PERCENT = "(?:percent|percentage|pct)"

RULES = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\(?:displaystyle|textstyle|quad|qquad)(?![a-zA-Z])|\\color\{\w+\}", " "),
        (r"^(?:\\\(|\\\[)(.*)(?:\\\)|\\\])$", r"\1"),  # \(5\) in the box
        (r"_\{?\\(max|min)(?![a-zA-Z])\s*\}?", r"_{\1}"),  # m_{\max }=n^{2}-n-1
        (r"\*\*", ""),  # Markdown's **5**
        (r"\\mathrm\s*\{\s*([ie])\s*\}", r"\1"),  # upright constants: 3\mathrm{i}
        (r"\\(?:varnothing|O)(?![a-zA-Z])", r"\\emptyset"),
        # Thousands: 32,\!348 and 1{,}000 and 1\,000 and 1 000, only before exactly three digits.
        (r"(?<=\d)(?:,\\!|\{,\}|\\[,;:! ]|\s)\s*(?=\d{3}(?!\d))", ""),
        (r"\s+", " "),
        (r"(?:\\\\|[\s.;,])+$", ""),  # 18. at the end of a sentence
        # The letter of a multiple choice before its value: \textbf{(E)}\ 27 and \textbf{(E) }27
        (r"^(?:\\text(?:bf)?\s*\{\s*\([A-E]\)\s*\}\s*\\?\s*|\([A-E]\)\s+)(?=\S)", ""),
        # 5 million, 5\text{ million}
        *((rf"(?<=\d) ?(?:\\text\{{ ?)?{word}(?:s\b)?\}}?", rf" \\cdot 10^{{{power}}} ") for word, power in POWERS),
        (r"^(\d*(?:1(?=st)|2(?=nd)|3(?=rd)|\d(?=th)))[a-z]{2}$", r"\1"),  # 20th
        (rf"(?<=\d)(?:\s|\\[,;:! ])*(?:\\text\s*\{{\s*{PERCENT}\s*\}}|{PERCENT})$", r"\\%"),
    )
]
AFTER_UNITS = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"^(-?\d+) (\d+)/(\d+)$", r"\1\\frac{\2}{\3}"),  # 2 1/2 is two and a half
        # Bare words: letter by letter, math-verify takes "seat" for "east".
        (r"^([A-Za-z]{4,}(?: [A-Za-z]+)*)$", r"\\text{\1}"),
    )
]


def tidy(answer: str) -> tuple[str, str | None]:
    """The answer without dollar signs, thousands separators, trailing punctuation and Unicode's symbols, and its unit.

    The unit is not in the answer any more, save a percent sign or a degree, which the judge understands.
    """
    currency = CURRENCY.match(answer)
    answer = answer.replace("\\$", "").translate(SYMBOLS).strip()
    for pattern, replacement in RULES:
        answer = pattern.sub(replacement, answer).strip()
    answer, unit = split_unit(answer)
    for pattern, replacement in AFTER_UNITS:
        answer = pattern.sub(replacement, answer).strip()
    return answer, unit or ("dollar" if currency else None)


def tidy_pair(gold: str, answer: str) -> tuple[str, str] | None:
    """Both answers without their units; None if both have one and the two differ: 2 hours are not 2 minutes."""
    (one, gold_unit), (other, unit) = tidy(gold), tidy(answer)
    if unit is None and is_number(one) and (letter := LETTER_UNIT.fullmatch(other)):
        other, unit = letter["rest"], letter["unit"]
    return None if gold_unit and unit and gold_unit != unit else (one, other)
