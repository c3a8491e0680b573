r"""How many respelt benchmark problems the cleaning misses, and how many of other sets it takes for one of them.

    python -m benchmarks.decontamination --data FOLDER --near 0

FOLDER holds the benchmarks' files under the names below. Each benchmark is held against itself in another spelling;
missed of those changed are printed, then what each set would lose to the others. Minutes on a CPU.
"""

import argparse
import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

from micota.common.records import Record
from micota.problems.cleaning import Held, Report, clean
from micota.problems.loading import load
from micota.problems.source import Source

SETS = ("math500", "olympiadbench", "amc23", "aime24", "gsm8k")
LETTER = re.compile(r"(?<![\\a-zA-Z])[a-gi-z](?![a-zA-Z])")  # not h, whose italic is another block's
ITALIC_A = 0x1D44E


def italics(text: str) -> str:
    return LETTER.sub(lambda found: chr(ITALIC_A + ord(found[0]) - ord("a")), text)


def in_formulas(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: re.sub(r"\$[^$]*\$", lambda found: change(found[0]), text)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "verbatim": lambda text: text,
    "an instruction behind": lambda text: (
        text + "\nPlease reason step by step, and put your final answer within \\boxed{}."
    ),
    "an instruction in front": lambda text: "Solve the following problem. Give only the result.\n" + text,
    "Question: ... Answer:": lambda text: f"Question: {text} Answer:",
    r"\frac, \dfrac": lambda text: (
        text.replace(r"\frac", r"\dfrac") if r"\frac" in text else text.replace(r"\dfrac", r"\frac")
    ),
    "a/b": lambda text: re.sub(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}", r" \1/\2", text),
    r"\left( \right)": in_formulas(
        lambda text: re.sub(r"(?<!\\right)\)", r"\\right)", re.sub(r"(?<!\\left)\(", r"\\left(", text))
    ),
    r"without \left, \right": lambda text: re.sub(r"\\(left|right)(?![a-z])", "", text),
    "°": lambda text: re.sub(r"\^\{?\s*\\circ\}?", "°", text),
    "Unicode italics": in_formulas(italics),
    "a soft hyphen a letter": lambda text: re.sub(r"(?<=[A-Za-z])(?=[A-Za-z]{2})", "\u00ad", text),
    r"\( \)": lambda text: re.sub(r"\$([^$]*)\$", r"\\(\1\\)", text),
    "without $": lambda text: text.replace("$", ""),
    "full-width digits, NFD": lambda text: unicodedata.normalize("NFD", text).translate(
        {ord("0") + digit: 0xFF10 + digit for digit in range(10)}
    ),
}


def dropped(problems: Sequence[Record], against: Sequence[Record], near: float) -> Report:
    held, report = Held(13, near), Report()
    held.add(against)
    for _ in clean(problems, held, True, report):
        pass
    return report


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--near", type=float, default=0.0)
    args = parser.parse_args(argv)
    sets = {
        name: load(name, name, Source(args.data / f"{name}{'_test' if name == 'gsm8k' else ''}.jsonl", split="test"))
        for name in SETS
    }
    for spelling, change in SPELLINGS.items():
        print(f"| {spelling}", end="", flush=True)
        for problems in sets.values():
            respelt = [problem | {"problem": change(problem["problem"])} for problem in problems]
            if spelling != "verbatim":
                respelt = [r for r, p in zip(respelt, problems, strict=True) if r["problem"] != p["problem"]]
            print(f" | {dropped(respelt, problems, args.near).kept}/{len(respelt)}", end="", flush=True)
        print(" |")
    for name, problems in sets.items():
        others = [problem for other, found in sets.items() if other != name for problem in found]
        report = dropped(problems, others, args.near)
        print(name, dict(report.dropped), *report.pairs, sep="\n  ")


if __name__ == "__main__":
    main()
