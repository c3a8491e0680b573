r"""The form of a problem in which texts are compared for duplicates and contamination, and which nothing else sees.

The same problem in another spelling has the same form: Unicode is folded (NFKC, invisible characters out, symbols and
Greek letters for LaTeX's names of them), commands that only shape the output go (`\left`, `\dfrac` for `\frac`, `$`,
`\text`), and a sentence that speaks of the answer's form alone ("put your final answer within \boxed{}") is no part of
a problem. A word is a run of letters or a number; in scripts without spaces each character is one.
"""

import html
import re
import unicodedata
from dataclasses import dataclass

# LaTeX's names -> the character that stands for it. Several names have one.
SYMBOLS = {
    **{"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ"},
    **{"iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ"},
    **{"tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω"},
    **{f"var{name}": sign for name, sign in {"epsilon": "ε", "theta": "θ", "phi": "φ", "pi": "π", "rho": "ρ"}.items()},
    **dict.fromkeys(["times", "cdot", "ast"], "*"),
    **dict.fromkeys(["le", "leq", "leqslant"], "≤"),
    **dict.fromkeys(["ge", "geq", "geqslant"], "≥"),
    **dict.fromkeys(["ne", "neq"], "≠"),
    **dict.fromkeys(["to", "rightarrow", "longrightarrow", "implies"], "→"),
    **dict.fromkeys(["circ", "degree"], "°"),
    **{"div": "/", "pm": "±", "mp": "∓", "sqrt": "√", "infty": "∞", "angle": "∠", "triangle": "△", "in": "∈"},
    **{"cup": "∪", "cap": "∩", "subset": "⊂", "subseteq": "⊆", "perp": "⊥", "parallel": "∥", "equiv": "≡"},
    **{"sum": "∑", "prod": "∏", "int": "∫", "cong": "≅", "sim": "∼", "approx": "≈", "emptyset": "∅", "lt": "<"},
    **{
        "gt": ">",
        "mid": "|",
        "vert": "|",
        "lvert": "|",
        "rvert": "|",
        "prime": "'",
        "neg": "¬",
        "colon": ":",
        "ell": "l",
        "notin": "∉",
    },
    **dict.fromkeys(["lfloor", "rfloor", "lceil", "rceil", "langle", "rangle"], ""),
    **dict.fromkeys(["ldots", "dots", "cdots", "dotsc", "dotsb"], ""),
}
# Commands that shape the output only.
SHAPE = (
    r"left|right|middle|[bB]igg?[lrm]?|[dtc]?frac|text|textbf|textit|textrm|textnormal|emph|mathrm|mathbf|mathit|mathsf"
    r"|mathbb|mathcal|boldsymbol|bm|operatorname|displaystyle|textstyle|limits|nolimits|q?quad|mbox|hbox|rm|bf|it"
    r"|[dt]?binom|choose|overline|underline|bar|vec|overrightarrow|newline|noindent"
)
COMMAND = re.compile(r"\\([A-Za-z]+)\*?")
SIGNS = str.maketrans(
    {
        "×": "*",
        "·": "*",
        "⋅": "*",
        "∙": "*",
        "÷": "/",
        "⁄": "/",
        "∕": "/",
        "−": "-",
        "–": "-",
        "—": "-",
        "‐": "-",
        "⇒": "→",
        "⟹": "→",
    }
)
SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ⁺⁻]+")
SUBSCRIPT = re.compile("[\u2080-\u209c]+")
PAIRS = {"∛": "√[3]", "∜": "√[4]", "<=": "≤", ">=": "≥", "!=": "≠"}
ENVIRONMENT = re.compile(
    r"\\(?:begin|end)\{(?:align|aligned|equation|gather|array|cases|split|multline|eqnarray|center)\*?\}(?:\{[lcr|]+\})?"
    r"|\\[hv]space\*?\{[^{}]*\}"
)
TWINS = str.maketrans("аеорсухіјѕһο", "aeopcyxijsho")  # Cyrillic letters and a Greek one that look like Latin ones
# A tag of one letter is one only where it is closed: `a<b>c` may be mathematics.
TAG = re.compile(
    r"</?(?:br|div|span|em|strong|sub|ul|ol|li|table|tbody|tr|td|th|h[1-6]|code|pre|font)(?:\s[^<>]*)?/?>"
    r"|<([pbiu])(?:\s[^<>]*)?>(?=.{0,2000}?</\1>)|</[pbiu]>",
    re.DOTALL,
)
# Seen by nobody, and not of class Cf.
FILLERS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f]")
# Han, kana, Thai, Lao, Burmese, Khmer: written without spaces, so that a clause would be one word. And Hangul, whose
# spaces are set in more ways than one; and Greek, whose letters are mostly signs here.
UNSPACED = (
    "\u0370-\u03ff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\uac00-\ud7af"
    "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
)
TOKEN = re.compile(
    rf"[{UNSPACED}]|\d+(?:\.\d+)*|(?:(?![{UNSPACED}\d_])\w)+|[-+*/=<>^%!|()\[\]≤≥≠≈→°±∓√∞∠△∈∪∩⊂⊆⊥∥≡∑∏∫≅∼∅¬∉]"
)
END = re.compile(r"(?<=[.?!:])(?=\s)|(?<=[。？！：])|\n+")
# Sentences about the task or the answer's form, and the phrases that competitions end in; neither tells two problems
# apart.
INSTRUCTION = re.compile(
    r"\bboxed\b|\bstep[ -]by[ -]step\b|\bfinal answer\b|\bthink carefully\b|\blet'?s think\b|\byou are an?\b"
    r"|\bassistant\b"
    r"|\bfollowing (?:\w+ ){0,2}(?:problem|question|exercise|task|option|choice)s?\b|\b(?:problem|question) below\b"
    r"|\bbelow is an?\b|\bappropriately completes\b|\bcorrect (?:option|choice|answer)\b"
    r"|\byour (?:\w+ ){0,2}(?:answers?|steps?|work|working|reasoning|result) (?:in|as|with|inside|on|to|at)\b"
    r"|\b(?:show|explain|write|give|describe) (?:\w+ ){0,3}your (?:\w+ ){0,2}(?:answer|steps?|work|working|reasoning)\b"
    r"|一步一步|逐步|最终答案|解题过程|次の問題|ステップ|다음 문제|단계별|최종 답"
    r"|schritt für schritt|étape par étape|paso a paso|шаг за шагом"
)
LABEL = re.compile(r"\b(?:answer|solution|response|a)\s*:\s*$")
STOCK = re.compile(
    r"\b(?:where|such that|with|and)\b[^.?!\d]{0,60}?"
    r"\b(?:relatively prime|coprime|co-prime|not divisible by the square)\b[^.?!]*"
    r"|\blet \w+ be the number of such \w+"
    r"|\b(?:find|compute|what is|determine)?\s*the remainder when \w+ is divided by\b"
    r"|\b(?:find|compute|what is|determine)\b(?:\s*[a-z+*\s]\b)+[^\w]*(?=[.?!]|$)"
)


