"""From graded traces to estimates, claims, tables and figures.

In: graded traces, likelihoods, counts. Out: rows of tables with intervals and p values, verdicts on claims, drawings.

May import: study and below; not planning.
"""
