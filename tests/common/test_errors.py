"""What a user can mend has a kind and a place: the key, the flag, the file; a program says it in one line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from micota.common import errors
from micota.common.cli import Parser, run
from micota.common.errors import UserError
from micota.common.records import read_json, read_jsonl
from micota.models.folders import check_folder
from micota.planning.disk import check_disk
from micota.study.load import load_study
from micota.training.settings import TrainingSettings, check_packages
from tests.tiny import raw_config

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__base__ is UserError]


def configured(key: str, value: object) -> Callable[[Path], object]:
    return lambda _: load_study(raw_config("mini", {key: value}))


def empty_model(folder: Path) -> None:
    (folder / "model").mkdir()
    (folder / "model" / "config.json").write_text("{}")
    check_folder(folder / "model")


def broken(folder: Path) -> object:
    (folder / "rows.jsonl").write_text('{"id": 1}\n{"id"\n')
    return list(read_jsonl(folder / "rows.jsonl"))


def liger(_: Path) -> None:
    check_packages(TrainingSettings(epochs=1, learning_rate=1e-3, batch_size=1, liger_kernel=True))


FAULTS: list[tuple[Callable[[Path], object], str, str]] = [
    (configured("students.bases", ["smal"]), "ConfigurationError", "students.bases"),
    (configured("training.student.epochs", 0), "ConfigurationError", "the configuration has faults"),
    (lambda _: Parser(exit_on_error=False).parse_args(["--nothing"]), "ConfigurationError", "unrecognized arguments"),
    (lambda folder: read_json(folder / "none.json"), "MissingFile", "{}/none.json"),
    (lambda folder: check_folder(folder / "none"), "MissingFile", "{}/none"),
    (broken, "DataError", "{}/rows.jsonl:2"),
    (empty_model, "ModelError", "{}/model"),
    (lambda folder: check_disk(folder, 1e18), "NoRoom", "{}"),
    (liger, "EnvironmentFault", "liger_kernel"),
]


@pytest.mark.parametrize(("fault", "kind", "place"), FAULTS)
def test_an_error_has_a_kind_and_a_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: Callable[[Path], object], kind: str, place: str
) -> None:
    with pytest.raises(getattr(errors, kind)) as said:
        fault(tmp_path)
    assert said.value.place.removesuffix(":") == place.format(tmp_path)
    for path in sorted(tmp_path.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    with pytest.raises(SystemExit) as ended:
        run(lambda _: (fault(tmp_path), None)[1])
    assert ended.value.code == 2 and capsys.readouterr().err.startswith("error: ")


def test_every_kind_is_tried() -> None:
    assert {kind.__name__ for kind in KINDS} == {kind for _, kind, _ in FAULTS}
