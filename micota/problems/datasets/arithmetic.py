"""Procedural arithmetic: no rows to read; `options` in the set's block say which problems are made.

The generator is micota/problems/arithmetic.py, what models write is read by micota/problems/arithmetic_reader.py.
"""

from micota.problems.arithmetic import problems
from micota.problems.arithmetic_reader import read, segments

__all__ = ["problems", "read", "segments"]

MARKS = ["check", "wait,", "again,"]  # a check, a correction, a further pass
