"""The Makefile's run targets: what they refuse, before anything is touched, and that two of a kind don't meet."""

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from micota.common.records import read_json
from micota.provenance.manifest import COMMIT
from micota.workflow.running import RUNS
from tests.project import ROOT, copy_project, make, output_of
from tests.provenance.test_manifest import git, needs_git

TEXT = (ROOT / "Makefile").read_text(encoding="utf-8")
ONE_AT_A_TIME = {"tables": "archived", "regrade": "regraded", "reevaluate": "reevaluated"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_project(tmp_path_factory.mktemp("makefile"))
    (folder / "results").mkdir()
    return folder


def refused(run: subprocess.CompletedProcess[str]) -> str:
    """The one line that says why a target did not run; make adds its own."""
    assert run.returncode == 2, output_of(run)
    assert "Traceback" not in output_of(run)
    (line,) = [line for line in run.stderr.splitlines() if re.match(r"error: |Makefile:\d+: \*\*\* ", line)]
    return line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plan", "GPU=8"], "GPU: not known to make plan, which takes: STUDY CORES DATA GPUS .*; did you mean GPUS[?]"),
        (["demo", "GPU=8"], "GPU: not known to make demo, which takes: CORES; GPUS is for make plan"),
        (["clean"], "STUDY: say which study's results are to go; there are: "),
        (["clean", "STUDY=nosuch"], "STUDY=nosuch: no such results; there are: "),
        (["clean", "STUDY=../results"], "STUDY=../results: no such results"),
        (["compare", "A=results/nosuch", "B=reference/mini"], "results/nosuch: no such folder"),
        (["compare", "A=reference/mini"], "--b: name a folder"),
        (["demo", "STUDY=paper"], "STUDY: not known to make demo, which takes: CORES"),
        (["tables", "SEED=1"], "SEED: not known to make tables"),
        (["verify", "CORES=2"], "CORES: not known to make verify, which takes: nothing"),
        (["score", "MODLE=x"], "MODLE: not known to make score"),
        (
            ["plan", "STUDY=papr"],
            "STUDY=papr: there is no config/papr.yaml; there are: controls development map mini openr1",
        ),
        (["regrade", "STUDY=nosuch"], "STUDY=nosuch: there is no config/nosuch.yaml"),
        (["preflight", "STUDY=nosuch"], "STUDY=nosuch: there is no config/nosuch.yaml"),
        (["preflight", "CONFIG=nosuch.yaml"], "nosuch.yaml: no such file"),
        (["demo", "CORES=two"], "CORES=two: give a number, or all"),
        (["smoke", "CORES=0"], "CORES=0: give a number, or all"),
        (["regrade", "STUDY=mini"], "results/mini: this study has not been run here; there are: none"),
        (["reevaluate"], "results/mini: this study has not been run here"),
        (["reference"], "results/mini/manifest.json is not there: run the study first"),
        (["export"], "results/mini/study.json is not there: run the study first"),
        (["cards"], "results/mini/models: no models there; run the study first"),
        (["score"], "say which model"),
        (["score", "MODEL=docs/my model"], "MODEL=docs/my model: no such folder"),
        (["score", "MODEL=models/theirs"], "MODEL=models/theirs: no such folder.*REVISION="),
        (["score", "MODEL=config"], "MODEL=config: no model's folder: it has no config.json"),
        (["score", "MODEL=reference/mini/bases/small"], "results/mini: this study has not been run here"),
        (["score", "MODEL=owner/name", "REVISION=abc", "STUDY=paper"], "results/paper: this study has not been run"),
        (
            ["score", "MODEL=owner/name", "REVISION=abc", "NAME=Bad-Name"],
            "external_models.Bad-Name|scored.*pattern|faults",
        ),
        (["pilot", "SHARE=much"], "invalid float value: 'much'"),
        (["pilot", "SHARE=2"], "give a share between 0 and 1"),
    ],
)
def test_what_can_not_be_done_is_refused_in_one_line(project: Path, words: list[str], said: str) -> None:
    assert re.search(said, refused(make(project, *words)))


def test_a_plan_that_can_not_be_made_is_refused_in_one_line(project: Path) -> None:
    assert "invalid int value: 'eight'" in refused(make(project, "plan", "GPUS=eight"))


