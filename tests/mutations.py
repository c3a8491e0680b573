"""Do the tests catch a wrong line? Central lines are broken one at a time, in a copy of the project, and tests run.

    python -m tests.mutations               all of them, in some minutes
    python -m tests.mutations merge seed    those whose description holds one of these words

A line for each says which test caught it. The exit status is 1 if one survives, or if its line is no longer there.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.project import ROOT, copy_project

CODE = ("micota", "scripts", "rules")  # where the lines are looked for, in any file: code moves


class Mutation(NamedTuple):
    """A wrong line: `old` stands once in the code; `tests` is a test file, or one of its tests, that must fail."""

    broken: str
    old: str
    new: str
    tests: str


MUTATIONS = (
    Mutation(
        "training: the loss mask is off by one",
        "[IGNORED] * len(self.prompt_ids) + self.completion_ids",
        "[IGNORED] * (len(self.prompt_ids) + 1) + self.completion_ids[1:]",
        "test_prompts.py",
    ),
    Mutation(
        "training: no end token is taught",
        "completion_ids += [end_token(tokenizer, prompt)] if ended else []",
        "completion_ids += []",
        "test_prompts.py",
    ),
    Mutation(
        "training: a checkpoint of another seed is resumed",
        "|{identity(settings)}|{seed}",
        "|{identity(settings)}",
        "test_resume.py::test_another_jobs_checkpoints_are_never_resumed",
    ),
    Mutation(
        "likelihood: the labels are off by one",
        "labels[1:][start : start + POSITIONS]",
        "labels[:-1][start : start + POSITIONS]",
        "test_likelihood.py",
    ),
    Mutation(
        "merging: the density is taken for the weight",
        '{"weight": self.weight, **density}',
        '{"weight": self.density, **density}',
        "test_merging.py",
    ),
    Mutation(
        "merging: base and tuned model are swapped",
        '{"model": tuned, "parameters": {"weight": self.weight}}',
        '{"model": tuned, "parameters": {"weight": 1.0 - self.weight}}',
        "test_merging.py",
    ),
    Mutation(
        "sampling: the last shard's problems are lost",
        "if index % shards != shard:",
        "if index % (shards + 1) != shard:",
        "test_sampling.py",
    ),
    Mutation(
        "sampling: shards that are longer than the first are cut",
        '[rows[0].get("dataset") for rows in heads if rows]',
        '[rows[0].get("dataset") for rows in heads[:1] if rows]',
        "test_sampling.py",
    ),
    Mutation(
        "sampling: completions of another decoding are taken",
        "|{task.dataset}|{identity(task.decoding)}",
        "|{task.dataset}",
        "test_sampling.py",
    ),
    Mutation(
        "sampling: the samples of a problem share their seed",
        "[decoding.seed, chunk.task.dataset, item.id, item.sample]",
        "[decoding.seed, chunk.task.dataset, item.id]",
        "test_sampling.py",
    ),
    Mutation(
        "sampling: the end token is not counted",
        'Completion(self.text(row[: end - 1]), end, "stop"',
        'Completion(self.text(row[: end - 1]), end - 1, "stop"',
        "test_engines.py::test_a_batch_of_any_size_writes_what_single_prompts_do",
    ),
    Mutation(
        "grading: right and wrong are swapped",
        '"correct": reason in RIGHT,',
        '"correct": reason not in RIGHT,',
        "test_grading.py",
    ),
    Mutation(
        "grading: a box of an earlier integer is right",
        "EQUIVALENT if int(gold) == int(box) else DIFFERENT",
        "EQUIVALENT if int(gold) >= int(box) else DIFFERENT",
        "test_grading.py",
    ),
    Mutation(
        "corpora: wrong traces are kept",
        'return None if trace["correct"] else INCORRECT',
        "return None",
        "test_corpus_sampled.py",
    ),
    Mutation(
        "corpora: a reason to drop a trace is not said",
        "                reason = REPEATED\n",
        "                continue\n",
        "test_corpus_sampled.py",
    ),
    Mutation(
        "corpora: imported traces of a benchmark's problem are learned from",
        'cls(kept, same, {pair["id"] for pair in report["pairs"]} - same.keys())',
        'cls({*kept, *(pair["id"] for pair in report["pairs"])}, same)',
        "test_corpus_imported.py",
    ),
    Mutation(
        "corpora: imported traces that never ended count as finished",
        '"stop" if generation.finished else "length"',
        '"stop"',
        "test_corpus_imported.py",
    ),
    Mutation(
        "problems: the first box of a solution is taken for its answer",
        "depth, start = 1, starts[-1].end()",
        "depth, start = 1, starts[0].end()",
        "test_columns.py",
    ),
    Mutation(
        "cleaning: problems that overlap with a benchmark are kept",
        'if found["reason"] not in (DUPLICATE, CONTRADICTION) or drop_duplicates:',
        'if found["reason"] in (DUPLICATE, CONTRADICTION) and drop_duplicates:',
        "test_cleaning.py",
    ),
    Mutation(
        "cleaning: half of a benchmark problem is no overlap",
        "enough = shared >= COVERED * sum(own) or",
        "enough = shared >= COVERED * sum(own) and",
        "test_cleaning.py",
    ),
    Mutation(
        "contrasts: the seeds of several chains are not averaged, but those of the first are taken",
        "units = [array.mean(axis=1) if chains > 1 else array[0] for array in arrays]",
        "units = [array[:, 0] if chains > 1 else array[0] for array in arrays]",
        "test_contrasts.py",
    ),
    Mutation(
        "significance: the problems' degrees of freedom count for the units too",
        "share * (-special.stdtrit(df_units, alpha / 2) - of_problems) if df_units",
        "share * (-special.stdtrit(df_problems, alpha / 2) - of_problems) if df_units",
        "test_significance.py",
    ),
    Mutation(
        "contrasts: large benchmarks weigh more",
        "shares = np.full(len(arrays), 1 / len(arrays)) if weights is None",
        "shares = np.array([a.size for a in arrays]) / np.array([a.size for a in arrays]).sum() if weights is None",
        "test_contrasts.py",
    ),
    Mutation(
        "tables: a paired difference has the other sign",
        "accuracies(mine, benchmark) - accuracies(runs, benchmark)",
        "accuracies(runs, benchmark) - accuracies(mine, benchmark)",
        "test_tables.py",
    ),
    Mutation(
        "claims: what is significant and contradicts is reproduced",
        "return REPRODUCED if all(sides(parts, results)) else CONTRADICTED",
        "return REPRODUCED if any(sides(parts, results)) else REPRODUCED",
        "test_claims.py",
    ),
    Mutation(
        "scores: the judge model's verdict replaces the rule's where none was asked for",
        'if rule == "string" and asks_judge(trace):',
        'if rule == "string":',
        "test_scores.py",
    ),
    Mutation(
        "pass@k: the wrong samples are counted",
        "for j in range(n - correct + 1, n + 1)",
        "for j in range(correct + 1, n + 1)",
        "test_protocols.py",
    ),
)


def place(project: Path, old: str) -> Path:
    """The file of the code that holds a text; ValueError unless it stands there once."""
    files = [path for folder in CODE for path in (project / folder).rglob("*") if path.suffix in (".py", ".smk")]
    found = [path for path in sorted(files) for _ in range(path.read_text(encoding="utf-8").count(old))]
    if len(found) != 1:
        names = ", ".join(path.relative_to(project).as_posix() for path in found) or "nowhere"
        raise ValueError(f"{old!r} must stand once in the code, not {len(found)} times ({names})")
    return found[0]


def file_of(project: Path, tests: str) -> Path:
    """The test file of a mutation, in whichever folder of tests/; ValueError unless there is one of its name."""
    name = tests.partition("::")[0]
    found = list((project / "tests").rglob(name))
    if len(found) != 1:
        raise ValueError(f"there must be one {name} below tests/, not {len(found)}")
    return found[0]


def copy(folder: Path) -> Path:
    """A copy of the project with its tests."""
    copy_project(folder)
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
    return folder


def first_failure(project: Path, tests: Sequence[str]) -> str | None:
    """Run tests of a project up to the first that fails: its name, or None. RuntimeError if they cannot be run."""
    wanted = []
    for name in dict.fromkeys(tests):
        _, colons, test = name.partition("::")
        wanted.append(f"{file_of(project, name)}{colons}{test}")
    # No bytecode: a line changed within a second, to one as long, would be taken for the old one.
    settings = {"PYTHONDONTWRITEBYTECODE": "1", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    options = ["-x", "-q", "-rfE", "-p", "no:cacheprovider", f"--basetemp={project / '.pytest'}"]
    command = [sys.executable, "-m", "pytest", *options, *wanted]
    run = subprocess.run(command, cwd=project, env=os.environ | settings, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return None
    failed = re.search(r"^(?:FAILED|ERROR) \S*?([\w.]+::.+?)(?: - |$)", run.stdout, flags=re.M)
    if run.returncode != 1 or failed is None:
        raise RuntimeError(f"the tests cannot be run ({' '.join(wanted)}):\n{run.stdout}{run.stderr}")
    return failed[1]


def caught_by(project: Path, mutation: Mutation) -> str | None:
    """Break the line, run the tests, mend it: the test that failed, or None. ValueError if the line is not there."""
    path = place(project, mutation.old)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        return first_failure(project, [mutation.tests])
    finally:
        path.write_text(text, encoding="utf-8")


def try_all(project: Path, mutations: Sequence[Mutation]) -> int:
    """Print a line for each mutation; how many were not caught."""
    if failed := first_failure(project, [mutation.tests for mutation in mutations]):
        raise RuntimeError(f"{failed} fails without any mutation")
    missed = 0
    for mutation in mutations:
        try:
            caught = caught_by(project, mutation)
            said = f"caught by {caught}" if caught else f"SURVIVED {mutation.tests}"
        except ValueError as error:
            caught, said = None, f"NOT TRIED: {error}"
        missed += caught is None
        print(f"{mutation.broken}: {said}", flush=True)
    print(f"{len(mutations) - missed} of {len(mutations)} caught")
    return missed


def main(words: Sequence[str]) -> int:
    mutations = [mutation for mutation in MUTATIONS if not words or any(word in mutation.broken for word in words)]
    if not mutations:
        raise SystemExit(f"no mutation's description holds {' or '.join(words)}")
    with tempfile.TemporaryDirectory() as folder:
        return int(try_all(copy(Path(folder)), mutations) > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
