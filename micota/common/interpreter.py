"""Which Python the jobs run and which packages it finds: those of Snakemake's own environment, or of `--sdm`.

The rules call `python -m scripts...`. Which interpreter and which packages that means hangs on the shell's PATH and on
Python's own variables, which an HPC module or a user's profile may set for every program. What stands here goes before
the command of each job, after an activated conda environment and inside a container.
"""

import os
import re
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from micota.common.errors import EnvironmentFault

OWN = re.compile(r"PYTHON[A-Z]")  # Python's variables; PYTHON_VERSION and its like are the images' that set them
HARMLESS = {"PYTHONDONTWRITEBYTECODE", "PYTHONFAULTHANDLER", "PYTHONPYCACHEPREFIX", "PYTHONUNBUFFERED"}
# Modules are found in the project, not in the folder that a run was started from or in ~/.local.
SET = {"PYTHONNOUSERSITE": "1", "PYTHONSAFEPATH": "1"}
KEPT_OUT = "MICOTA_KEPT_OUT"  # tells the manifest what of the user's was not followed


def check_folder(folder: Path) -> None:
    """Refuse a project folder that PATH, PYTHONPATH or Snakemake would misread."""
    if found := sorted(set(":{}") & set(str(folder))):
        raise EnvironmentFault(
            f"{folder}: the project's folder has {' and '.join(map(repr, found))} in its path, which PATH (:) and"
            " Snakemake's patterns ({}) give a meaning of their own: move or rename it"
        )


def kept_out(environ: Mapping[str, str]) -> dict[str, str]:
    """The user's settings of Python that jobs do not get."""
    own = {name: value for name, value in environ.items() if OWN.match(name) and name not in HARMLESS}
    return {name: value for name, value in sorted(own.items()) if SET.get(name) != value}


def python_folder(executable: str) -> str:
    """The folder to be first on PATH, so that `python` is the interpreter that Snakemake runs in."""
    folder = Path(executable).parent
    found = shutil.which("python", path=str(folder))
    if ":" in str(folder) or found is None or not Path(found).samefile(executable):
        raise EnvironmentFault(
            f"{executable} runs Snakemake, but the rules' `python` would be another one (that folder has none by this"
            " name, or a colon in its path): start it from an environment, such as .venv/bin/snakemake"
        )
    return str(folder)


def exports(project: Path, executable: str, deployed: bool, environ: Mapping[str, str] = os.environ) -> str:
    """Shell commands that give a job its Python; `deployed`: conda or a container brings the interpreter.

    Raises UserError where the interpreter can't be named by a PATH.
    """
    check_folder(project)
    out = {name: value for name, value in kept_out(environ).items() if value != str(project)}
    values = {**SET, "PYTHONPATH": str(project)}
    if out:
        values[KEPT_OUT] = "; ".join(f"{name}={value}" for name, value in out.items())
    words = [f"{name}={shlex.quote(value)}" for name, value in values.items()]
    if not deployed:
        words.append(f'PATH={shlex.quote(python_folder(executable))}:"$PATH"')
    unset = f"unset {' '.join(out)}; " if out else ""
    return f"{unset}export {' '.join(words)}; "