def test_a_plan_without_its_data_names_what_is_missing_and_nothing_else(project: Path) -> None:
    run = make(project, "plan", "STUDY=smoke", "DATA=docs and more")
    assert "names what is not there" in refused(run)
    assert "data_folder: docs and more: no such folder" in output_of(run)
    assert "no graph" not in output_of(run)


@pytest.mark.parametrize("name", ["br{ace", "col:on"])
def test_a_folder_that_would_be_misread_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert "move or rename it" in refused(make(copy_project(tmp_path / name), "plan"))


def test_every_target_that_can_be_told_something_exists() -> None:
    told = re.findall(r"^KNOWS_(\w+) +:= (.+)$", TEXT, re.MULTILINE)
    targets = re.findall(r"^([a-z-]+):.*##", TEXT, re.MULTILINE)
    assert len(told) > 10 and {target for target, _ in told} <= set(targets)
    for _, names in told:
        assert all(f"$({name}" in TEXT for name in names.split())


def test_help_has_every_target_once_in_its_group(project: Path) -> None:
    """And tells of none that is not there; every line fits."""
    shown = make(project, "help").stdout
    lines = re.findall(r"^  ([a-z-]+) ", shown, re.MULTILINE)
    assert sorted(lines) == sorted(re.findall(r"^([a-z-]+):.*##", TEXT, re.MULTILINE))
    assert len(re.findall(r"^\w.*:$", shown, re.MULTILINE)) == 5
    assert max(map(len, shown.splitlines())) <= 120


def test_every_target_that_help_names_does_something(project: Path) -> None:
    """A target without commands of its own would set up, and say nothing."""
    known = make(project, "-p", "-n", "help").stdout
    made = [block for block in known.split("\n\n") if "recipe to execute" in block]
    targets = [name for name in re.findall(r"^([a-z-]+):.*##", TEXT, re.MULTILINE) if not name.startswith("setup")]
    assert len(targets) > 30
    assert [name for name in targets if not any(re.search(rf"^{name}:", block, re.MULTILINE) for block in made)] == []


def test_clean_removes_one_study_or_all(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    project = copy_project(tmp_path / "a b")
    for path in ("results/one/x", "results/two/x", "figures/two/x", "results/README.md"):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).touch()
    assert make(project, "clean", "STUDY=two").returncode == 0
    assert sorted(path.name for path in project.glob("*/*/x")) == ["x"] and (project / "results/one/x").exists()
    assert make(project, "clean", "STUDY=all").returncode == 0
    assert list(project.glob("results/*")) == [project / "results/README.md"]


def test_settings_of_the_user_do_not_reach_a_target(project: Path, tmp_path: Path) -> None:
    """Neither a profile nor a package of another place; a bare `snakemake` takes the profile."""
    shadow = tmp_path / "modules" / "snakemake"
    shadow.mkdir(parents=True)
    (shadow / "__init__.py").write_text("raise SystemExit('a foreign snakemake')\n")
    settings = {
        "SNAKEMAKE_PROFILE": str(tmp_path / "nowhere"),
        "PYTHONPATH": str(shadow.parent),
        "PYTHONHOME": "/nowhere",
    }
    run = make(project, "unlock", settings=settings)
    assert run.returncode == 0, output_of(run)


def test_a_cache_that_cannot_be_written_to_stops_nothing(project: Path) -> None:
    """Snakemake's own goes elsewhere; and `make unlock` takes a lock away that was left."""
    lock = project / ".snakemake" / "locks" / "0.output.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text("results/mini/tables/main.md\n")
    run = make(project, "unlock", settings={"XDG_CACHE_HOME": "/dev/null/cache"})
    assert run.returncode == 0, output_of(run)
    (said,) = [line for line in run.stderr.splitlines() if "/dev/null/cache" in line]
    assert "XDG_CACHE_HOME" in said
    assert (project / ".snakemake" / "cache" / "snakemake").is_dir()
    assert not lock.exists()


