"""Before a run: are the traces of a source where the study says, and in its form?"""

from pathlib import Path
from typing import Any

import pytest

from micota.preflight.data import check_imported
from micota.preflight.scene import Finding, Scene
from micota.study.load import load_study
from tests.imported import SHAPES, study_of


def found(folder: Path, **corpus: Any) -> Finding:
    shape = SHAPES["openr1"]
    raw = study_of(folder, shape._replace(corpus={**shape.corpus, **corpus}))
    (finding,) = check_imported(Scene(load_study(raw), 80e9))
    return finding


def test_what_the_first_rows_hold(tmp_path: Path) -> None:
    finding = found(tmp_path)
    assert (finding.state, finding.subject) == ("ok", "long, of train")
    assert finding.words == "10 traces in the first 7 rows, 9 ended, 10 with <think>"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"completion": "generation"},
            "there is no column 'generation' (corpora.long.columns.completion); there are: ",
        ),
        ({"completion": "generations", "finished": "uuid"}, "(corpora.long.columns.finished) holds 1 values beside 2"),
    ],
)
def test_a_column_that_is_not_there(columns: dict[str, str], said: str, tmp_path: Path) -> None:
    finding = found(tmp_path, columns=columns)
    assert finding.state == "FAIL" and said in finding.words and finding.words.startswith(f"{tmp_path}/theirs.jsonl")


def test_a_source_that_is_not_at_hand_is_not_checked(tmp_path: Path) -> None:
    shape = SHAPES["openr1"]
    raw = study_of(tmp_path, shape)
    (tmp_path / "theirs.jsonl").unlink()
    (finding,) = check_imported(Scene(load_study(raw), 80e9))
    assert finding.state == "not checked"
