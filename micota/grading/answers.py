r"""Find the answer in a completion: what its last box holds, as in `last_boxed_only_string` of Hendrycks et al. (2021,
github.com/hendrycks/math), save that a box in the thinking is none, nor is a mention of the macro in a sentence.
"""

import re
from typing import NamedTuple

from micota.models.special_tokens import THINKING, begins

# The macro itself, not a longer one that begins alike (`\boxedeq`).
BOX = re.compile(r"\\(?:boxed|fbox)(?![a-zA-Z])[ \t\r\n]*")
UNBRACED_END = re.compile(r"[$\n]|\\[)\]]|\\(?:boxed|fbox)")
TOKEN = re.compile(BOX.pattern + r"|\\.|[{}]", re.DOTALL)
SPACE = re.compile(r"(?<!\d)\s+|\s+(?!\d)")
TEXT = re.compile(r"\\text(?:bf|rm|it)?\{([^{}]*)\}")
LOOK = 200  # how far an answer without braces is looked for


class Box(NamedTuple):
    """A box, or the beginning of one."""

    answer: str | None  # None if it is never closed
    outer: bool = False  # whether there is a box in it


def boxes(completion: str) -> list[Box]:
    r"""Every `\boxed{...}` or `\fbox{...}` outside of thinking, as they begin. One pass: there may be nothing else.

    A macro without braces is a box if a formula follows, `$\boxed5$`, and not in "as asked, in a \boxed environment".
    Escaped braces do not count: `{\left\{ 1}`.
    """
    text = without_thinking(completion)
    first = BOX.search(text)
    found: list[Box] = []
    open_braces: list[tuple[int, int | None]] = []  # where what it holds begins, and the number of its box
    macro_end = 0
    for token in TOKEN.finditer(text, first.start()) if first else ():
        if len(token[0]) > 2:  # the macro; an escaped character has two
            macro_end = token.end()
            if text.startswith("{", macro_end):
                found.append(Box(None))
            elif answer := unbraced(text, macro_end):
                found.append(Box(answer))
        elif token[0] == "{":
            open_braces.append((token.end(), len(found) - 1 if token.start() == macro_end else None))
        elif token[0] == "}" and open_braces:
            start, number = open_braces.pop()
            if number is not None:
                found[number] = Box(text[start : token.start()].strip(), outer=number < len(found) - 1)
    return found


def last_box(completion: str) -> str | None:
    """What the last box holds; None if there is none, or it is never closed. A box in a box: the inner one is last."""
    found = boxes(completion)
    return found[-1].answer if found else None


def boxed_answers(completion: str) -> int:
    """How many different answers stand in boxes; spaces and the macro around words make none, nor do outer boxes."""
    return len({squeezed(box.answer) for box in boxes(completion) if box.answer and not box.outer})


def without_thinking(completion: str) -> str:
    """What stands outside of thinking, finished or not; an end without a start ends what the prompt began."""
    spoken: list[str] = []
    start, thinking = 0, False
    for mark in THINKING.finditer(completion):
        if not begins(mark):
            spoken = spoken if thinking else []
            start, thinking = mark.end(), False
        elif not thinking:
            spoken.append(completion[start : mark.start()])
            thinking = True
    return "".join(spoken if thinking else [*spoken, completion[start:]])


def unbraced(text: str, start: int) -> str | None:
    """What a macro without braces holds: the rest of the formula or line, without prose; its first word if a number."""
    stop = min(len(text), start + LOOK)
    end = UNBRACED_END.search(text, start, stop)
    rest = text[start : end.start() if end else stop].strip()
    if not re.search(r"\w", rest) or rest[0] in ".,:;!?)]}'\"`":
        return None
    dollars = text[max(0, start - LOOK) : start].rpartition("\n")[2].count("$")
    if (end and end[0] == "$" and dollars % 2) or not re.search("[a-zA-Z]{2}", re.sub(r"\\[a-zA-Z]+", "", rest)):
        return rest
    return rest.split()[0] if re.search(r"\d", rest.split()[0]) else None


def squeezed(answer: str) -> str:
    """Without spaces, save between digits, and without the macro around words."""
    return SPACE.sub("", TEXT.sub(r"\1", answer))
