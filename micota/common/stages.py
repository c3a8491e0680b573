"""The version of each stage, said once: a rule's parameter, and part of the keys of chunks, checkpoints and the like.

Raise it when the stage's results change though its settings and files do not: its finished jobs run again, and nothing
that an older version left half done is taken up. Tables and figures have theirs in micota/workflow/tables.py.
"""

VERSIONS = {
    "load_problems": 3,
    "clean_problems": 4,
    "check_gold": 3,
    "base_model": 1,
    "model_size": 1,
    "train": 1,
    "merge": 2,
    "sample": 3,
    "import_traces": 1,
    "grade": 4,
    "judge": 1,
    "corpus": 3,
    "likelihood": 4,
    "manifest": 2,
    "report": 1,
}
