"""Imported by the grader's fork server alone: math-verify is read in, and its parser learns its tables, before a fork.

ANTLR works out its tables as it meets new syntax, which takes a fresh worker a good part of a second; a worker that is
killed for one answer would make the next ones pay for it.
"""

import logging

from micota.grading.equivalence import verify

PAIRS = (
    ("10", "2+8"),
    (r"\frac{3}{4}", "0.75"),
    (r"2\sqrt{3}", r"\sqrt{12}"),
    ("(1,2)", r"\left(1,\frac{4}{2}\right)"),
    (r"\{1,2\}", r"\{2,1\}"),
    ("[0,1)", r"0 \le x < 1"),
    ("x^2+2x+1", "(x+1)^2"),
    (r"(-\infty,0)\cup(1,\infty)", r"(-\infty,0)\cup(1,+\infty)"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}2\\1\end{pmatrix}"),
    ("y=2x+3", "2x+3"),
    ("1,2", "2,1"),
    (r"10\%", "0.1"),
    (r"\text{yes}", r"\text{no}"),
    (r"\binom{4}{2}+3!", "12"),
    (r"6\pi", r"\sin(x)+\log_2 8"),
)

logging.disable(logging.CRITICAL)
for pair in PAIRS:
    verify(pair)
