"""`make setup`: what it refuses before any download, and what may stand in its way.

The real envs/install.sh on played machines: see tests/machine.py.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.machine import CLEAN, Place, fails, linux
from tests.project import ROOT


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return linux(tmp_path)


# --- what is refused ---


@pytest.mark.parametrize(
    "kind",
    [
        "CPython 3.10",
        "CPython 3.14",
        "CPython 2.7",
        "PyPy 3.11",
        "CPython 3.13 (free-threaded)",
        "CPython 3.11 (32-bit)",
    ],
)
@pytest.mark.parametrize("variant", ["cpu", "test", "gpu"])
def test_a_python_without_wheels_is_refused_before_any_download(place: Place, kind: str, variant: str) -> None:
    place.python(kind=kind)
    fails(place.install(variant), f"python3 is {kind}", "3.11, 3.12 and 3.13", "make setup PYTHON=python3.11")
    assert not place.venv.exists()
    assert not place.calls()


@pytest.mark.parametrize("kind", ["", "CPython 3.11", "CPython 3.12", "CPython 3.13"])
def test_a_python_with_wheels_is_taken(place: Place, kind: str) -> None:
    """The empty one is the real Python's own answer."""
    place.python(kind=kind)
    run = place.install()
    assert run.returncode == 0, run.stderr
    assert (place.venv / "cpu.installed").exists()


def test_a_virtual_environment_of_such_a_python_is_refused_too(place: Place) -> None:
    assert place.install().returncode == 0
    place.log.unlink()
    shutil.copy(place.venv / "bin/python", place.venv / "bin/kept")
    text = (place.venv / "bin/python").read_text().replace("CPython 3.11", "CPython 3.14")
    (place.venv / "bin/python").write_text(text)
    fails(place.install(), "bin/python is CPython 3.14", "remove .venv")
    assert not place.calls()


def test_a_python_that_does_not_run_is_not_called_too_old(place: Place) -> None:
    place.python(name="python9", kind="")
    place.tool("python9", "echo 'Fatal Python error: init_fs_encoding' >&2; exit 1")
    fails(place.install(PYTHON="python9"), "python9 does not run: Fatal Python error")
    fails(place.install(PYTHON="python8"), "python8: not found")


@pytest.mark.parametrize(
    ("machine", "variant", "said"),
    [
        ({"libc": "glibc 2.27"}, "cpu", "glibc 2.27; the packages' wheels need 2.28"),
        ({"libc": "glibc 2.17"}, "test", "2.28"),
        ({"libc": "glibc 2.28"}, "gpu", "glibc 2.28, and vLLM needs 2.31"),
        ({"machine": "aarch64"}, "gpu", "the CUDA build is for Linux x86_64"),
        ({"machine": "ppc64le"}, "cpu", "Linux ppc64le"),
        ({"machine": "i686"}, "cpu", "Linux i686"),
        ({"system": "Darwin", "machine": "x86_64"}, "cpu", "macOS on Intel"),
        ({"system": "Darwin", "machine": "arm64"}, "gpu", "the CUDA build is for Linux x86_64"),
        ({"system": "MINGW64_NT-10.0-22631"}, "cpu", "WSL"),
        ({"system": "FreeBSD", "machine": "amd64"}, "cpu", "FreeBSD amd64"),
    ],
)
def test_a_machine_without_wheels_is_refused_before_any_download(
    place: Place, machine: Mapping[str, str], variant: str, said: str
) -> None:
    place.machine(**machine)
    place.tool("sw_vers", "echo 15.1")
    fails(place.install(variant), said)
    assert not place.venv.exists()


