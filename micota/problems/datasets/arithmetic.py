"""Procedural arithmetic: no rows to read; `options` in the set's block say which problems are made.

The generator is micota/problems/arithmetic.py.
"""

from micota.problems.arithmetic import problems

__all__ = ["problems"]
