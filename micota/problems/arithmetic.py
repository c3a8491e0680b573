"""Procedural arithmetic: the miniature's problems and the demonstrations its models are pre-trained on.

A problem is a chain of labelled operations read from left to right, `148a*2b-193c+131?` being
((148 * 2) - 193) + 131. Difficulty is the number of operations and the bound on every value.
A demonstration is one CoT for it. Its verbosity, in [0, 1], says how much of the following each step carries:

- the step itself            `a148*2=296;`
- decomposition by digits    `a148*2:100*2=200,40*2=80,8*2=16,200+80=280,280+16=296;`
- a check by the inverse     `check 296/2=148 ok;`
- a slip, found by its check `check 295/2=147r1 no;wait,` and redone
- a second pass over the whole chain, `again,`, in the short style or (`second_pass="decomposed"`) digit by digit

Only base models and the miniature's strong teacher are trained on demonstrations; every other corpus is sampled.
"""

import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from micota.common.errors import DataError

LABELS = "abcdefgh"

# Every possible problem belongs to one part, by a checksum of its text, so that test problems, training problems and
# pre-training demonstrations are disjoint by construction, whatever the seeds and the counts.
PARTS = {"test": {0}, "validation": {1}, "train": {2, 3, 4}, "pretraining": {5, 6, 7, 8, 9}}


@dataclass(frozen=True)
class Chain:
    """A start value and (operator, operand) pairs; every intermediate value lies in [0, bound]."""

    start: int
    steps: tuple[tuple[str, int], ...]

    @property
    def text(self) -> str:
        return str(self.start) + "".join(f"{LABELS[i]}{op}{n}" for i, (op, n) in enumerate(self.steps)) + "?"

    @property
    def values(self) -> list[int]:
        """The value before the first step, after it, ..., after the last."""
        values = [self.start]
        for op, operand in self.steps:
            values.append(apply(values[-1], op, operand))
        return values


def apply(value: int, op: str, operand: int) -> int:
    return {"+": value + operand, "-": value - operand, "*": value * operand}[op]


