"""Each fault of the matrix is met by one line that names the file and what to do, and nothing is written."""

from pathlib import Path

import pytest

from tests.fault_matrix import FAULTS, Fault
from tests.fault_study import HOME, build
from tests.faulty import meet, page, row, said_by
from tests.project import ROOT, output_of, snakemake


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the study has been run to its end."""
    return build(tmp_path_factory.mktemp("faults"))


CHECK = "check of the results"  # which says all that it finds
LINES = (ROOT / "docs/faults.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_ends_in_one_line_and_nothing_is_made(fault: Fault, study: Path, tmp_path: Path) -> None:
    status, said = meet(fault, study, tmp_path)
    assert status in (1, 2), said or "it went through in silence"
    lines = [line for line in said.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1 or (lines and fault.program == CHECK), said
    assert "Traceback" not in said
    assert [path for path in tmp_path.glob("made/*") if not path.name.startswith(".")] == []
    assert row(fault, said) in LINES, "if it is meant to say this: python -m tests.faulty"


def test_the_page_holds_the_matrix_and_nothing_else() -> None:
    rows = [line for line in LINES if line.startswith("| `")]
    assert len(rows) == len(FAULTS) == len({fault.name for fault in FAULTS}) >= 60
    assert page(rows) == (ROOT / "docs/faults.md").read_text(encoding="utf-8")


def test_the_study_is_as_it_was_made(study: Path) -> None:
    """Every program of the matrix takes the study as it is: what it refuses is the fault."""
    status, said = said_by(study, ["check_results", "--results", HOME, "--figures", "figures/faults"])
    assert (status, said) == (0, "")


@pytest.mark.parametrize("name", ["tables/main.csv", "graded/small-mid-s0.jsonl", "likelihood/small.jsonl"])
def test_what_is_removed_is_made_again_to_the_same_bytes(study: Path, name: str) -> None:
    """As the errors ask for."""
    path = study / HOME / name
    before = path.read_bytes()
    path.unlink()
    run = snakemake(study, f"{HOME}/{name}", "--configfile", "config/faults.yaml")
    assert run.returncode == 0, output_of(run)
    assert path.read_bytes() == before
