"""How workers could judge programs: a function of its own, in a module that they import in no time."""


def as_code(pairs: list[tuple[str, str]]) -> list[str]:
    """Does each program give the gold answer?"""
    return ["equivalent" if str(eval(program)) == gold else "different" for gold, program in pairs]
