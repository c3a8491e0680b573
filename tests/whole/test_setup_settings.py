"""`make setup`: of the user's settings, those of where packages come from reach pip and uv, and no others."""

import re
import shutil
from pathlib import Path

import pytest

from tests.machine import Place, linux


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return linux(tmp_path)


HARMFUL = {
    "PIP_USER": "1", "PIP_TARGET": "t", "PIP_PREFIX": "t", "PIP_ROOT": "t", "PIP_NO_DEPS": "0", "PIP_DRY_RUN": "1",
    "PIP_REQUIRE_VIRTUALENV": "1", "PIP_NO_BINARY": ":all:", "PIP_ONLY_BINARY": ":all:", "PIP_CONSTRAINT": "none.txt",
    "PIP_PYTHON": "none", "PIP_QUIET": "3", "PIP_LOG": "none/log", "PIP_REQUIRE_HASHES": "1", "PIP_PRE": "1",
    "PIP_PLATFORM": "any", "PIP_BREAK_SYSTEM_PACKAGES": "1", "PIP_UPGRADE": "1", "PIP_REQUIREMENT": "none.txt",
    "PIP_ISOLATED": "1", "PIP_NO_BUILD_ISOLATION": "1", "PIP_IGNORE_INSTALLED": "1", "PIP_SRC": "t", "PIP_REPORT": "r",
    "UV_REQUIRE_HASHES": "1", "UV_EXCLUDE_NEWER": "2025-01-01", "UV_SYSTEM_PYTHON": "1", "UV_TARGET": "t",
    "UV_NO_BINARY": "1", "UV_NO_BUILD": "1", "UV_CONSTRAINT": "none.txt", "UV_BUILD_CONSTRAINT": "none.txt",
    "UV_OVERRIDE": "none.txt", "UV_PRERELEASE": "allow", "UV_RESOLUTION": "lowest", "UV_NO_DEPS": "1",
    "UV_NO_VERIFY_HASHES": "1", "UV_PYTHON": "3.9", "UV_TORCH_BACKEND": "cu128", "UV_CONFIG_FILE": "none.toml",
    "UV_PROJECT_ENVIRONMENT": "t", "UV_WORKING_DIRECTORY": "t", "UV_ENV_FILE": "none", "UV_BREAK_SYSTEM_PACKAGES": "1",
    "PYTHONHOME": "/none", "PYTHONPATH": "/none", "PYTHONSTARTUP": "none.py", "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2", "PYTHONINSPECT": "1", "PYTHONUSERBASE": "t", "PYTHONHASHSEED": "wrong", "PYTHONVERBOSE": "1",
    "PYTHONPLATLIBDIR": "none", "PYTHONNOUSERSITE": "1", "PYTHONSAFEPATH": "1", "CDPATH": "/",
}  # fmt: skip


def test_no_other_setting_of_the_user_reaches_pip_uv_or_python(place: Place) -> None:
    """All at once, none of them on a list in envs/settings.sh: what may pass is listed there."""
    (place.folder / "pip.conf").write_text("[global]\nquiet = 2\nno-deps = no\n[install]\nuser = true\ntarget = t\n")
    place.python(kind="")  # the real one, which does not start with some of them
    run = place.install("test", PIP_CONFIG_FILE=str(place.folder / "pip.conf"), **HARMFUL)
    assert run.returncode == 0, run.stderr
    assert len(place.calls()) == 3  # uv, the lock, torch
    for settings in place.told():
        assert not settings.keys() & HARMFUL.keys()
        assert settings["PIP_CONFIG_FILE"] == "/dev/null"
        assert settings["UV_NO_CONFIG"] == "1"


KEPT = {
    "UV_INDEX": "https://a.example/simple", "UV_INDEX_A_PASSWORD": "secret", "UV_OFFLINE": "1", "UV_CACHE_DIR": "/c",
    "UV_HTTP_TIMEOUT": "900", "UV_HTTP_RETRIES": "9", "UV_CONCURRENT_DOWNLOADS": "2", "UV_LINK_MODE": "copy",
    "UV_SYSTEM_CERTS": "1", "UV_INSECURE_HOST": "a.example", "UV_KEYRING_PROVIDER": "subprocess",
    "PIP_RETRIES": "7", "PIP_DEFAULT_TIMEOUT": "180", "PIP_CACHE_DIR": "/p", "PIP_PROXY": "http://proxy.example:3128",
}  # fmt: skip


def test_where_packages_come_from_is_kept(place: Place) -> None:
    assert place.install(**KEPT).returncode == 0
    for settings in place.told():
        assert settings.items() >= KEPT.items()
        assert settings["https_proxy"] == "http://proxy.example:3128"


