"""Training corpora from graded traces: filtered, mixed, matched, with a count of all that was dropped.

In: graded traces, problems, other corpora. Out: corpus rows (problem and completion) and their counts.

May import: grading and below.
"""
