"""What a run writes down when it starts, and what it tells of results that were made otherwise."""

from pathlib import Path

import pytest

from micota.common.records import write_json
from micota.study.load import load_study, study_of
from micota.workflow.kept import made_otherwise
from micota.workflow.paths import Paths
from micota.workflow.start import write_settings
from tests.tiny import EXTENDED, raw_config


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("changes", [{}, EXTENDED], ids=["mini", "extended"])
def test_what_is_written_is_the_study_as_it_is_in_effect(changes: dict) -> None:
    study = load_study(raw_config("mini", changes))
    path = Path(Paths.of_study("mini").settings)
    write_settings(study, anew=True)
    assert study_of([path]).config == study.config
    before = path.stat()
    write_settings(study, anew=True)
    assert path.stat().st_ino == before.st_ino  # it stands there already
    path.write_text('{"study": ')
    write_settings(study, anew=False)  # a job leaves what is there alone
    assert path.read_text() == '{"study": '
    write_settings(study, anew=True)
    assert study_of([path]).config == study.config


def test_what_was_made_otherwise_is_told_in_a_line_and_kept() -> None:
    paths = Paths.of_study("mini")
    made = {"batch_size": 256, "tensor_parallel": 2, "enforce_eager": False, "attention": None}
    for model in ("small", "medium"):
        write_json(f"{paths.home}/cot/{model}/shard-0.meta.json", {"made_with": [made]})
    write_json(f"{paths.home}/cot/gone/shard-0.meta.json", {"made_with": [made]})  # no model of the study
    write_json(f"{paths.home}/models/teacher/micota.json", {"made_with": [{"attention": "eager"}]})
    write_json(f"{paths.home}/models/ta_long/micota.json", ["something else's"])
    study = load_study(raw_config("mini", {"sampling.engine.tensor_parallel": 4, "sampling.engine.batch_size": 256}))
    again = "kept (made again by --forcerun"
    assert made_otherwise(study, paths) == [
        f"made with tensor_parallel 2, asked for 4: 2 of sample, {again} sample without results/mini/work/sampling)",
        f"made with attention eager, asked for sdpa: 1 of train, {again} train)",
    ]
