"""Jobs run the Python that Snakemake runs in, with its packages, whatever PATH and Python's own variables say."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from snakemake.deployment.conda import Conda

from micota.common.errors import UserError
from micota.common.interpreter import check_folder, exports, kept_out, python_folder
from micota.provenance.manifest import software
from tests.project import ROOT, copy_project, output_of, snakemake

TARGET = "results/mini/problems/train.jsonl"
ASK = "import json, os, sys; print(json.dumps([sys.executable, sys.path, dict(os.environ)]))"


def asked(commands: str, **settings: str) -> tuple[str, list[str], dict[str, str]]:
    """The interpreter, the search path and the environment that `python` has after some shell commands."""
    shell = ["bash", "-c", f"set -euo pipefail; {commands}python -c {shlex.quote(ASK)}"]
    run = subprocess.run(shell, env=os.environ | settings, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    executable, path, environment = json.loads(run.stdout)
    return executable, path, environment


def stand_in(folder: Path, mark: Path) -> Path:
    """A folder whose `python` leaves a mark, and fails."""
    folder.mkdir(parents=True)
    (folder / "python").write_text(f"#!/bin/sh\necho ran >> {shlex.quote(str(mark))}\nexit 1\n")
    (folder / "python").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in a folder whose name a shell and Snakemake would misread if they were told it plainly."""
    folder = tmp_path_factory.mktemp("project") / "a 'b' $HOME % &"
    folder.mkdir()
    return copy_project(folder)


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE", "PYTHONOPTIMIZE"])
def test_settings_of_python_are_kept_out_and_noted(name: str) -> None:
    settings = {name: "/nowhere", "PYTHONDONTWRITEBYTECODE": "1", "PYTHON_VERSION": "3.11"}
    assert kept_out(settings) == {name: "/nowhere"}
    _, path, environment = asked(exports(ROOT, sys.executable, False, settings), **settings)
    assert environment.get(name) == (str(ROOT) if name == "PYTHONPATH" else None)
    assert environment["MICOTA_KEPT_OUT"] == f"{name}=/nowhere"
    assert str(ROOT) in path and "" not in path and "/nowhere" not in path
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1" and environment["PYTHONNOUSERSITE"] == "1"


def test_the_manifest_says_what_was_kept_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MICOTA_KEPT_OUT", "PYTHONPATH=/modules")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert (software(ROOT)["kept_out"], software(ROOT)["pythonpath"]) == ("PYTHONPATH=/modules", None)
    monkeypatch.setenv("PYTHONPATH", "/by/hand")
    assert software(ROOT)["pythonpath"] == "/by/hand"


def test_python_is_the_one_of_snakemake(tmp_path: Path) -> None:
    other = stand_in(tmp_path / "bin", tmp_path / "mark")
    executable, _, _ = asked(exports(ROOT, sys.executable, False, {}), PATH=f"{other}:{os.environ['PATH']}")
    assert Path(executable).parent == Path(sys.executable).parent
    assert not (tmp_path / "mark").exists()


def test_an_interpreter_that_no_path_can_name_is_refused(tmp_path: Path) -> None:
    alone = tmp_path / "python3.11"
    alone.symlink_to(sys.executable)
    with pytest.raises(UserError, match="would be another one"):
        python_folder(str(alone))
    colon = tmp_path / "a:b"
    colon.mkdir()
    (colon / "python").symlink_to(sys.executable)
    with pytest.raises(UserError, match="colon"):
        python_folder(str(colon / "python"))


