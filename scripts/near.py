"""What a misspelt variable of make may have meant; of Python's own library, for it runs before anything is set up.

    python3 scripts/near.py GPU 'STUDY CORES' demo=CORES plan=CORES plan=GPUS

The name, what the target takes, and what each target takes. Prints the end of make's message, or nothing.
"""

import difflib
import sys


def hint(name: str, taken: str, *others: str) -> str:
    """The nearest name that the target takes; if none is near, that of another target, and whose it is."""
    if near := difflib.get_close_matches(name, taken.split(), 1):
        return f"; did you mean {near[0]}?"
    takes = [other.split("=", 1) for other in others]
    if near := difflib.get_close_matches(name, sorted({known for _, known in takes}), 1):
        return f"; {near[0]} is for make {', '.join(sorted(target for target, known in takes if known == near[0]))}"
    return ""


if __name__ == "__main__":
    print(hint(*sys.argv[1:]))