def test_a_study_with_chains_has_no_corpus_to_go_first(tmp_path: Path) -> None:
    (tmp_path / "chains").mkdir()
    project = copy_project(tmp_path / "chains")
    first = "--prioritize results/study/corpora/mid.jsonl"
    assert first in output_of(make(project, "-n", "study"))
    path = project / "config/study.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nchains: [301, 302]\n", encoding="utf-8")
    said = output_of(make(project, "-n", "study"))
    assert "--scheduler greedy" in said and "--prioritize" not in said


# --- one at a time ---


@pytest.mark.parametrize("target", ONE_AT_A_TIME)
def test_the_second_of_two_leaves_the_firsts_files_alone(project: Path, target: str) -> None:
    made = project / "results" / ONE_AT_A_TIME[target] / "graded" / "small.jsonl"
    made.parent.mkdir(parents=True, exist_ok=True)
    made.touch()
    command = [sys.executable, "-m", "scripts.alone", "--name", target, "sh", "-c", "echo begun; exec sleep 99"]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout and first.stdout.readline() == "begun\n"
        said = refused(make(project, target))
        assert f"make {target} is running in this folder, as process {first.pid} on" in said
        assert made.exists()
        first.kill()


def test_a_lock_lasts_as_long_as_anything_of_the_command(project: Path) -> None:
    """Where make is killed and what it started lives on, the files are still in use."""
    alone = [sys.executable, "-m", "scripts.alone", "--name", "probe"]
    command = [*alone, "sh", "-c", "sh -c 'echo $$; exec sleep 99' & wait"]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout
        child = first.stdout.readline().strip()
        first.kill()
        first.wait()
        second = subprocess.run([*alone, "true"], cwd=project, capture_output=True, text=True, check=False)
        assert second.returncode == 2 and f"as process {first.pid} on" in second.stderr
        subprocess.run(["kill", "-9", child], check=True)
        first.stdout.read()  # until the child has let go
    assert subprocess.run([*alone, "true"], cwd=project, check=False).returncode == 0
    assert (project / RUNS / "probe.target").is_file()


def test_a_study_that_lacks_what_is_needed_costs_no_earlier_results(project: Path) -> None:
    """`make regrade` on graded traces alone, as an older archive of logs holds them."""
    earlier = project / "results" / "regraded" / "tables" / "main.csv"
    for path in (earlier, project / "results/smoke/tables/main.csv", project / "results/smoke/graded/small.jsonl"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    said = refused(make(project, "regrade", "STUDY=smoke"))
    assert "results/smoke: its cot, corpora, likelihood, problems are not there" in said
    assert earlier.exists()
    shutil.rmtree(project / "results/smoke")


# --- the archive ---


@needs_git
def test_the_archive_is_whole_and_knows_its_commit(tmp_path: Path) -> None:
    project, claims = tmp_path / "project", "reference/mine/tables/claims.csv"
    for folder in ("micota", "scripts", "config"):
        shutil.copytree(ROOT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".gitattributes", ".gitignore", "Makefile", "CITATION.cff", "results/README.md"):
        (project / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, project / name)
    (project / claims).parent.mkdir(parents=True)
    (project / claims).write_text("text,whose,verdict,about\nTwo is more than one,ours,reproduced,\n", encoding="utf-8")
    assert "no git repository" in refused(make(project, "archive"))
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "one")
    (project / "config/mini.yaml").write_text("changed")
    assert "commit or stash" in refused(make(project, "archive"))
    git(project, "checkout", "-q", "config")
    run = make(project, "archive", settings={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    assert run.returncode == 0, output_of(run)
    assert not list((project / "results").glob(".archive*"))
    with tarfile.open(project / "results/micota.tar.xz") as bundle:
        bundle.extractall(project / "tmp", filter="data")
    unpacked = project / "tmp" / "micota"
    sums = subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=unpacked, capture_output=True, check=False)
    assert sums.returncode == 0
    listed = {line.split("  ", 1)[1].removeprefix("./") for line in (unpacked / "SHA256SUMS").read_text().splitlines()}
    assert listed == set(git(project, "ls-files").splitlines()) | {".zenodo.json"}
    assert "Two is more than one" in read_json(unpacked / ".zenodo.json")["description"]
    assert (unpacked / COMMIT).read_text().strip() == git(project, "rev-parse", "HEAD")
    assert "no git repository" in refused(make(unpacked, "archive"))  # though it lies inside one
