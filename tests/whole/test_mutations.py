"""The mutations of tests/mutations.py can be made, one is caught, and what is not caught is said."""

from pathlib import Path

import pytest

from tests import mutations
from tests.mutations import MUTATIONS, Mutation, copy, file_of, place, try_all
from tests.project import ROOT

WRONG = Mutation("the sum is a difference", "one + other", "one - other", "test_sums.py")
TEST = "from micota.sums import added\n\ndef test_added():\n    assert added(2, 0) == 2\n"


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[mutation.broken for mutation in MUTATIONS])
def test_every_line_is_there_once_and_so_is_its_test(mutation: Mutation) -> None:
    place(ROOT, mutation.old)
    _, _, test = mutation.tests.partition("::")
    assert f"def {test}" in file_of(ROOT, mutation.tests).read_text(encoding="utf-8")
    assert mutation.new != mutation.old


def test_a_wrong_line_of_the_project_is_caught(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = next(mutation for mutation in MUTATIONS if mutation.broken.startswith("claims"))
    assert try_all(copy(tmp_path), [wrong]) == 0
    assert f"{wrong.broken}: caught by test_claims.py::test_the_four_verdicts[" in capsys.readouterr().out
    assert place(tmp_path, wrong.old).read_bytes() == place(ROOT, wrong.old).read_bytes()


@pytest.mark.parametrize(
    ("code", "test", "said"),
    [
        ("one + other", TEST.replace("0", "1").replace("== 2", "== 3"), "caught by test_sums.py::test_added"),
        ("one + other", TEST, "SURVIVED test_sums.py"),
        ("other + one", TEST, "NOT TRIED: 'one + other' must stand once in the code, not 0 times (nowhere)"),
        ("one + other or one + other", TEST, "not 2 times (micota/sums.py, micota/sums.py)"),
    ],
    ids=["caught", "survives", "gone", "twice"],
)
def test_what_is_not_caught_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], code: str, test: str, said: str
) -> None:
    project = small_project(tmp_path, code, test)
    assert try_all(project, [WRONG]) == (0 if "caught" in said else 1)
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "test", "said"),
    [
        ("one + other + 1", TEST, "test_sums.py::test_added fails without any mutation"),
        ("one + other", "import not_there\n", "the tests cannot be run"),
        ("one + other", "", "the tests cannot be run"),
    ],
    ids=["failing", "broken", "empty"],
)
def test_tests_that_fail_anyway_catch_nothing(tmp_path: Path, code: str, test: str, said: str) -> None:
    with pytest.raises(RuntimeError, match=said):
        try_all(small_project(tmp_path, code, test), [WRONG])


def test_a_line_that_cannot_be_imported_is_not_caught(tmp_path: Path) -> None:
    """It says nothing of the tests."""
    with pytest.raises(RuntimeError, match="cannot be run"):
        try_all(small_project(tmp_path, "one + other", TEST), [WRONG._replace(new="one +")])


def test_a_word_that_no_mutation_has_is_an_error() -> None:
    with pytest.raises(SystemExit, match="no mutation's description holds"):
        mutations.main(["nonsense"])


def small_project(folder: Path, code: str, test: str) -> Path:
    """A function, and a test of it in a folder of the tests."""
    for name, text in {
        "micota/__init__.py": "",
        "micota/sums.py": f"def added(one, other):\n    return {code}\n",
        "tests/room/test_sums.py": test,
        "conftest.py": "",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n', encoding="utf-8")
    return folder
