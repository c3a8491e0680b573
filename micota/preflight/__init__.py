"""Before a run: what of a study is not at hand or will not work.

In: a study and the machine. Out: findings (ok, warn, FAIL), each with a cure.

May import: workflow and below.
"""
