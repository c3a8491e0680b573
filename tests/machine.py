"""Machines that tests of envs/install.sh play: pythons, uv and uname that say what a test wants, without downloads."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.project import ROOT

# A python that makes virtual environments of copies of itself and "installs" uv; the rest is the real one's.
PYTHON = """#!/usr/bin/env bash
case "$*" in
    "-m venv "*) mkdir -p "${{@: -1}}/bin" && cp "$0" "${{@: -1}}/bin/python" && touch "${{@: -1}}/pyvenv.cfg" ;;
    "-m pip --version") ;;
    "-m pip install "*) echo "pip $*" >>{log}; env >>{log}; cp {uv} "${{0%/*}}/uv" ;;
    "-c import platform"*) {kind} ;;
    "-c import ensurepip"*) {ensurepip} ;;
    *) exec {real} "$@" ;;
esac
"""
UV = """#!/usr/bin/env bash
if [[ $1 == --version ]]; then echo uv {version}; exit; fi
echo "uv $*" >>{log}
env >>{log}
{then}
"""
OURS = ("PIP_", "UV_", "PYTHON", "SSL_", "HTTP", "http")
# What a test starts from: none of the machine's own settings.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith((*OURS, "REQUESTS_", "CURL_"))}


@dataclass
class Place:
    """A copy of what set-up reads, with tools that play another machine."""

    folder: Path

    @property
    def venv(self) -> Path:
        return self.folder / ".venv"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def tool(self, name: str, text: str) -> Path:
        path = self.folder / "bin" / name
        path.write_text(text if text.startswith("#!") else f"#!/usr/bin/env bash\n{text}\n")
        path.chmod(0o755)
        return path

    def python(self, name: str = "python3", kind: str = "", ensurepip: str = "true") -> None:
        """A python of this kind, `CPython 3.12`; the real one's if none is given."""
        said = f"echo '{kind}'" if kind else f'exec {sys.executable} "$@"'
        uv = self.folder / "bin" / "uv-to-install"
        text = PYTHON.format(log=self.log, uv=uv, kind=said, ensurepip=ensurepip, real=sys.executable)
        self.tool(name, text)

    def uv(self, then: str = "true") -> None:
        version = re.search(r"^uv==(\S+)", (ROOT / "envs/installer.lock").read_text(), re.M)
        assert version
        self.tool("uv-to-install", UV.format(version=version[1], log=self.log, then=then))

    def machine(self, system: str = "Linux", machine: str = "x86_64", libc: str = "glibc 2.36") -> None:
        """What uname and the C library say."""
        self.tool("uname", f'case $1 in -s) echo "{system}" ;; -m) echo "{machine}" ;; esac')
        self.tool("getconf", f'echo "{libc}"')

    def install(self, variant: str = "cpu", **environment: str) -> subprocess.CompletedProcess[str]:
        return self.call("bash", "envs/install.sh", variant, **environment)

    def call(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {**CLEAN, "HOME": str(self.folder), "PATH": f"{self.folder}/bin{os.pathsep}{os.environ['PATH']}"}
        return subprocess.run(
            command, cwd=self.folder, env=env | environment, capture_output=True, text=True, check=False
        )

    def calls(self) -> list[str]:
        """The command lines that pip and uv were given, shortened to what they are to install."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines if line.startswith(("uv pip", "pip -m"))]

    def installed(self) -> list[str]:
        """The locks and packages that uv was to install, in order."""
        return [line.rpartition(" ")[2] for line in self.calls() if line.startswith("uv")]

    def told(self) -> list[dict[str, str]]:
        """The settings of pip, uv and Python that each call had in its environment."""
        calls: list[dict[str, str]] = []
        for line in self.log.read_text().splitlines():
            if line.startswith(("uv pip", "pip -m")):
                calls.append({})
            elif line.startswith(OURS) and "=" in line:
                name, _, value = line.partition("=")
                calls[-1][name] = value
        return calls


def linux(folder: Path) -> Place:
    """Linux on x86_64, glibc 2.36, CPython 3.11; all goes well."""
    (folder / "bin").mkdir()
    shutil.copytree(ROOT / "envs", folder / "envs")
    shutil.copy(ROOT / "Makefile", folder)
    made = Place(folder)
    made.machine()
    made.uv()
    made.python(kind="CPython 3.11")
    return made


def fails(run: subprocess.CompletedProcess[str], *said: str) -> None:
    """Status 2 and one line, which says this."""
    assert run.returncode == 2, run.stdout + run.stderr
    (line,) = run.stderr.splitlines()
    assert line.startswith("error: ")
    for part in said:
        assert part in line
