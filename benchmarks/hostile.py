"""Hostile answers by kind, and a run that grades thousands of them: none right, none lost, neighbours unharmed.

    python -m benchmarks.hostile --count 10000 --workers 2 --timeout 2

Every tenth trace is harmless and must be right. Prints how far it is, then how many ended how, the seconds, and the
memory of the parent and of the largest worker; ends with status 1 where a verdict is not what it must be.
"""

import argparse
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from micota.common.cli import run
from micota.common.records import Record
from micota.grading.grade import Judge, grade
from micota.grading.reasons import RIGHT

GOLD = "3x^2-7"  # no kind below can be equal to it
HARMLESS = 10  # every tenth trace
BATCH = 500  # traces, after which a line says how far it is
MEGABYTE = 1_000_000


def nested(left: str, middle: str, right: str, most: int) -> Callable[[random.Random], str]:
    """`left` n times, `middle`, `right` n times."""

    def made(rng: random.Random) -> str:
        depth = rng.randint(most // 20, most)
        return left * depth + middle + right * depth

    return made


def repeated(piece: str, most: int, end: str = "") -> Callable[[random.Random], str]:
    """A piece up to `most` times."""
    return lambda rng: piece * rng.randint(most // 20, most) + end


def one_of(*answers: str) -> Callable[[random.Random], str]:
    """One of some templates, the mark # a number of its own."""
    return lambda rng: rng.choice(answers).replace("#", str(rng.randint(11, 10**6)))


def tower(rng: random.Random) -> str:
    """A power of powers."""
    height = rng.randint(3, 9)
    return "".join(f"{rng.randint(2, 99)}^{{" for _ in range(height)) + "9" + "}" * height


def factorial(rng: random.Random) -> str:
    """A factorial of factorials."""
    return "(" * 2 + f"{rng.randint(9, 9999)}!" + ")!" * 2


def matrix(rng: random.Random) -> str:
    """A large matrix."""
    size = rng.randint(10, 30)
    return r"\begin{pmatrix}" + r"\\".join("&".join("1" * size) for _ in range(size)) + r"\end{pmatrix}"


def set_of(make: Callable[[random.Random], str]) -> Callable[[random.Random], str]:
    """A set of several."""
    return lambda rng: r"\{" + ",".join(make(rng) for _ in range(rng.randint(2, 6))) + r"\}"


def megabyte(rng: random.Random) -> str:
    """A megabyte of one piece."""
    piece = rng.choice(["a", "1+", "{}", "9", r"\frac", r"\boxed", " ", "(", "\\", "$", "٣", "x^"])
    return piece * (MEGABYTE // len(piece))


def foreign(rng: random.Random) -> str:
    """Digits of other scripts: numbers to Unicode, not to the graders."""
    zero = rng.choice("٠۰०০๐０๐᠐𝟎")
    return "".join(chr(ord(zero) + rng.randint(1, 9)) for _ in range(rng.randint(1, 9))) + rng.choice(
        ["", "五", "½", "Ⅷ"]
    )


KINDS: dict[str, Callable[[random.Random], str]] = {
    "nested parentheses": nested("(", "1", ")", 3000),
    "nested braces": nested("{", "1", "}", 900),
    "nested fractions": nested(r"\frac{1}{", "2", "}", 400),
    "nested roots": nested(r"\sqrt{", "2", "}", 400),
    "nested sets": nested(r"\{", "1", r"\}", 300),
    "power towers": tower,
    "factorials": factorial,
    "sets of towers": set_of(tower),
    "sets of factorials": set_of(factorial),
    "binomials": one_of(r"\binom{10^9+#}{5\cdot 10^8}", r"\binom{#^9}{#^8}"),
    "big powers": one_of("7^{10^{#}}", r"#^{#^{#}} \bmod 13", "(x+#)^{99999999}", "1e999999#", "10^{-9999999#}"),
    "long sums": repeated("1+", 900, "1"),
    "long relations": repeated("x<", 600, "x"),
    "long unions": repeated(r"(1,2)\cup", 300, "(3,4)"),
    "series": one_of(r"\sum_{n=1}^{10^{#}} \frac{1}{n}", r"\int_0^{#} x^{x^x} dx", r"\prod_{k=1}^{#!} k"),
    "limits": one_of(r"\lim_{x\to\infty} x^{#}e^{-x^{#}}", r"\lim_{n\to #} \frac{n!}{n^n}"),
    "matrices": matrix,
    "long numbers": repeated("7", 1900),
    "unbalanced": lambda rng: "".join(rng.choice("{}()[]\\$%&_^~|") for _ in range(rng.randint(2, 300))),
    "left without right": repeated(r"\left(", 300),
    "control characters": lambda rng: "5" + "".join(chr(rng.randint(0, 31)) for _ in range(rng.randint(1, 40))) + "\0",
    "surrogates": lambda rng: "".join(chr(rng.randint(0xD800, 0xDFFF)) for _ in range(rng.randint(1, 40))),
    "other scripts": foreign,
    "code": one_of(
        '__import__("os")._exit(#)', "exec('while 1: pass #')", r"\def\x{\x\x}\x #", r"\input{/etc/passwd} #",
        "lambda: 0 #", "'; DROP TABLE scores; -- #", "[0]*10**#", r"\csname end#\endcsname", "${#:+$(reboot)}",
    ),
    "megabytes": megabyte,
}  # fmt: skip


def cases(count: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Kind and answer: the kinds in turn, so that any number holds as many of each."""
    rng = random.Random(seed)
    kinds = list(KINDS)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        yield kind, KINDS[kind](rng)


def traces(count: int, seed: int = 0) -> Iterator[Record]:
    """Traces for the grader, harmless ones among them; `kind` says which."""
    for number, (kind, answer) in enumerate(cases(count, seed)):
        if number % HARMLESS == 0:
            yield {"id": f"harmless/{number}", "kind": "harmless", "completion": rf"\boxed{{{number}+8}}"}
        yield {"id": "hostile", "kind": kind, "completion": rf"\boxed{{7}}, no: $\boxed{{{answer}}}$."}


def golds(count: int) -> dict[str, str]:
    """The gold answers of those traces."""
    return {"hostile": GOLD} | {f"harmless/{number}": str(number + 8) for number in range(0, count, HARMLESS)}


def faults(rows: Sequence[Record], count: int) -> list[str]:
    """What is not as it must be: a hostile answer held right, a harmless one wrong, a trace lost."""
    found = [f"{r['kind']} is right: {r['extracted']!r:.80}" for r in rows if r["kind"] != "harmless" and r["correct"]]
    found += [f"{r['id']}: {r['reason']}" for r in rows if r["kind"] == "harmless" and r["reason"] not in RIGHT]
    if len(rows) != count + len(range(0, count, HARMLESS)):
        found.append(f"{len(rows)} rows for {count} hostile traces")
    return found


class Memory(threading.Thread):
    """The largest resident memory (kB) of this process and of any worker, looked up twice a second; Linux alone."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.parent = self.worker = 0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.5):
            for status in Path("/proc").glob("[0-9]*/status"):
                try:
                    text = status.read_text()
                    command = status.with_name("cmdline").read_text()
                except OSError:  # it has ended
                    continue
                if "VmRSS:" not in text:
                    continue
                size = int(text.split("VmRSS:")[1].split()[0])
                if status.parent.name == str(threading.main_thread().native_id):
                    self.parent = max(self.parent, size)
                elif "multiprocessing.forkserver" in command:
                    self.worker = max(self.worker, size)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000, help="hostile answers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=2.0, help="seconds for one answer")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Grade, report by kind, fail on a wrong verdict."""
    args = parse_args(argv)
    memory = Memory()
    memory.start()
    started = time.monotonic()
    rows: list[Record] = []
    with Judge(args.workers, args.timeout) as judge:
        left = traces(args.count, args.seed)
        while batch := list(islice(left, BATCH)):
            # Without the text: ten thousand answers are half a gigabyte.
            rows += [
                {key: row[key] for key in ("id", "kind", "correct", "reason")}
                | {"extracted": (row["extracted"] or "")[:80]}
                for row in grade(batch, golds(args.count), judge)
            ]
            print(f"{len(rows)} traces graded, {time.monotonic() - started:.0f} s", flush=True)
    seconds = time.monotonic() - started
    memory.done.set()
    for kind in ("harmless", *KINDS):
        reasons = Counter(row["reason"] for row in rows if row["kind"] == kind)
        print(f"{kind:20} " + ", ".join(f"{reason} {count}" for reason, count in reasons.most_common()))
    print(f"{len(rows)} traces, {args.workers} workers, deadline {args.timeout:g} s: {seconds:.0f} s")
    print(f"memory: parent {memory.parent / 1024:.0f} MB, largest worker {memory.worker / 1024:.0f} MB")
    found = faults(rows, args.count)
    if found:
        print(*found, sep="\n", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    run(main)
