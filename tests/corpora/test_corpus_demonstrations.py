"""A corpus of procedural demonstrations: counted in tokens, and never learned from by students or the assistant."""

from pathlib import Path

import pytest

from micota.problems.arithmetic import demonstrations
from micota.study.graph import Study
from micota.study.load import load_study
from tests.corpus_rows import run_script
from tests.tiny import raw_config, write_model


def test_demonstrations_are_counted_in_tokens(tmp_path: Path) -> None:
    flags = ["--kind", "demonstrations", "--seed", "1", "--demonstrations-count", "20", "--demonstrations-bound", "99"]
    flags += ["--demonstrations-operations", "2", "--demonstrations-verbose-share", "0.5"]
    flags += ["--demonstrations-verbosity", "0", "1"]
    made, counts = run_script(tmp_path, *flags, "--tokenizer", str(write_model(tmp_path / "model")))
    expected = list(demonstrations(20, 1, [2], 99, verbose_share=0.5, verbosity=(0.0, 1.0)))
    assert [{k: v for k, v in row.items() if k != "n_tokens"} for row in made] == expected
    short = min(made, key=lambda row: len(row["completion"]))
    # one token a character, but for `\boxed{` which is one, and the end token
    assert short["n_tokens"] == len(short["completion"]) - len("\\boxed{") + 1 + 1
    assert counts["kept"] == 20


def learned_by(study: Study) -> dict[str, set[str]]:
    """Student or assistant -> every corpus that its own is made of."""
    assistants = {merge.tuned for merge in study.merges.values()} - {"teacher"}  # a teacher may be merged too
    return {
        name: set(study.parts(tune.corpus))
        for name, tune in study.tunes.items()
        if name in {*study.students, *assistants}
    }


@pytest.mark.parametrize("name", ["mini", "smoke"])
def test_no_procedural_text_reaches_students_or_assistant(name: str) -> None:
    study = load_study(raw_config(name))
    learners = learned_by(study)
    assert {"ta_long", "small-mid-s0", "small-mix-s0"} <= learners.keys()
    for learner, corpora in learners.items():
        for corpus in corpora:
            assert not study.corpus(corpus).procedural, (learner, corpus)


def test_the_miniatures_teacher_alone_learns_from_demonstrations() -> None:
    study = load_study(raw_config("mini"))
    procedural = {name for name in study.config.corpora if study.corpus(name).procedural}
    assert procedural == {"demonstrations"}
    assert {name for name, tune in study.tunes.items() if tune.corpus in procedural} == {"teacher"}
