"""A checkout, a folder of data and a model whose paths hold blanks."""

import json
import shutil
from pathlib import Path

import pytest

from tests.graded import PROBLEMS
from tests.project import ROOT, copy_project, make, output_of, snakemake


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spaces") / "my study" / "mi cota"
    folder.mkdir(parents=True)
    return copy_project(folder)


def test_jobs_run_and_read_data_there(project: Path) -> None:
    data = project / "my data"
    data.mkdir()
    rows = [json.dumps({"problem": f"{n}a+{n}?", "answer": str(2 * n), "id": f"p{n}"}) for n in range(PROBLEMS)]
    (data / "own.jsonl").write_text("\n".join(rows) + "\n")
    block = {"own": {"loader": "plain", "path": "own.jsonl"}}
    run = snakemake(project, "results/mini/problems/loaded/own.jsonl", "--config", f"data_folder={data}",
                    f"datasets={json.dumps(block)}")  # fmt: skip
    assert run.returncode == 0, output_of(run)


def test_a_model_there_is_found(project: Path) -> None:
    model = project / "my model"
    shutil.copytree(ROOT / "reference/mini/bases/small", model)
    run = make(project, "score", f"MODEL={model}")
    # It is read; what is missing is the study that it would be scored beside.
    assert "scored is " in output_of(run) and "results/mini: " in output_of(run)
