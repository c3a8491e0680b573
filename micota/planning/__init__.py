"""What a study will cost: jobs, tokens, hours, memory, disk; by assumption or by a pilot.

In: a study and its graph of jobs. Out: estimates, and what does not fit.

May import: study and below; not results.
"""
