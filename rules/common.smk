"""What the rules share: the study's graph (micota/study.py), the names wildcards may take, and paths from names."""

import json
import re
import sys

sys.path.insert(0, str(workflow.basedir))

from micota.cli import UserError
from micota.study import load_study

try:
    STUDY = load_study(config)
except UserError as error:
    raise WorkflowError(str(error)) from None

HOME = f"results/{STUDY.config.study}"
FIGURES = f"figures/{STUDY.config.study}"


def one_of(names):
    """A regular expression for exactly these names; for none, one that nothing matches."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


wildcard_constraints:
    study=re.escape(STUDY.config.study),
    dataset=one_of(STUDY.config.datasets),
    base=one_of(STUDY.bases),
    tuned=one_of(STUDY.tunes),
    merged=one_of(STUDY.merges),
    model=one_of(STUDY.models),
    corpus=one_of(STUDY.config.corpora),
    shard=r"\d+",


def problems_of(names):
    return [f"{HOME}/problems/{name}.jsonl" for name in names]


def graded_by(models):
    return [f"{HOME}/graded/{model}.jsonl" for model in models]


def named(folder, names):
    """`name=path` arguments for a script that takes several files by name."""
    return [f"{name}={HOME}/{folder}/{name}.jsonl" for name in names]


def as_json(value):
    """A structured parameter as one command-line argument; a change of it re-runs what depends on it."""
    return json.dumps(value, sort_keys=True)
