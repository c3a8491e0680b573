"""A study's results as one page to read, offline: verdicts, evidence, traces, models, corpora, merges, tables, the run.

In: a study, its graded traces, corpora, tables and manifest. Out: report.html, and texts beside it where they are many.

May import: results and below.
"""
