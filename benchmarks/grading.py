"""How fast typical traces are graded, and whether short cuts, memory and batches change a verdict.

    python -m benchmarks.grading --traces 100000 --pairs 5000 --rounds 3 --data ../shared/data

Typical: the golds of the benchmarks in `--data` (a few built-in ones without it), answered as models answer them: half
as the gold is written, some in other ways, some wrong, some without a box, after a text of some hundred words.

Then distinct pairs of gold and answer are judged again by `micota.grading.equivalence.verify` alone, one after another
in this process. Where the grader decides without it, it must decide the same; equal texts are right, whatever it can
read. How many verdicts math-verify with its own defaults, on the answers as they stand, would give otherwise is printed
for information.

With `--rounds`, ours is timed against what one would write without us, on the same traces in turns: math-verify in a
plain loop (parse the completion, verify), and the MATH string rule on the last box.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring import Usage, interleave, measure, report
from micota.common.cli import run
from micota.common.records import Record
from micota.grading.equivalence import verify
from micota.grading.grade import Judge, grade, summary
from micota.grading.reasons import EQUAL, RIGHT
from micota.grading.string_rule import papers_box, same_string
from micota.problems.loading import load
from micota.problems.source import Source

NAMES = ("aime24", "amc23", "olympiadbench", "math500", "gsm8k")
BUILT_IN = [
    *map(str, range(1, 400, 7)), "-3", r"\frac{3}{4}", r"2\sqrt{3}", r"(1,2)", r"\{1,2\}", r"[0,1)", "x^2+2x+1",
    r"90^\circ", r"\$32,\!348", "12.5", r"\text{Evelyn}",
    r"\begin{pmatrix}1\\2\end{pmatrix}", "1,2", r"6\pi", "3+4i", r"10\%",
]  # fmt: skip
WORDS = ("so we have", "the sum of both", "and then", "$x = 3 + 4 = 7$", "which is why", "the value of that is 12,")


def golds_of(folder: Path | None) -> list[str]:
    """The gold answers to draw from."""
    if folder is None:
        return BUILT_IN
    files = {name: folder / f"{'gsm8k_test' if name == 'gsm8k' else name}.jsonl" for name in NAMES}
    found = (load(name, name, Source(path)) for name, path in files.items())
    return [problem["answer"] for problems in found for problem in problems]


def answers_to(gold: str, golds: Sequence[str], rng: random.Random) -> Iterator[str]:
    """Ways to answer: right ones, then wrong ones; not every one fits every gold."""
    yield f" {gold} "
    yield gold.replace(r"\frac", r"\dfrac").replace("(", r"\left(").replace(")", r"\right)")
    yield f"x = {gold}"
    yield rf"{gold}\text{{ units}}"
    yield f"{gold}.0" if gold.isdigit() else gold.replace(",", ", ")
    yield f"{gold}+0"
    yield rng.choice(golds)
    yield f"-{gold}"
    yield f"{gold}+1"
    yield str(rng.randint(-99, 999))


def answered(count: int, golds: Sequence[str], seed: int = 0) -> Iterator[tuple[str, str | None]]:
    """Gold and answer: half as the gold stands, a twentieth without a box (None), the rest in all ways alike."""
    rng = random.Random(seed)
    for _ in range(count):
        gold, chance = rng.choice(golds), rng.random()
        if chance < 0.55:
            yield gold, gold if chance < 0.5 else None
        else:
            yield gold, rng.choice([*answers_to(gold, golds, rng)])


def traces(pairs: Sequence[tuple[str, str | None]], seed: int = 0) -> Iterator[Record]:
    """A completion for each answer."""
    rng = random.Random(seed)
    for number, (_, answer) in enumerate(pairs):
        text = " ".join(rng.choices(WORDS, k=rng.randint(20, 200)))
        yield {
            "id": str(number),
            "completion": text + ("" if answer is None else rf" Final Answer: $\boxed{{{answer}}}$."),
        }


def compare(pairs: Sequence[tuple[str, str]], judge: Judge) -> list[str]:
    """What the grader says otherwise than its judge on a pair alone."""
    rows = grade(
        [{"id": str(n), "completion": rf"\boxed{{{answer}}}"} for n, (_, answer) in enumerate(pairs)],
        {str(n): gold for n, (gold, _) in enumerate(pairs)},
        judge,
    )
    faults = []
    for row, pair in zip(rows, pairs, strict=True):
        alone = verify(pair)
        if (alone in RIGHT) != row["correct"] and row["reason"] != EQUAL:
            faults.append(f"{pair}: {row['reason']}, the judge alone says {alone}")
    return faults


def default_verdict(gold: str, answer: str) -> bool:
    """math-verify with its defaults on both boxes as they stand."""
    from math_verify import parse
    from math_verify import verify as math_verify

    boxes: list[Any] = [parse(rf"\boxed{{{text}}}", parsing_timeout=None) for text in (gold, answer)]
    return bool(math_verify(*boxes, timeout_seconds=None))


def math_verify_loop(rows: Sequence[Record], golds: Sequence[str]) -> int:
    """How many are right by math-verify as its README has it: both texts parsed, its own timeouts."""
    from math_verify import parse
    from math_verify import verify as math_verify

    return sum(
        bool(math_verify(parse(rf"\boxed{{{gold}}}"), parse(row["completion"])))
        for row, gold in zip(rows, golds, strict=True)
    )


def string_loop(rows: Sequence[Record], golds: Sequence[str]) -> int:
    """How many are right by the MATH string rule on the last box."""
    boxes = (papers_box(row["completion"]) for row in rows)
    return sum(box is not None and same_string(box, gold) for box, gold in zip(boxes, golds, strict=True))


def race(pairs: Sequence[tuple[str, str | None]], args: argparse.Namespace) -> None:
    """Ours, workers started and ended within its time, against the two loops; how many each holds right."""
    rows, golds = list(traces(pairs)), [gold for gold, _ in pairs]

    def ours() -> int:
        with Judge(args.workers, args.timeout) as judge:
            by_id = {str(n): gold for n, gold in enumerate(golds)}
            return sum(row["correct"] for row in grade(rows, by_id, judge))

    def timed(count: Callable[[], int]) -> Callable[[], Usage]:
        return lambda: measure(lambda: (float(len(rows)), {"right": count()}))

    contenders = {
        f"ours, {args.workers} workers": timed(ours),
        "math-verify in a loop": timed(lambda: math_verify_loop(rows, golds)),
        "string rule": timed(lambda: string_loop(rows, golds)),
    }
    runs = interleave(contenders, args.rounds)
    report(f"{len(rows)} traces, {len(set(pairs))} distinct", runs, next(iter(runs)), "traces")
    for name, usages in runs.items():
        print(f"{name}: {usages[0].notes['right']} held right")


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=int, default=100_000, help="traces to grade")
    parser.add_argument("--pairs", type=int, default=5_000, help="distinct pairs to judge again by math-verify alone")
    parser.add_argument("--rounds", type=int, default=0, help="rounds against math-verify's loop and the string rule")
    parser.add_argument("--race", type=int, default=5_000, help="traces of a round")
    parser.add_argument("--data", type=Path, help="folder of the benchmarks' files")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for one answer")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Time the grader, then hold its verdicts against math-verify's."""
    args = parse_args(argv)
    golds = golds_of(args.data)
    if args.rounds:
        race(list(answered(args.race, golds, seed=1)), args)
    pairs = list(answered(args.traces, golds))
    reasons: Counter[str] = Counter()
    with Judge(args.workers, args.timeout) as judge:
        started = time.monotonic()
        for row in grade(traces(pairs), {str(n): gold for n, (gold, _) in enumerate(pairs)}, judge):
            reasons[row["reason"]] += 1
        seconds = time.monotonic() - started
        print(summary(reasons))
        print(
            f"{len(pairs)} traces, {len(set(pairs))} distinct, {len(judge.memory)} of them judged by math-verify:"
            f" {seconds:.1f} s on {args.workers} workers, {len(pairs) / seconds:.0f} traces a second"
        )
        answers = dict.fromkeys(
            (gold, answer) for gold in golds for answer in answers_to(gold, golds, random.Random(gold))
        )
        chosen = random.Random(0).sample(list(answers), min(args.pairs, len(answers)))
        faults = compare(chosen, judge)
    print(f"{len(chosen)} distinct pairs against the judge alone: {len(faults)} faults")
    default = sum(default_verdict(*pair) != (verify(pair) in RIGHT) for pair in chosen)
    print(f"math-verify with its defaults, on the answers as they stand, differs on {default} of {len(chosen)}")
    if faults:
        print(*faults, sep="\n", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    run(main)