def test_conda_and_containers_bring_their_own_python(tmp_path: Path) -> None:
    """The command that Snakemake composes: conda is activated first, and what stands before the job's comes after."""
    base, environment = tmp_path / "conda", tmp_path / "environment"
    for folder in (base / "bin", environment / "bin"):
        folder.mkdir(parents=True)
    (base / "bin" / "activate").write_text('export PATH="$1/bin:$PATH" PYTHONPATH=/of/conda\n')
    (environment / "bin" / "python").write_text(f'#!/bin/sh\necho conda >&2\nexec {sys.executable} "$@"\n')
    (environment / "bin" / "python").chmod(0o755)
    settings = {"PYTHONPATH": "/modules"}
    conda = Conda.__new__(Conda)
    conda.prefix_path = str(base)
    conda.bin_path = lambda: str(base / "bin")
    command = conda.shellcmd(
        str(environment), f"{exports(ROOT, sys.executable, True, settings)}python -c {shlex.quote(ASK)}"
    )
    run = subprocess.run(
        ["bash", "-c", command], env=os.environ | settings, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == "conda\n"
    _, path, found = json.loads(run.stdout)
    assert found["PYTHONPATH"] == str(ROOT) and found["MICOTA_KEPT_OUT"] == "PYTHONPATH=/modules"
    assert "/of/conda" not in path and "/modules" not in path


def test_jobs_take_nothing_from_path_or_pythonpath(project: Path, tmp_path: Path) -> None:
    """Snakemake not activated, another python first on PATH, a foreign package on PYTHONPATH, no way to the cwd."""
    mark = tmp_path / "mark"
    other = stand_in(tmp_path / "bin", mark)
    for name in ("scripts", "micota"):
        (tmp_path / "shadow" / name).mkdir(parents=True)
        (tmp_path / "shadow" / name / "__init__.py").write_text(f"open({str(mark)!r}, 'a').write('foreign')\n")
    settings = {"PATH": f"{other}:{os.environ['PATH']}", "PYTHONPATH": str(tmp_path / "shadow"), "PYTHONSAFEPATH": "1"}
    run = snakemake(project, TARGET, settings=settings)
    assert run.returncode == 0, output_of(run)
    assert "micota: PYTHONPATH: the environment sets it" in output_of(run)
    assert not mark.exists()


@pytest.mark.parametrize("way", ["-s", "--directory"])
def test_a_run_may_start_in_another_folder(project: Path, tmp_path: Path, way: str) -> None:
    """Results lie below the current folder (or that of --directory), code and committed files are the checkout's."""
    arguments = ["-s", str(project / "Snakefile")]
    folder = tmp_path
    if way == "--directory":
        arguments += ["--directory", str(tmp_path / "elsewhere")]
        folder = tmp_path / "elsewhere"
        folder.mkdir()
    run = snakemake(tmp_path, *arguments, TARGET, "results/mini/models/small")
    assert run.returncode == 0, output_of(run)
    assert (folder / TARGET).is_file() and (folder / "results/mini/models/small/model.safetensors").is_file()
    plan = snakemake(tmp_path, *arguments, "-n")
    assert plan.returncode == 0 and "train" in output_of(plan), output_of(plan)


@pytest.mark.parametrize("name", ["br{ace", "ace}", "col:on"])
def test_a_folder_that_would_be_misread_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="move or rename"):
        check_folder(tmp_path / name)


def test_snakemake_does_not_start_in_a_folder_that_would_be_misread(tmp_path: Path) -> None:
    (tmp_path / "br{ace").mkdir()
    run = snakemake(copy_project(tmp_path / "br{ace"), "-n")
    assert run.returncode == 2
    (line,) = [line for line in output_of(run).splitlines() if line.startswith("error:")]
    assert "move or rename it" in line and "Traceback" not in output_of(run)


def test_strict_mode_of_the_shell_holds_on_the_cpu(project: Path) -> None:
    """A prefix of one's own takes the place of Snakemake's `set -euo pipefail`."""
    text = (project / "Snakefile").read_text()
    probe = '\n\nrule probe:\n    output: "results/probe"\n    shell: "false | true; echo done > {output}"\n'
    (project / "Snakefile").write_text(text + probe)
    try:
        run = snakemake(project, "results/probe", "--config", "device=cpu")
    finally:
        (project / "Snakefile").write_text(text)
    assert run.returncode != 0 and not (project / "results/probe").exists()
