"""A kind of task that is not maths, for the tests: workers judge by its function, which they import in no time."""

import time


def as_code(pairs: list[tuple[str, str]]) -> list[str]:
    """Does each program, a sum of whole numbers, give the gold answer? `wait` never ends."""
    return ["equivalent" if value(program) == gold else "different" for gold, program in pairs]


def value(program: str) -> str:
    while program == "wait":
        time.sleep(1)
    return str(sum(map(int, program.split("+"))))