def draw_chain(rng: random.Random, operations: int, bound: int) -> Chain:
    """Draw a chain of `operations` steps; the operators are equally likely where the bound leaves room for them."""
    if not 1 <= operations <= len(LABELS):
        raise DataError(f"arithmetic: a chain has 1 to {len(LABELS)} operations, not {operations}")
    value = start = rng.randint(2, bound)
    steps = []
    for _ in range(operations):
        choices = [
            op
            for op, possible in (("+", value <= bound - 2), ("-", value >= 3), ("*", 1 <= value <= bound // 2))
            if possible
        ]
        op = rng.choice(choices)
        if op == "+":
            operand = rng.randint(2, bound - value)
        elif op == "-":
            operand = rng.randint(2, value - 1)
        else:
            operand = rng.randint(2, min(9, bound // value))
        steps.append((op, operand))
        value = apply(value, op, operand)
    return Chain(start, tuple(steps))


def draw_from(part: str, rng: random.Random, operations: int, bound: int) -> Chain:
    """Draw a chain that belongs to the given part."""
    while True:
        chain = draw_chain(rng, operations, bound)
        if zlib.crc32(chain.text.encode()) % 10 in PARTS[part]:
            return chain


def problems(part: str, count: int, seed: int, operations: Sequence[int], bound: int) -> Iterator[dict[str, Any]]:
    """Yield `count` different problems of a part, the given numbers of operations in equal shares."""
    rng = random.Random(f"problems-{part}-{seed}")
    seen: set[str] = set()
    for index in range(count):
        steps = operations[index % len(operations)]
        for _ in range(1000):
            chain = draw_from(part, rng, steps, bound)
            if chain.text not in seen:
                break
        else:
            raise DataError(f"arithmetic: too few problems of {steps} steps up to {bound} for a count of {count}")
        seen.add(chain.text)
        yield {
            "problem": chain.text,
            "answer": str(chain.values[-1]),
            "source": "arithmetic",
            "level": len(chain.steps),
        }


def decompose(value: int, op: str, operand: int) -> str:
    """Write one operation digit by digit; ends with the result of the last partial operation."""
    if op == "*":
        parts = digits_of(value)
        products = [part * operand for part in parts]
        text = ",".join(f"{part}*{operand}={product}" for part, product in zip(parts, products, strict=True))
        total = products[0]
        for product in products[1:]:
            text += f",{total}+{product}={total + product}"
            total += product
        return text
    pieces = []
    for part in digits_of(operand):
        result = apply(value, op, part)
        pieces.append(f"{value}{op}{part}={result}")
        value = result
    return ",".join(pieces)


def digits_of(number: int) -> list[int]:
    """148 -> [100, 40, 8]; zero digits are left out."""
    text = str(number)
    return [int(d) * 10 ** (len(text) - 1 - i) for i, d in enumerate(text) if d != "0"] or [0]


def check(value: int, op: str, operand: int, result: int) -> str:
    """Write the inverse operation on `result`; it says `ok` when that leads back to `value`, else `no`."""
    if op == "*":
        back, rest = divmod(result, operand)
        shown = f"{result}/{operand}={back}" + (f"r{rest}" if rest else "")
        right = back == value and rest == 0
    else:
        back = result - operand if op == "+" else result + operand
        shown = f"{result}{'-' if op == '+' else '+'}{operand}={back}"
        right = back == value
    return f"check {shown} {'ok' if right else 'no'};"


def demonstrate(chain: Chain, verbosity: float, rng: random.Random, second_pass: str = "short") -> str:
    """Write a CoT for the chain; `verbosity` 0 is the short style, 1 the longest.

    Up to 0.3 more and more steps are decomposed; from 0.3 to 0.6 all are, and nothing else is added: decomposition
    alone is what a small model can afford, so it has the widest part of the axis. Checks grow likelier from 0.6 to
    0.8, slips and the second pass from 0.8 on.
    """
    decomposing = min(1.0, verbosity / 0.3)
    checking = min(1.0, max(0.0, (verbosity - 0.6) / 0.2))
    slipping = 0.15 * min(1.0, max(0.0, (verbosity - 0.8) / 0.2))
    text = walk(chain, rng, decomposing, checking, slipping)
    if rng.random() < min(1.0, max(0.0, (verbosity - 0.8) / 0.2)):
        text += "again," + walk(chain, rng, float(second_pass == "decomposed"), 0.0, 0.0)
    return text + f"\\boxed{{{chain.values[-1]}}}"


def walk(chain: Chain, rng: random.Random, decomposing: float, checking: float, slipping: float) -> str:
    """Write every step of the chain once, each with the given probabilities of being decomposed, checked, slipped."""
    text = ""
    for i, (op, operand) in enumerate(chain.steps):
        value, result = chain.values[i], chain.values[i + 1]
        step = f"{LABELS[i]}{value}{op}{operand}"
        body = f"{step}:{decompose(value, op, operand)};" if rng.random() < decomposing else f"{step}={result};"
        if rng.random() < slipping:
            wrong = result + rng.choice([-10, -1, 1, 10]) if result >= 10 else result + 1
            text += f"{step}={wrong};" + check(value, op, operand, wrong) + "wait,"
        text += body
        if rng.random() < checking:
            text += check(value, op, operand, result)
    return text


def demonstrations(
    count: int,
    seed: int,
    operations: Sequence[int],
    bound: int,
    verbose_share: float,
    verbosity: Sequence[float],
    second_pass: str = "short",
) -> Iterator[dict[str, Any]]:
    """Yield corpus rows: a share of `verbose_share` with verbosity uniform in [low, high], the rest in short style."""
    rng = random.Random(f"demonstrations-{seed}")
    low, high = verbosity
    for index in range(count):
        chain = draw_from("pretraining", rng, rng.choice(list(operations)), bound)
        level = rng.uniform(low, high) if rng.random() < verbose_share else 0.0
        yield {
            "id": f"demonstrations/{index}",
            "sample": 0,
            "sampler": "procedural",
            "problem": chain.text,
            "completion": demonstrate(chain, level, rng, second_pass),
        }