PIP_CONF = """
[global]
index-url = https://mirror.example/simple
extra-index-url = https://b.example/simple
    https://c.example/simple
find_links =
    /wheels/a
    /wheels/b
trusted-host = mirror.example
timeout = 20
cache-dir = /scratch/pip
no-cache-dir = true
client-cert = /me.pem
[install]
retries = 7
cert = {cert}
proxy = http://proxy.example:3128
user = true
[download]
index-url = https://wrong.example/simple
"""


@pytest.mark.parametrize("home", [True, False])
def test_uv_is_told_what_pip_is_told_by_its_files(place: Place, home: bool) -> None:
    """A file that PIP_CONFIG_FILE names, and the one in the home folder."""
    path = place.folder / (".config/pip/pip.conf" if home else "named.conf")
    path.parent.mkdir(parents=True, exist_ok=True)
    certificates = place.folder / "certificates.pem"
    certificates.touch()
    path.write_text(PIP_CONF.format(cert=certificates))
    run = place.install(**{} if home else {"PIP_CONFIG_FILE": str(path)})
    assert run.returncode == 0, run.stderr
    pip, *uv = place.told()
    assert pip["PIP_INDEX_URL"] == "https://mirror.example/simple"
    assert pip["PIP_TIMEOUT"] == "20"
    assert pip["PIP_FIND_LINKS"].split() == ["/wheels/a", "/wheels/b"]
    for settings in uv:
        assert settings["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
        assert settings["UV_INDEX"].split() == ["https://b.example/simple", "https://c.example/simple"]
        assert settings["UV_INDEX_STRATEGY"] == "unsafe-best-match"
        assert settings["UV_INSECURE_HOST"] == "mirror.example"
        assert settings["UV_HTTP_RETRIES"] == "7"
        assert settings["UV_CACHE_DIR"] == "/scratch/pip/uv"
        assert settings["UV_NO_CACHE"] == "1"
        assert settings["SSL_CERT_FILE"] == str(certificates)
        assert settings["SSL_CLIENT_CERT"] == "/me.pem"
        assert settings["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert all("--find-links /wheels/a --find-links /wheels/b" in call for call in place.calls()[1:])


def test_the_environment_goes_before_pips_files_and_uvs_own_variables_before_both(place: Place) -> None:
    (place.folder / "named.conf").write_text("[global]\nindex-url = https://file.example\nretries = 3\n")
    told = {"PIP_CONFIG_FILE": "named.conf", "PIP_INDEX_URL": "https://pip.example", "UV_HTTP_RETRIES": "5"}
    assert place.install(**told).returncode == 0
    assert place.told()[-1].items() >= {"UV_DEFAULT_INDEX": "https://pip.example", "UV_HTTP_RETRIES": "5"}.items()
    place.log.unlink()
    assert place.install(**told, UV_DEFAULT_INDEX="https://uv.example").returncode == 0
    assert place.told()[-1]["UV_DEFAULT_INDEX"] == "https://uv.example"


@pytest.mark.parametrize("name", ["PIP_NO_INDEX", "UV_NO_INDEX"])
def test_without_an_index_uv_asks_none(place: Place, name: str) -> None:
    """uv itself has no such variable."""
    assert place.install(**{name: "true", "PIP_FIND_LINKS": "/wheels"}).returncode == 0
    assert all("--no-index" in call for call in place.calls()[1:])
    place.uv("[[ $* != *torch==* ]] || { echo 'no wheel' >&2; exit 1; }")
    shutil.copy(place.folder / "bin/uv-to-install", place.venv / "bin/uv")
    run = place.install(**{name: "1", "PIP_FIND_LINKS": "/wheels"})
    assert run.returncode == 2
    assert "no index may be asked" in run.stderr


def test_why_torch_is_not_taken_from_the_wheel_folder_is_said(place: Place) -> None:
    """Such as wheels for another Python; then it is looked for on PyTorch's index."""
    place.uv(
        "[[ $* != *--no-index* ]] || { echo 'cause: torch has no wheels with a matching tag (cp313)' >&2; exit 1; }"
    )
    run = place.install(PIP_FIND_LINKS="/wheels")
    assert run.returncode == 0, run.stderr
    assert re.search(r"torch==\S+ is not in /wheels:\ncause: torch has no wheels with a matching tag", run.stderr)
    assert "--default-index" in place.calls()[-1]


def test_settings_that_pip_cannot_read_are_an_error(place: Place) -> None:
    (place.folder / "named.conf").write_text("no section\n")
    run = place.install(PIP_CONFIG_FILE="named.conf")
    assert run.returncode == 2
    assert run.stderr.splitlines()[-1] == "error: pip cannot read its settings, see above"
