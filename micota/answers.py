r"""Find the answer in a completion: what its last box holds, as in `last_boxed_only_string` of Hendrycks et al. (2021,
github.com/hendrycks/math), save that a box in the thinking is none, nor is a mention of the macro in a sentence.
"""

import re

# The macro itself, not a longer one that begins alike (`\boxedeq`).
BOX = re.compile(r"\\(?:boxed|fbox)(?![a-zA-Z])[ \t\r\n]*")
BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
UNBRACED_END = re.compile(r"[$\n]|\\[)\]]|\\(?:boxed|fbox)")
# <think> and </think>, [THINK] of Mistral's, <|begin_of_thought|> of Sky-T1's.
THINK = re.compile(r"<(/?)(?:think(?:ing)?|reasoning)>|\[(/?)THINK\]|<\|(?:begin|(end))_of_thought\|>")
TOKEN = re.compile(BOX.pattern + r"|\\.|[{}]", re.DOTALL)
SPACE = re.compile(r"(?<!\d)\s+|\s+(?!\d)")
TEXT = re.compile(r"\\text(?:bf|rm|it)?\{([^{}]*)\}")
LONGEST = 2000  # no grader looks into a longer answer
LOOK = 200  # how far an answer without braces is looked for


def last_box(completion: str) -> str | None:
    r"""What the last `\boxed{...}` or `\fbox{...}` outside of thinking holds; None if none is closed.

    A macro without braces is a box if a formula follows, `$\boxed5$`, and not in "as asked, in a \boxed environment".
    A box in a box: the inner one is the last.
    """
    spoken = without_thinking(completion)
    for macro in reversed(list(BOX.finditer(spoken))):
        if spoken.startswith("{", macro.end()):
            return group(spoken, macro.end())
        if found := unbraced(spoken, macro.end()):
            return found
    return None


def without_thinking(completion: str) -> str:
    """What stands outside of thinking, finished or not; an end without a start ends what the prompt began."""
    spoken: list[str] = []
    start, thinking = 0, False
    for mark in THINK.finditer(completion):
        if any(mark.groups()):
            spoken = spoken if thinking else []
            start, thinking = mark.end(), False
        elif not thinking:
            spoken.append(completion[start : mark.start()])
            thinking = True
    return "".join(spoken if thinking else [*spoken, completion[start:]])


def group(text: str, start: int) -> str | None:
    r"""What the group at `start` holds; None if it is never closed. Escaped braces do not count: `{\left\{ 1}`."""
    depth = 0
    for brace in BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(brace.group(), 0)
        if depth == 0:
            return text[start + 1 : brace.start()].strip()
    return None


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


def boxed_answers(completion: str) -> int:
    """How many different answers stand in boxes; spaces and the macro around words make none.

    A box that holds another one is not counted itself. One pass, for a completion may be nothing but boxes.
    """
    completion = without_thinking(completion)
    first = BOX.search(completion)
    if first is None or not BOX.search(completion, first.end()):  # nearly every completion
        return int(bool(last_box(completion)))
    found: set[str] = set()
    # Of each open brace: where a box's content starts (None: it is no box's), and whether there is a box in it.
    braces: list[tuple[int | None, bool]] = []
    position = first.start()
    while token := TOKEN.search(completion, position):
        position, text = token.end(), token.group()
        if text[0] == "\\" and len(text) > 2:  # a box's macro; an escaped character has two
            if completion.startswith("{", position):
                position += 1
                braces.append((position, False))
            else:
                found.add(squeezed(unbraced(completion, position) or ""))
        elif text == "{":
            braces.append((None, False))
        elif text == "}" and braces:
            start, outer = braces.pop()
            if start is not None and not outer:
                found.add(squeezed(completion[start : token.start()].strip()))
            if braces and (outer or start is not None):
                braces[-1] = braces[-1][0], True
    return len(found - {""})


def squeezed(answer: str) -> str:
    """Without spaces, save between digits, and without the macro around words."""
    return SPACE.sub("", TEXT.sub(r"\1", answer))
