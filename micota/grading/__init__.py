"""Is the answer of a trace the gold answer? Three graders, and a judge model.

In: trace records and gold answers. Out: graded traces, with a verdict of each grader and its reason.

May import: sampling and below.
"""
