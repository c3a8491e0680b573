r"""One normal form of an answer's text, before it is read: the dress goes, what changes the value stays.

Every rule is a row of a table with its reason and its source, a public issue or the data that taught it. The
normalisation that math-verify uses, latex2sympy2's, is off: it drops dots, primes and quotes in silence, puts one digit
under a root, and takes letters for units.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import partial

from micota.units import NAMES

Match = re.Match[str]
Rule = tuple[str, str | Callable[[Match], str], str, str]  # pattern, what it becomes, reason, source

# Unicode's signs (lighteval#584), after its own compatibility form has made the most of full-width and bold characters.
SIGNS = {
    "−–—‐―": "-", "×✕": r"\times ", "÷": r"\div ", "·⋅∙•": r"\cdot ", "∗": "*", "⁄∕": "/", "∶": ":", "±": r"\pm ",
    "∓": r"\mp ", "∞": r"\infty ", "°": r"^\circ ", "≤⩽≦": r"\le ", "≥⩾≧": r"\ge ", "≠": r"\ne ", "≈≅": r"\approx ",
    "≡": r"\equiv ", "∪": r"\cup ", "∩": r"\cap ", "∈": r"\in ", "∉": r"\notin ", "∅": r"\emptyset ", "√": r"\sqrt ",
    "∛": r"\sqrt[3]", "∜": r"\sqrt[4]", "∠": r"\angle ", "∖": r"\setminus ", "△": r"\triangle ", "∣": "|", "′’‘": "'",
    "″“”": '"', "。": ".", "、": ",", "⟨": "(", "⟩": ")", "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ",
    "⌉": r"\rceil ", "→": r"\to ", "⇒": r"\implies ", "∧": r"\land ", "∨": r"\lor ", "\t\r\n\0": " ",
}  # fmt: skip
AFTER = str.maketrans({sign: latex for signs, latex in SIGNS.items() for sign in signs})
KEPT = str.maketrans(  # that form would make plain letters of these
    {"º": "°", "˚": "°", "´": "'", "ℕ": r"\mathbb{N}", "ℤ": r"\mathbb{Z}", "ℚ": r"\mathbb{Q}", "ℝ": r"\mathbb{R}"}
)
RAISED, LOWERED, VULGAR = "[²³¹⁰-ⁿʰ-ʸᵃ-ᵛᶜᶠᶻᵀ]+", "[₀-₎ₐ-ₜᵢ-ᵥⱼ]+", "[¼-¾⅐-⅞↉]"
# What has several names in TeX or on a keyboard, under one.
SYNONYMS = {
    r"\le ": r"<= \leqslant \leqq \leq", r"\ge ": r">= \geqslant \geqq \geq", r"\ne ": r"\neq", "<": r"\lt", ">": r"\gt",
    "=": r"== := \coloneqq", r"\approx ": r"\approxeq \simeq \thickapprox", r"\pm ": "+/- +-", r"\lor ": r"\vee",
    r"\to ": r"-> \rightarrow \longrightarrow", r"\land ": r"\wedge \&", r"\{": r"\lbrace", r"\}": r"\rbrace",
    "|": r"\lvert \rvert \vert", "(": r"\langle", ")": r"\rangle", r"\emptyset ": r"\varnothing \O \{\}", "*": r"\ast",
    r"\setminus ": r"\smallsetminus \backslash", r"\cdot ": r"\bullet \cdotp", r"^\circ ": r"\degree \textdegree",
    r"\mod ": r"\bmod", r"\infty ": r"\infin", r"\log_{10} ": r"\lg", r"\tan ": r"\tg", r"\notin ": r"\not\in",
    r"\dots ": r"... \ldots \cdots \vdots \ddots \dotsc \dotsb \dotsm \dotsi \dotso", "": r"\! \/", r"\phi ": r"\varphi",
    " ": r"\, \; \: \> ~ \thinspace \medspace \thickspace \enspace \enskip \quad \qquad \space \hfill \nobreakspace",
    r"\epsilon ": r"\varepsilon", r"\theta ": r"\vartheta",
}  # fmt: skip
NAMED = {name: one for one, names in SYNONYMS.items() for name in names.split()}
NAME = "|".join(re.escape(n) + "(?![a-zA-Z])" * n[-1].isalpha() for n in sorted(NAMED, key=len, reverse=True))

FUNCTIONS = "(?:arc|a)?(?:sin|cos|tan|cot|csc)h?|arcsec|ln|log|sqrt|cis"
CALLED = "exp|gcd|lcm|max|min|det|sec"  # bare, `min` and `sec` are units too
GREEK = "alpha|beta|gamma|delta|epsilon|zeta|theta|kappa|lambda|sigma|phi|psi|omega|rho|tau|pi"
BARE = rf"(?<![a-zA-Z\\])(?<!_\{{)({FUNCTIONS}|{GREEK}|(?:{CALLED})(?=\s*[(^]))(?![a-zA-Z])"
UPRIGHT = rf"\\text\{{\s*({FUNCTIONS}|(?:{CALLED})(?=\s*\}}\s*[({{\\]))\s*\}}"
FONTS = r"\\(?:text(?:bf|rm|it|sf|tt|normal|up|md|sl)?|emph|[mh]box|mathrm|operatorname\*?)\s*(?=\{)"
DRESS = (
    r"\\(?:framebox|boldsymbol|bm|pmb|mathbf|mathit|mathsf|mathtt|mathnormal|underline|uline|ensuremath|displaystyle|"
    "textstyle|(?:no)?limits|(?:math)?strut|bf|it|rm|tt|[lL]arge|LARGE|[hH]uge|small|left|right|middle|[bB]igg?[lrm]?)"
)
COLOUR = r"\\(?:(?:text|math)?color(?:\s*\[\w*\])?|colorbox|fcolorbox\s*\{[^{}]*\})\s*\{[^{}]*\}"
SPACE = r"(?<!\\)\\ |\\[hm](?:space|skip)\*?\s*\{[^{}]*\}|\\m?kern\s*-?[\d.]+\s*\w\w"
LABEL = r"^\s*\\text\{(\s*\(?[A-J][).:]\s*|(?i:[^{}]*\banswer(?: is)?:?\s*))\}"
MATRIX = r"\\begin\{(?:small)?(?:matrix|array)\}(?:\s*\{[lcr|]*\})?(.*?)\\end\{(?:small)?(?:matrix|array)\}"
PRIMES = r"(?P<name>[a-zA-Z]) ?(?:_\{(?P<sub>[^{}]*)\})?(?P<primes>(?:'|\^\{(?:\\prime ?)+\})+)"
DECIMAL = r"(?<![\d.])(?P<whole>\d*)\.(?P<fixed>\d*?)"
BLOCK = r"(?P<block>\\(?:overline|bar|dot) ?\{?\d+\}?(?:\d*\\dot ?\{?\d\}?)?|\(\d+\))(?: ?\\dots)?"
PERCENT = "(?:percent|percentage|pct|per cent)"
UNIT = r"\b(?:" + "|".join(sorted(NAMES, key=len, reverse=True)) + r")s?\b"
COMPOUND = rf"\d[\d.]* ?(?:\\text\{{\s*{UNIT}\s*\}}|{UNIT})"
ENDS = r"\s*[^\[\],;\s][^\[\],;]*[,;][^\[\],;]+"


def repeating(match: Match) -> str:
    r"""`0.1\overline{6}` as a fraction: (16 - 1)/90."""
    whole, fixed, block = match["whole"] or "0", match["fixed"], re.sub(r"\D", "", match["block"])
    return rf"\frac{{{int(whole + fixed + block) - int(whole + fixed)}}}{{{'9' * len(block)}{'0' * len(fixed)}}}"


def primes(match: Match) -> str:
    """`f'` as another name, `f_{p}`, which the parser does not drop."""
    return f"{match['name']}_{{{match['sub'] or ''}{'p' * len(re.findall(chr(39) + '|prime', match['primes']))}}}"


# On the whole text, words and all.
DRESSED: list[Rule] = [
    (r"\\\\\s*\[[^\[\]]*\]", r"\\\\", "the height of a row says nothing", "TeX"),
    (r"(?<!\\)\\[\[\]()]|(?<!\\)\$|`", "", "a formula's delimiters", "Math-Verify#10"),
    (r"^\*\*(?!\s)(.+?)\*\*(?![\w(\\{])|^\*([^*]+)\*$", r"\1\2", "Markdown, no power", "Math-Verify#76"),
    (r"(?<=\d)\s*(?:,\s*\\!|\{,\})\s*(?=\d{3}(?!\d))", "", r"thousands: 32,\!348 and 1{,}000", "MATH"),
    (SPACE, " ", "spaces with an argument", "lm-eval#3475"),
    (rf"(?<!\\)(?:{NAME})", lambda m: NAMED[m[0]], "one name for one thing", "TeX"),
    (r"(?<!\\)\{,\}", ",", "a comma", "TeX"),
    (r"\\(?:left|right)\s*\.", "", "a bracket that is not there", "TeX"),
    (COLOUR, " ", "colours", "Math-Verify#13"),
    (r"\{\s*\\rm\s+([^{}]*)\}", r"\\text{\1}", "plain TeX's upright words", "hendrycks/math"),
    (rf"{DRESS}\s*\{{\s*([\w.]+)\s*\}}", r" \1", "fonts of a letter or a number", "hendrycks/math"),
    (rf"{DRESS}(?![a-zA-Z])", " ", "fonts and sizes; their braces stay", "hendrycks/math"),
    (FONTS, r"\\text", "one name for upright words", "hendrycks/math"),
    (r"\\text\s*\{\s*\\text\s*\{([^{}]*)\}\s*\}", r"\\text{\1}", "a font in a font", "TeX"),
    (UPRIGHT, r"\\\1 ", "a function is no word", "latex2sympy2"),
    (r"\\text\{([^{}^]*)\^\s*\{?(-?\d+)\}?([^{}]*)\}", r"\\text{\1}^{\2}\\text{\3}", "m s^{-1}", "evalscope#392"),
    (r"\\text\{([^a-zA-Z{}\\]*|\s*[eid]\s*)\}", r" \1 ", r"\text{18}, 3\mathrm{i}: no words", "MATH"),
    (r"\\text\{\s*\^\\circ\s*([CFK]?)\s*\}", r"^\\circ \1 ", "12 °C in one text", "evalscope#392"),
    (r"^(?:\"|'{1,2})([^\"']*)(?:\"|'{1,2})$", r"\1", "quotes around the whole", "evalscope#1537"),
    (r"^\s*\\text\{([^{}]*)\}\s*$", r"\1", "nothing but words", "MATH"),
    (LABEL, r"\1 ", r"\text{(C) }18, \text{the answer is }12", "NeMo-Gym#1790"),
    (r"^\s*(?i:(?:the |final |correct )*(?:answer|option|choice)(?: is)?:?)\s+(?=\S)", "", "a label", "Math-Verify#16"),
    (r"\\text\{([^{}]*?),?\s*\band,?\s*\}", r"\\text{\1} \\land ", "a list's last comma", "Math-Verify#14"),
    (r"\\text\{([^{}]*?),?\s*\bor,?\s*\}", r"\\text{\1} \\lor ", "a list's last comma", "Math-Verify#10"),
    (r"\\text\{\s*all real numbers\s*\}|^all real numbers$", r"\\mathbb{R}", "in words", "OpenThoughts-Agent#129"),
]
# Outside \text{...}: what programs and keyboards write.
TYPED: list[Rule] = [
    (r"\s*\*\*\s*", "^", "Python's power", "Math-Verify#69"),
    (BARE, r"\\\1 ", "pi, sqrt(2): without a backslash", "lm-eval#4036"),
    (r"(?<![a-zA-Z\\])abs\(([^()]*)\)", r"|\1|", "a program's absolute value", "inspect_ai#5259"),
    (r"(?<![a-zA-Z\\])(?:infinity|infty|inf|oo)(?![a-zA-Z])", r"\\infty ", "without a backslash", "inspect_ai#5259"),
    (r"\\a(sin|cos|tan)(?![a-zA-Z])", r"\\arc\1 ", "a program's inverse", "inspect_ai#5259"),
    (r"(\d)[eE]([-+]?\d+)(?![\w^.])", r"\1 \\times 10^{\2}", "6.02e23", "sieval#68"),
    (r"\+\s*(?=\\infty)", "", r"+\infty", "Math-Verify#10"),
    (r"(?<![a-zA-Z\\])and(?![a-zA-Z])", r" \\land ", "a list's last comma", "Math-Verify#14"),
    (r"(?<![a-zA-Z\\])or(?![a-zA-Z])", r" \\lor ", "a list's last comma, or a union", "Math-Verify#10"),
    (r"(?<![\d)])!=|\\not\s*=", r"\\ne ", "but 5!=120", "TeX"),
    (r"\\(?:mathbb|Bbb)\s*\{?\s*([NZQRC])(?![a-zA-Z])\s*\}?", r"\\mathbb{\1}", "sets of numbers", "TeX"),
    (r"(?<=[\])}])\s*U\s*(?=[(\[\\])", r"\\cup ", "a union in letters", "OpenThoughts-Agent#129"),
    (r"-\s*(?=\\\{)", r"\\setminus ", r"\mathbb{R}-\{1\}", "OpenThoughts-Agent#129"),
    (rf"\]({ENDS})\[", r"(\1)", "]2,3[ is an open interval", "ISO 80000-2"),
    (rf"\[({ENDS})\[", r"[\1)", "[2,3[", "ISO 80000-2"),
    (rf"\]({ENDS})\]", r"(\1]", "]2,3]", "ISO 80000-2"),
    (r"(?<=\d)\s*\^\s*(?:\{\s*o\s*\}|o(?![a-z]))", r"^\\circ ", "90^o", "MATH"),
    (r"\\log\s*_\s*(\d)(\d)(?=\s*(?:$|[-+=,)}]))", r"\\log_{\1}{\2}", r"\log_23 is \log_2 3", "math-verify"),
    (r"(?<!\\)%", r"\\%", "a percent sign", "Math-Verify#67"),
    (r"\{([^{}]*)\\over(?![a-zA-Z])([^{}]*)\}", r"\\frac{\1}{\2}", "plain TeX's fraction", "latex2sympy2"),
    (rf"[(\[]?\s*{MATRIX}\s*[)\]]?", r"\\begin{pmatrix}\1\\end{pmatrix}", "its brackets", "latex2sympy2"),
]
# With TeX's arguments in braces.
NUMBERS: list[Rule] = [
    (PRIMES, primes, "f' is not f", "sieval#90"),
    (r"'", r"\\prime ", "nor is 5' 5: feet, or minutes", "sieval#90"),
    (r"_\{\\(max|min) ?\}", r"_{\1}", r"m_{\max }", "OlympiadBench"),
    (r"\\cis ?(.+)$", r"e^{i \1}", "cos x + i sin x", "Math-Verify#69"),
    (DECIMAL + BLOCK, repeating, r"0.\overline{3}, 0.\dot{3}, 0.(3)", "lm-eval#3214"),
    (DECIMAL + r"(?P<block>\d+?)(?P=block)+ ?\\dots", repeating, "0.333...", "lm-eval#3214"),
    (r"(?<![\d./}^_])(\d+) (\d+)/(\d+)(?![\d/])", r"\1\\frac{\2}{\3}", "2 1/2 is two and a half", "Khan#116556"),
    (r"(?<=\d) (?=\d{3}(?!\d))", "", "thousands: 1 000", "MATH"),
    (r"^[^,]*?(?<![\d(\[.])(?<!\\\{)\d{1,3}(,\d{3})+(?!\d)[^,]*$", lambda m: m[0].replace(",", ""), "1,000", "MATH"),
    *(
        (rf"(?<=[\d)}}]) ?(\\text\{{\s*)?{word}s?\b", rf" \\cdot 10^{{{power}}} \1", "5 million", "MATH")
        for word, power in (("thousand", 3), ("million", 6), ("billion", 9), ("trillion", 12))
    ),
    (r"\\text\{\s*\}", " ", "nothing", "MATH"),
    (rf"(?<=[\d)}}]) ?(?:\\text\{{\s*{PERCENT}\s*\}}|{PERCENT}(?![a-z]))", r"\\%", "in words", "Math-Verify#67"),
    (r"^(\d+) ?\^?\{?(?:\\text\{\s*)?(?:st|nd|rd|th)\s*\}*$", r"\1", "20th", "MATH"),
    (rf"^(?=(?:{COMPOUND}[ ,]*){{2,}}$).*$", lambda m: PIECES.sub(r"\1 \\land ", m[0]), "2 h 30 min", "evalscope#392"),
    (r"[\\\s.;,:]+$", "", "the end of a sentence, or of a line", "hendrycks/math"),
    (r"^(?:=|\\approx|\\\\|[\s,;:])+", "", "the start of one", "Math-Verify#10"),
    (r"\s+", " ", "spaces", "TeX"),
    (r"(?:(?<![\\^_}a-zA-Z\]])|(?<=c[ua]p))\{\s*([(\[][^{}]*[)\]])\s*\}", r"\1", "braces of a pair: no set", "TeX"),
]
PIECES = re.compile(rf"({COMPOUND})[ ,]*(?=\d)")
COMPILED = [[(re.compile(pattern), to) for pattern, to, *_ in rules] for rules in (DRESSED, TYPED, NUMBERS)]
TEXT = re.compile(r"(\\text\{[^{}]*\})")
HEAD = re.compile(r"\\[dtc]?(frac|binom|sqrt)(?![a-zA-Z])\s*(\[[^\[\]]*\])?|(?<!\\)([\^_])")
NUMBER = re.compile(r"[-+]?\s*\d+(?:\.\d+)?")
SIMPLE = re.compile(r"[-+]?\s*(?:\\(?:text|mathbb|overline|bar|vec)\s*\{[^{}]*\}|\\[a-zA-Z]+|\\.|.)", re.DOTALL)


def normal_form(text: str) -> str:
    """The answer in the one form that is taken apart and read."""
    dressed, typed, numbers = COMPILED
    text = rewritten(plain_unicode(text).strip(), dressed)
    text = "".join(piece if at % 2 else rewritten(piece, typed) for at, piece in enumerate(TEXT.split(text)))
    return unwrapped(rewritten(unwrapped(braced(text)), numbers))


def rewritten(text: str, rules: list[tuple[re.Pattern[str], str | Callable[[Match], str]]]) -> str:
    """After each rule, once and in order."""
    for pattern, to in rules:
        text = pattern.sub(to, text)
    return text


def unwrapped(text: str) -> str:
    """Without braces around the whole."""
    text = text.strip()
    while text.startswith("{") and closing(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def plain_unicode(text: str) -> str:
    """Symbols as LaTeX, other dress in Unicode's compatibility form (`６` is 6); what has no width goes."""
    if not text.isascii():
        plain = partial(unicodedata.normalize, "NFKC")
        text = re.sub(VULGAR, lambda m: r"\frac{{{}}}{{{}}}".format(*plain(m[0]).split("⁄")), text)
        text = re.sub("(?:[0-9][\u0304\u0305\u0307])+", lambda m: rf"\overline{{{re.sub('[^0-9]', '', m[0])}}}", text)
        text = re.sub(RAISED, lambda m: f"^{{{plain(m[0])}}}", text)
        text = re.sub(LOWERED, lambda m: f"_{{{plain(m[0])}}}", text)
        text = "".join(greek(c) for c in plain(text.translate(KEPT)) if unicodedata.category(c) != "Cf")
    return text.translate(AFTER)


def greek(character: str) -> str:
    r"""`π` as `\pi `, `Δ` as `\Delta `; everything else as it is."""
    name = unicodedata.name(character, "").replace("LAMDA", "LAMBDA")
    letter = re.fullmatch("GREEK (SMALL|CAPITAL) LETTER ([A-Z]+)", name)
    return f"\\{letter[2].title() if letter[1] == 'CAPITAL' else letter[2].lower()} " if letter else character


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
