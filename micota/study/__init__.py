"""A study: its configuration, and which models, corpora and jobs follow from it.

In: YAML. Out: settings of every stage and the names of what they make; faults by key.

May import: corpora and below.
"""
