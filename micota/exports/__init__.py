"""What others read: graded traces for the viewers of other harnesses, and the record that an archive is cited by.

In: a study, its results; CITATION.cff. Out: lm-eval's samples, Inspect's logs, .zenodo.json.

May import: results, planning and below.
"""