def test_another_c_library_and_an_old_macos_are_refused(place: Place) -> None:
    """musl has no GNU_LIBC_VERSION, and its ldd says its name on stderr, with status 1."""
    place.tool("getconf", "echo 'getconf: GNU_LIBC_VERSION: unknown variable' >&2; exit 1")
    place.tool("ldd", "printf 'musl libc (x86_64)\\nVersion 1.2.5\\n' >&2; exit 1")
    fails(place.install(), "musl", "glibc")
    place.tool("ldd", "echo 'ldd (GNU libc) 2.26'")
    fails(place.install(), "glibc 2.26")
    place.machine(system="Darwin", machine="arm64")
    place.tool("sw_vers", "echo 13.7.1")
    fails(place.install(), "macOS 13.7.1", "macOS 14")


@pytest.mark.parametrize(
    ("machine", "variant", "installed"),
    [
        ({"libc": "glibc 2.28"}, "cpu", ["envs/cpu.lock", "torch+cpu"]),
        ({"libc": "glibc 2.31"}, "test", ["envs/test.lock", "torch+cpu"]),
        ({"libc": "glibc 2.31"}, "gpu", ["envs/gpu.lock"]),
        ({"libc": "glibc 2.28"}, "viewers", ["envs/viewers.lock"]),
        ({"libc": "glibc 2.28"}, "docs", ["envs/docs.lock"]),
        ({"libc": "glibc 2.28"}, "test", ["envs/cpu.lock", "envs/tools.lock", "torch+cpu"]),
        ({"machine": "aarch64"}, "test", ["envs/cpu.lock", "envs/tools.lock", "torch+cpu"]),
        ({"system": "Darwin", "machine": "arm64"}, "test", ["envs/cpu.lock", "envs/tools.lock", "torch"]),
        ({"libc": "something new"}, "test", ["envs/test.lock", "torch+cpu"]),
    ],
)
def test_every_machine_gets_the_locks_that_have_its_wheels(
    place: Place, machine: Mapping[str, str], variant: str, installed: list[str]
) -> None:
    place.machine(**machine)
    place.tool("sw_vers", "echo 14.0")
    run = place.install(variant)
    assert run.returncode == 0, run.stderr
    assert [re.sub(r"==[^+]*", "", name) for name in place.installed()] == installed
    assert (place.venv / f"{variant}.installed").exists()


# --- the virtual environment ---


def test_a_named_python_is_held_against_that_of_the_environment(place: Place) -> None:
    place.python("python3.12", "CPython 3.12")
    place.python("python3.11", "CPython 3.11")
    assert place.install(PYTHON="python3.12").returncode == 0
    fails(place.install(PYTHON="python3.11"), ".venv has CPython 3.12, and python3.11 is CPython 3.11: remove .venv")
    assert (place.venv / "cpu.installed").exists()
    for other in ("python3.12", ""):  # the same; none named: python3 is 3.11
        assert place.install(PYTHON=other).returncode == 0
    fails(place.install(PYTHON="python3.14"), "python3.14: not found")


def test_make_looks_at_a_named_python_even_where_all_is_installed(place: Place) -> None:
    place.python("python3.12", "CPython 3.12")
    assert place.call("make", "setup").returncode == 0
    assert "install.sh" not in place.call("make", "setup").stdout
    run = place.call("make", "setup", "PYTHON=python3.12")
    assert run.returncode == 2
    assert ".venv has CPython 3.11, and python3.12 is CPython 3.12" in run.stderr


@pytest.mark.parametrize("stale", ["dangling", "other"])
def test_what_is_stale_is_made_again(place: Place, stale: str) -> None:
    """A link to a Python that is gone, and an installation by another Python that was cut short before pip came."""
    (place.venv / "bin").mkdir(parents=True)
    (place.venv / "pyvenv.cfg").touch()
    (place.venv / "bin/leftover").touch()
    if stale == "dangling":
        (place.venv / "bin/python").symlink_to("/none/python")
    else:
        place.python("python3.12", "CPython 3.12")
        text = (
            (place.folder / "bin/python3.12")
            .read_text()
            .replace('"-m pip --version") ;;', '"-m pip --version") exit 1 ;;')
        )
        (place.venv / "bin/python").write_text(text)
        (place.venv / "bin/python").chmod(0o755)
    run = place.install()
    assert run.returncode == 0, run.stderr
    assert not (place.venv / "bin/leftover").exists()


