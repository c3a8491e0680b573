r"""One normal form of an answer's text, before it is read: the dress goes, what changes the value stays.

Every rule is a row of a table with its reason and its source, a public report or the data that taught it. The
normalisation that math-verify uses, latex2sympy2's, is off: it drops dots, primes and quotes in silence, puts one digit
under a root, and takes letters for units.
"""

import re
import unicodedata
from collections.abc import Callable

from micota.units import NAMES

Match = re.Match[str]
Rule = tuple[str, str | Callable[[Match], str], str, str]  # pattern, replacement, reason, source

BEFORE = str.maketrans(
    {"º": "°", "˚": "°", "´": "'", "ℕ": r"\mathbb{N}", "ℤ": r"\mathbb{Z}", "ℚ": r"\mathbb{Q}", "ℝ": r"\mathbb{R}"}
)  # NFKC would make plain letters of them
SIGNS = {
    "−–—‐―": "-", "×✕": r"\times ", "÷": r"\div ", "·⋅∙•": r"\cdot ", "∗": "*", "⁄∕": "/", "∶": ":", "±": r"\pm ",
    "∓": r"\mp ", "∞": r"\infty ", "°": r"^\circ ", "≤⩽≦": r"\le ", "≥⩾≧": r"\ge ", "≠": r"\ne ", "≈≅": r"\approx ",
    "≡": r"\equiv ", "∪": r"\cup ", "∩": r"\cap ", "∈": r"\in ", "∉": r"\notin ", "∅": r"\emptyset ", "√": r"\sqrt ",
    "∛": r"\sqrt[3]", "∜": r"\sqrt[4]", "∠": r"\angle ", "∖": r"\setminus ", "△": r"\triangle ", "∣": "|", "′’‘": "'",
    "″“”": '"', "。": ".", "、": ",", "⟨": "(", "⟩": ")", "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ",
    "⌉": r"\rceil ", "→": r"\to ", "⇒": r"\implies ", "∧": r"\land ", "∨": r"\lor ", "\t\r\n\0": " ",
}  # fmt: skip
AFTER = str.maketrans({sign: latex for signs, latex in SIGNS.items() for sign in signs})
# What has several names in TeX or on a keyboard, under one.
SYNONYMS = {
    r"\le ": r"<= \leqslant \leqq \leq", r"\ge ": r">= \geqslant \geqq \geq", r"\ne ": r"\neq", "<": r"\lt", ">": r"\gt",
    "=": r"== := \coloneqq", r"\approx ": r"\approxeq \simeq \thickapprox", r"\pm ": "+/- +-", r"\lor ": r"\vee",
    r"\to ": r"-> \rightarrow \longrightarrow", r"\land ": r"\wedge \&", r"\{": r"\lbrace", r"\}": r"\rbrace",
    "|": r"\lvert \rvert \vert", "(": r"\langle", ")": r"\rangle", r"\emptyset ": r"\varnothing \O \{\}", "*": r"\ast \star",
    r"\setminus ": r"\smallsetminus \backslash", r"\cdot ": r"\bullet \cdotp", r"^\circ ": r"\degree \textdegree",
    r"\mod ": r"\bmod", r"\infty ": r"\infin", r"\log_{10} ": r"\lg", r"\tan ": r"\tg", r"\notin ": r"\not\in",
    r"\dots ": r"... \ldots \cdots \vdots \ddots \dotsc \dotsb \dotsm \dotsi \dotso", r"\phi ": r"\varphi", "": r"\! \/",
    " ": r"\, \; \: \> ~ \thinspace \medspace \thickspace \enspace \enskip \quad \qquad \space \hfill \nobreakspace",
    r"\epsilon ": r"\varepsilon", r"\theta ": r"\vartheta",
}  # fmt: skip