@dataclass(frozen=True)
class Form:
    """A problem as it is compared."""

    tokens: tuple[str, ...]  # words and signs
    ends: frozenset[int]  # numbers of tokens before which a sentence begins, and that of all
    words: tuple[str, ...]  # without signs, which spellings differ in most, and without stock phrases


def plain(text: str) -> str:
    """The text with its spelling folded; only letters, numbers, signs, and the ends of sentences count from here on."""
    text = html.unescape(html.unescape(text))
    text = FILLERS.sub("", "".join(c for c in text if unicodedata.category(c) != "Cf"))
    text = TAG.sub(" ", text.replace("<sup>", "^").replace("</sup>", " "))
    # Escaped once more than LaTeX has it: `\\frac`, and a line's end that stayed `\n`.
    text = re.sub(r"\\n(?![a-z])", "\n", re.sub(r"\\\\(?=[A-Za-z])", r"\\", text))
    text = SUPERSCRIPT.sub(r"^\g<0>", SUBSCRIPT.sub(r" \g<0>", re.sub("[¼-¾⅐-⅞]", r" \g<0>", text)))
    text = unicodedata.normalize("NFKC", text).translate(SIGNS).lower().translate(TWINS)
    for sign, other in PAIRS.items():
        text = text.replace(sign, other)
    text = ENVIRONMENT.sub(" ", text)
    text = re.sub(r"\d", lambda digit: str(unicodedata.decimal(digit[0])), text)
    text = re.sub(r"\\[()\[\]]|\\?\$|\\[ ,;:!>]|~|\\\\|\*\*", lambda found: "" if found[0] == r"\!" else " ", text)
    text = re.sub(r"\\[dtc]?frac\s*(\d)\s*(\d)", r" \1/\2 ", text)  # \frac12
    text = re.sub(r"\\[dtc]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r" \1/\2 ", text)
    text = re.sub(r"\b[pb]matrix\b", "matrix", COMMAND.sub(as_sign, text))
    text = re.sub(r"(?<=\d) ?x ?(?=\d)", " * ", text)
    # Thousands apart, however they are written; `(100,200)` has the same words as `(100, 200)` then.
    text = re.sub(r"(?<![\d.])\d{4,}", in_thousands, text)
    return re.sub(r"[^\S\n]+", " ", re.sub(r"\^\s*\{?\s*°", "°", text))


def in_thousands(number: re.Match[str]) -> str:
    digits, first = number[0], len(number[0]) % 3
    return " ".join(filter(None, [digits[:first], *(digits[at : at + 3] for at in range(first, len(digits), 3))]))


def as_sign(command: re.Match[str]) -> str:
    """What a LaTeX command says, in a character or a word."""
    name = command[1]
    if re.fullmatch(SHAPE, name):
        return " "
    return f" {SYMBOLS.get(name, name)} "


def form(text: str) -> Form:
    """The form of a problem; instructions and stock phrases go, unless nothing else is left."""
    parts = END.split(LABEL.sub("", plain(text)))
    told = [part for part in parts if not (INSTRUCTION.search(part) and not re.search(r"[\d=]", part))]
    if not any(map(TOKEN.search, told)):
        told = parts
    tokens: list[str] = []
    ends = {0}
    for part in told:
        tokens += TOKEN.findall(part)
        ends.add(len(tokens))
    words = words_of(STOCK.sub(" ", " ".join(told)))
    return Form(tuple(tokens), frozenset(ends), words or words_of(" ".join(told)))


def words_of(text: str) -> tuple[str, ...]:
    return tuple(token for token in TOKEN.findall(text) if token[0].isalnum())
