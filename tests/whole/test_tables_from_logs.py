"""From the archive of a study's logs alone its tables come out the same, byte for byte, and traces can be graded."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from micota.common.records import read_jsonl, write_jsonl
from micota.grading.grade import ungraded
from micota.study import tasks
from micota.study.load import load_study
from scripts import logs, offshoot
from tests.graded import PROBLEMS, write_results
from tests.project import ROOT, copy_project, output_of, planned, snakemake
from tests.tiny import config_files, raw_config

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
TABLES = ["main", "claims", "scores"]


def from_logs() -> list[str]:
    """The rules that the Makefile allows when nothing but logs is there."""
    (line,) = re.findall(r"^FROM_LOGS +:= (.*)$", MAKEFILE, re.MULTILINE)
    prefixed = re.compile(r"\$\(addprefix (\w+),([^)]*)\)")
    parts = prefixed.findall(line)
    return [*prefixed.sub("", line).split(), *(prefix + name for prefix, names in parts for name in names.split())]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the logs of a study, and the same logs by way of the archive."""
    folder = copy_project(tmp_path_factory.mktemp("logs"))
    archive = folder / "logs.tar.xz"
    write_results(load_study(raw_config("study")), folder / "results/study")
    for graded in sorted((folder / "results/study/graded").iterdir()):
        write_jsonl(folder / f"results/study/cot/{graded.stem}/shard-0.jsonl", map(ungraded, read_jsonl(graded)))
    logs.main(["pack", "--results", f"{folder}/results/study", "--archive", str(archive)])
    logs.main(["unpack", "--archive", str(archive), "--results", f"{folder}/results/archived"])
    return folder


def run(project: Path, study: str, *arguments: str, rules: Sequence[str] = ()) -> CompletedProcess[str]:
    """Snakemake as `make tables` calls it, and with more rules `make regrade`."""
    few = {name: {"options": {"count": PROBLEMS}} for name in raw_config("study")["datasets"]}
    settings = ["from_scratch=False", f"study={study}", f"datasets={json.dumps(few)}"]
    named = ["--configfile", *config_files("study"), "--config", *settings]
    return snakemake(project, *arguments, *named, "--allowed-rules", "all", *rules, *from_logs())


def test_the_makefile_makes_tables_as_this_test_does() -> None:
    assert re.findall(r"^LAYERS += (.*)$", MAKEFILE, re.MULTILINE) == [" ".join(config_files("study"))]
    assert re.search(r"^CONFIRM = --configfile \$\(LAYERS\) --config from_scratch=\$\(", MAKEFILE, re.MULTILINE)
    assert re.search(
        r"\$\(CONFIRM\) study=archived .*--allowed-rules all \$\(FROM_LOGS\) \$\(FOLLOW\)$", MAKEFILE, re.MULTILINE
    )


def test_every_table_and_figure_can_be_made_from_the_archive(project: Path) -> None:
    """Nothing is missing, nothing is asked for that no allowed rule makes, and no rule is named in vain."""
    cleaned = len(tasks.cleaned_datasets(load_study(raw_config("study"))))
    each = {"load_problems": cleaned, "clean_problems": cleaned}
    # Of a study that names published numbers; of one whose logs say how much is repeated; of one whose logs hold texts.
    texts = ("table_errors", "table_styles", "table_predictors", "figure_predictors")
    further = ("table_map", "figure_map", "table_rivals", "figure_rivals", "table_filter")  # of studies of their own
    others = ("table_published", "table_repetition", *texts, *further)
    made = [rule for rule in from_logs() if rule not in others]
    assert planned(run(project, "archived", "-n")) == dict.fromkeys(["all", *made], 1) | each


def test_tables_from_the_archive_equal_those_of_the_run(project: Path) -> None:
    for study in ("study", "archived"):
        made = run(project, study, *(f"results/{study}/tables/{name}.csv" for name in TABLES))
        assert made.returncode == 0, output_of(made)
    first, again = (project / "results" / study / "tables" for study in ("study", "archived"))
    names = sorted(path.name for path in first.iterdir())
    assert {f"{name}.{ending}" for name in TABLES for ending in ("csv", "md", "tex")} <= set(names)
    assert names == sorted(path.name for path in again.iterdir())
    assert [name for name in names if (first / name).read_bytes() != (again / name).read_bytes()] == []
    claims = (first / "claims.csv").read_text(encoding="utf-8")
    assert all(f"\n{claim}," in claims for claim in raw_config("study")["claims"]["family"])


def test_an_archive_holds_all_that_grading_again_needs(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model that tables read is graded anew, and nothing is sampled or trained."""
    study = load_study(raw_config("study"))
    for model in study.models:
        traces = f"cot/{model}/shard-0.jsonl"
        first, again = (project / "results" / name / traces for name in ("study", "archived"))
        assert first.read_bytes() == again.read_bytes(), model
    (called,) = re.findall(r"\$\(call again,regraded,(.*),grade judge\)", MAKEFILE)
    (project / "results/archived/tables").mkdir(exist_ok=True)
    (project / "results/archived/tables/main.csv").touch()
    monkeypatch.chdir(project)
    offshoot.main(
        ["--study", "archived", "--name", "regraded", "--parts", *called.split(), "--but", "problems/gold.json"]
    )
    assert not (project / "results/regraded/models").exists()
    jobs = planned(run(project, "regraded", "-n", rules=["grade", "judge"]))
    assert jobs["grade"] >= len(study.evaluated) and jobs["table_main"] == 1
    assert not {"sample", "train", "merge", "corpus", "base_model"} & jobs.keys()