FUNCTIONS = "(?:arc|a)?(?:sin|cos|tan|cot|csc)h?|arcsec|ln|log|sqrt|cis"
CALLED = "exp|gcd|lcm|max|min|det|sec"  # bare, `min` and `sec` are units too
GREEK = "alpha|beta|gamma|delta|epsilon|zeta|theta|kappa|lambda|sigma|phi|psi|omega|rho|tau|pi"
FONTS = r"text(?:bf|rm|it|sf|tt|normal|up|md|sl)?|emph|[mh]box|mathrm|operatorname\*?"
DRESS = (
    "framebox|boldsymbol|bm|pmb|mathbf|mathit|mathsf|mathtt|mathnormal|underline|uline|ensuremath|(?:display|text|"
    "script)style|(?:no)?limits|(?:math)?strut|bf|it|rm|tt|[lL]arge|LARGE|[hH]uge|small|left|right|middle|[bB]igg?[lrm]?"
)
COLOUR = r"(?:(?:text|math)?color(?:\s*\[\w*\])?|colorbox|fcolorbox\s*\{[^{}]*\})\s*\{[^{}]*\}"
SPACE = r"[hm](?:space|skip)\*?\s*\{[^{}]*\}|m?kern\s*-?[\d.]+\s*\w\w"
UNIT = r"\b(?:" + "|".join(sorted(NAMES, key=len, reverse=True)) + r")s?\b"
COMPOUND = rf"\d[\d.]* ?(?:\\text\{{\s*{UNIT}\s*\}}|{UNIT})"
DECIMAL = r"(?<![\d.])(?P<whole>\d*)\.(?P<fixed>\d*?)"
WORDS = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
ENDS = r"\s*[^\[\],;\s][^\[\],;]*[,;][^\[\],;]+"
PERCENT = "(?:percent|percentage|pct|per cent)"

SYNONYM = {name: one for one, names in SYNONYMS.items() for name in names.split()}
SYNONYM_PATTERN = r"(?<!\\)(?:" + "|".join(
    re.escape(name) + ("(?![a-zA-Z])" if name[-1].isalpha() else "") for name in sorted(SYNONYM, key=len, reverse=True)
) + ")"


def repeating(match: Match) -> str:
    r"""`0.1\overline{6}` as a fraction: (16 - 1)/90."""
    whole, fixed, block = match["whole"] or "0", match["fixed"], re.sub(r"\D", "", match["block"])
    return rf"\frac{{{int(whole + fixed + block) - int(whole + fixed)}}}{{{'9' * len(block)}{'0' * len(fixed)}}}"


def primes(match: Match) -> str:
    """`f'` as another name, `f_{p}`, which the parser does not drop."""
    count = len(re.findall("'|prime", match["primes"]))
    return f"{match['name']}_{{{match['sub'] or ''}{'p' * count}}}"