def test_a_folder_that_is_no_environment_is_not_touched(place: Place) -> None:
    (place.folder / "mine").mkdir()
    (place.folder / "mine/thesis.txt").write_text("all of it")
    fails(place.install(VENV="mine"), "mine is a folder with something else in it")
    assert (place.folder / "mine/thesis.txt").read_text() == "all of it"
    (place.folder / "empty").mkdir()
    assert place.install(VENV="empty").returncode == 0


def test_what_cannot_be_written_is_said_and_debian_is_not_blamed(place: Place) -> None:
    """A file is in the way; tests may run as root, whom no mode keeps out."""
    (place.folder / "file").touch()
    run = place.install(VENV="file/venv")
    fails(run, "cannot write to file/venv (Not a directory)", "make setup VENV=folder")
    assert "Debian" not in run.stderr
    place.python(kind="CPython 3.11", ensurepip="exit 1")
    fails(place.install(), "python3 has no venv or ensurepip", "python3-venv")


def test_two_at_once_take_turns(place: Place) -> None:
    place.uv(f"echo begin >>{place.log}; sleep 0.2; echo end >>{place.log}")
    env = {**CLEAN, "HOME": str(place.folder), "PATH": f"{place.folder}/bin{os.pathsep}{os.environ['PATH']}"}
    command = ["bash", "envs/install.sh"]
    both = [subprocess.Popen([*command, variant], cwd=place.folder, env=env) for variant in ("cpu", "test")]
    assert [process.wait() for process in both] == [0, 0]
    turns = [line for line in place.log.read_text().splitlines() if line in ("begin", "end")]
    assert turns == ["begin", "end"] * 4
    locks = [name for name in place.installed() if name.endswith(".lock")]
    assert sorted(locks) == ["envs/cpu.lock", "envs/test.lock"]
    torches = [line for line in place.installed() if line.startswith("torch")]
    assert len(torches) == 2


def test_setup_and_setup_test_together_are_one_installation(place: Place) -> None:
    run = place.call("make", "-j2", "setup", "setup-test")
    assert run.returncode == 0, run.stderr
    assert place.installed()[0] == "envs/test.lock"
    assert len(place.installed()) == 2


# --- how the source came ---


def test_scripts_need_no_modes(place: Place) -> None:
    """A zip unpacked by a tool that drops them."""
    for script in (place.folder / "envs").glob("*.sh"):
        script.chmod(0o644)
    run = place.call("make", "setup")
    assert run.returncode == 0, run.stderr
    targets = {"lock": "setup", "test-slurm": "setup-test"}
    commands = [place.call("make", "-n", "-o", done, target).stdout for target, done in targets.items()]
    commands.append((ROOT / "envs/container.def").read_text(encoding="utf-8").partition("%post")[2])
    for text in commands:
        scripts = [line for line in text.splitlines() if ".sh" in line]
        assert scripts
        assert all(re.search(r"\bbash \S+\.sh", line) for line in scripts)


def test_a_clone_has_no_carriage_returns(tmp_path: Path) -> None:
    """By Git for Windows, whose default is autocrlf; and what is binary stays as it is."""
    source, clone = tmp_path / "source", tmp_path / "clone"
    source.mkdir()
    names = ("envs/install.sh", "envs/settings.sh", "Makefile", ".gitattributes", "envs/cpu.lock")
    for name in names:
        (source / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    binary = dict.fromkeys(("a.png", "a.safetensors", "a.tar.xz", "a.pdf"), b"a\r\nb\nc")
    for name, content in binary.items():
        (source / name).write_bytes(content)
    git = ["git", "-c", "core.autocrlf=true", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"], ["clone", "-q", ".", str(clone)]):
        subprocess.run([*git, *command], cwd=source, check=True, capture_output=True)
    for name in names:
        assert (clone / name).read_bytes() == (ROOT / name).read_bytes(), name
    for name, content in binary.items():
        assert (clone / name).read_bytes() == content