# On the whole text, words and all.
DRESSED: list[Rule] = [
    (r"\\\\\s*\[[^\[\]]*\]", r"\\\\", "the height of a row says nothing", "TeX"),
    (r"(?<!\\)\\[\[\]()]|(?<!\\)\$|`", "", "a formula's delimiters", "Math-Verify#10"),
    (r"^\*\*(?!\s)(.+?)\*\*(?![\w(\\{])|^\*([^*]+)\*$", r"\1\2", "Markdown, no power", "Math-Verify#76"),
    (r"(?<=\d)\s*(?:,\s*\\!|\{,\})\s*(?=\d{3}(?!\d))", "", r"thousands: 32,\!348 and 1{,}000", "MATH"),
    (rf"(?<!\\)\\ |\\(?:{SPACE})", " ", "more spaces", "lm-eval#3475"),
    (SYNONYM_PATTERN, lambda m: SYNONYM[m[0]], "one name for one thing", "TeX"),
    (r"(?<!\\)\{,\}", ",", "a comma", "TeX"),
    (r"\\(?:left|right)\s*\.", "", "a bracket that is not there", "TeX"),
    (rf"\\(?:{COLOUR})", " ", "colours", "Math-Verify#13"),
    (r"\{\s*\\rm\s+([^{}]*)\}", r"\\text{\1}", "plain TeX's upright words", "hendrycks/math"),
    (rf"\\(?:{DRESS})\s*\{{\s*([\w.]+)\s*\}}", r" \1", "fonts of a letter or a number", "hendrycks/math"),
    (rf"\\(?:{DRESS})(?![a-zA-Z])", " ", "fonts and sizes; their braces stay", "hendrycks/math"),
    (rf"\\(?:{FONTS})\s*(?=\{{)", r"\\text", "one name for upright words", "hendrycks/math"),
    (r"\\text\s*\{\s*\\text\s*\{([^{}]*)\}\s*\}", r"\\text{\1}", "a font in a font", "TeX"),
    (rf"\\text\{{\s*({FUNCTIONS}|(?:{CALLED})(?=\s*\}}\s*[({{\\]))\s*\}}", r"\\\1 ", "no words", "latex2sympy2"),
    (r"\\text\{([^{}^]*)\^\s*\{?(-?\d+)\}?([^{}]*)\}", r"\\text{\1}^{\2}\\text{\3}", "m s^{-1}", "evalscope#392"),
    (r"\\text\{([^a-zA-Z{}\\]*|\s*[eid]\s*)\}", r" \1 ", r"\text{18}, 3\mathrm{i}: no words", "MATH"),
    (r"\\text\{\s*\^\\circ\s*([CFK]?)\s*\}", r"^\\circ \1 ", "12 °C in one text", "evalscope#392"),
    (r"^(?:\"|'{1,2})([^\"']*)(?:\"|'{1,2})$", r"\1", "quotes around the whole", "evalscope#1537"),
    (r"^\s*\\text\{([^{}]*)\}\s*$", r"\1", "nothing but words", "MATH"),
    (r"^\s*\\text\{(\s*\(?[A-J][).:]\s*|(?i:[^{}]*\banswer(?: is)?:?\s*))\}", r"\1 ", "a label", "NeMo-Gym#1790"),
    (r"^\s*(?i:(?:the |final |correct )*(?:answer|option|choice)(?: is)?:?)\s+(?=\S)", "", "a label", "Math-Verify#16"),
    (r"\\text\{([^{}]*?),?\s*\band,?\s*\}", r"\\text{\1} \\land ", "a list's last comma", "Math-Verify#14"),
    (r"\\text\{([^{}]*?),?\s*\bor,?\s*\}", r"\\text{\1} \\lor ", "a list's last comma", "Math-Verify#10"),
    (r"\\text\{\s*all real numbers\s*\}|^all real numbers$", r"\\mathbb{R}", "in words", "OpenThoughts-Agent#129"),
]
# Outside \text{...}: what programs and keyboards write.
TYPED: list[Rule] = [
    (r"\s*\*\*\s*", "^", "Python's power", "Math-Verify#69"),
    (
        rf"(?<![a-zA-Z\\])(?<!_\{{)({FUNCTIONS}|{GREEK}|(?:{CALLED})(?=\s*[(^]))(?![a-zA-Z])",
        r"\\\1 ", "without a backslash", "lm-eval#4036",
    ),
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
    (rf"\]({ENDS})\[", r"(\1)", "an open interval, ]2,3[", "ISO 80000-2"),
    (rf"\[({ENDS})\[", r"[\1)", "[2,3[", "ISO 80000-2"),
    (rf"\]({ENDS})\]", r"(\1]", "]2,3]", "ISO 80000-2"),
    (r"(?<=\d)\s*\^\s*(?:\{\s*o\s*\}|o(?![a-z]))", r"^\\circ ", "90^o", "MATH"),
    (r"\\log\s*_\s*(\d)(\d)(?=\s*(?:$|[-+=,)}]))", r"\\log_{\1}{\2}", r"\log_23 is \log_2 3", "math-verify"),
    (r"(?<!\\)%", r"\\%", "a percent sign", "Math-Verify#67"),
    (r"\{([^{}]*)\\over(?![a-zA-Z])([^{}]*)\}", r"\\frac{\1}{\2}", "plain TeX's fraction", "latex2sympy2"),
    (
        r"[(\[]?\s*\\begin\{(?:small)?(?:matrix|array)\}(?:\s*\{[lcr|]*\})?(.*?)\\end\{(?:small)?(?:matrix|array)\}\s*[)\]]?",
        r"\\begin{pmatrix}\1\\end{pmatrix}", "brackets around a matrix", "latex2sympy2",
    ),
]  # fmt: skip
# With TeX's arguments in braces.
NUMBERS: list[Rule] = [
    (
        r"(?P<name>[a-zA-Z]) ?(?:_\{(?P<sub>[^{}]*)\})?(?P<primes>(?:'|\^\{(?:\\prime ?)+\})+)",
        primes, "f' is not f", "sieval#90",
    ),
    (r"'", r"\\prime ", "nor is 5' 5: feet, or minutes", "sieval#90"),
    (r"_\{\\(max|min) ?\}", r"_{\1}", r"m_{\max }", "OlympiadBench"),
    (r"\\cis ?(.+)$", r"e^{i \1}", "cos and i sin", "Math-Verify#69"),
    (
        DECIMAL + r"(?P<block>\\(?:overline|bar|dot) ?\{?\d+\}?(?:\d*\\dot ?\{?\d\}?)?|\(\d+\))(?: ?\\dots)?",
        repeating, r"0.\overline{3}, 0.\dot{3}, 0.(3)", "lm-eval#3214",
    ),
    (DECIMAL + r"(?P<block>\d+?)(?P=block)+ ?\\dots", repeating, "0.333...", "lm-eval#3214"),
    (r"(?<![\d./}^_])(\d+) (\d+)/(\d+)(?![\d/])", r"\1\\frac{\2}{\3}", "2 1/2 is two and a half", "Khan#116556"),
    (r"(?<=\d) (?=\d{3}(?!\d))", "", "thousands: 1 000", "MATH"),
    (
        r"^([^,]*?(?<![\d(\[.])(?<!\\\{))(\d{1,3}(?:,\d{3})+)(?!\d)([^,]*)$",
        lambda m: m[1] + m[2].replace(",", "") + m[3], "thousands: 1,000", "MATH",
    ),
    (
        rf"(?<=[\d)}}]) ?(\\text\{{\s*)?({'|'.join(WORDS)})s?\b",
        lambda m: rf" \cdot 10^{{{WORDS[m[2]]}}} {m[1] or ''}", "5 million", "MATH",
    ),
    (r"\\text\{\s*\}", " ", "nothing", "MATH"),
    (rf"(?<=[\d)}}]) ?(?:\\text\{{\s*{PERCENT}\s*\}}|{PERCENT}(?![a-z]))", r"\\%", "in words", "Math-Verify#67"),
    (r"^(\d+) ?\^?\{?(?:\\text\{\s*)?(?:st|nd|rd|th)\s*\}*$", r"\1", "20th", "MATH"),
    (
        rf"^(?:{COMPOUND}[ ,]*){{2,}}$",
        lambda m: re.sub(rf"({COMPOUND})[ ,]*(?=\d)", r"\1 \\land ", m[0]), "2 h 30 min", "evalscope#392",
    ),
    (r"[\\\s.;,:]+$", "", "the end of a sentence, or of a line", "hendrycks/math"),
    (r"^(?:=|\\approx|\\\\|[\s,;:])+", "", "the start of one", "Math-Verify#10"),
    (r"\s+", " ", "spaces", "TeX"),
    (r"(?:(?<![\\^_}a-zA-Z\]])|(?<=c[ua]p))\{\s*([(\[][^{}]*[)\]])\s*\}", r"\1", "braces of a pair: no set", "TeX"),
]  # fmt: skip
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
    """Symbols as LaTeX, other dress by Unicode's own NFKC (full-width and bold digits); what has no width goes."""
    if not text.isascii():
        text = re.sub("[¼-¾⅐-⅞↉]", lambda m: r"\frac{{{}}}{{{}}}".format(*nfkc(m[0]).split("⁄")), text)
        text = re.sub("(?:[0-9][\u0304\u0305\u0307])+", lambda m: rf"\overline{{{re.sub('[^0-9]', '', m[0])}}}", text)
        text = re.sub("[²³¹⁰-ⁿʰ-ʸᵃ-ᵛᶜᶠᶻᵀ]+", lambda m: f"^{{{nfkc(m[0])}}}", text)
        text = re.sub("[₀-₎ₐ-ₜᵢ-ᵥⱼ]+", lambda m: f"_{{{nfkc(m[0])}}}", text)
        text = "".join(greek(c) for c in nfkc(text.translate(BEFORE)) if unicodedata.category(c) != "Cf")
    return text.translate(AFTER)


def nfkc(text: str) -> str:
    """Unicode's compatibility form: `６` is 6, `½` is 1⁄2."""
    return unicodedata.normalize("NFKC", text)


def greek(character: str) -> str:
    r"""`π` as `\pi `, `Δ` as `\Delta `; everything else as it is."""
    name = unicodedata.name(character, "").lower().replace("lamda", "lambda")
    letter = re.fullmatch("greek (small|capital) letter ([a-z]+)", name)
    return f"\\{letter[2] if letter[1] == 'small' else letter[2].title()} " if letter else character


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
        at = head.end()
        for _ in range(arity(head)):
            inner, at = argument(text, at, arity(head))
            done += f"{{{braced(inner.strip())}}}"
    return done + text[at:]


def arity(head: Match) -> int:
    """How many arguments a command takes."""
    return 2 if head[1] in ("frac", "binom") else 1


def argument(text: str, at: int, count: int) -> tuple[str, int]:
    """The argument at `at` of a command with `count`, and where it ends. A lone one may be a number, or in (...)."""
    at += len(text[at:]) - len(text[at:].lstrip())
    bracket = text[at : at + 1]
    if (bracket == "{" or (bracket == "(" and count == 1)) and (end := closing(text, at)):
        return text[at + 1 : end], end + 1
    if head := HEAD.match(text, at):
        end = head.end()
        for _ in range(arity(head)):
            _, end = argument(text, end, arity(head))
        return text[at:end], end
    found = (NUMBER.match(text, at) if count == 1 else None) or SIMPLE.match(text, at)
    return (found[0], found.end()) if found else ("", at)
