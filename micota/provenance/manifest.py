"""What a run was: the code, the configuration, the software and the machine, the files that went in and came out.

Nothing here may stop a study that has ended: what cannot be found out (no git, no GPU, no benchmark files) is null.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import distributions
from math import fsum
from pathlib import Path
from typing import Any

from micota.common.interpreter import KEPT_OUT
from micota.common.records import Record, read_json
from micota.common.seals import file_hash
from micota.common.timings import read_timings

COMMIT = "micota/commit.txt"  # its text is replaced when git makes an archive (.gitattributes)
HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
PLACES = ("path", "pretrained", "file")  # keys of a configuration that lead to local files
OUTPUTS = ("problems/*.jsonl", "corpora/*.jsonl", "graded/*.jsonl", "likelihood/*.jsonl", "tables/*")


def config_hash(config: Mapping[str, Any]) -> str:
    """SHA-256 of a configuration as JSON with sorted keys: of what it says, not of how it is laid out."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


def shortened(path: str, *folders: Path | None) -> str:
    """A path as it is on any machine: below the first of these folders that it is in, else its last part."""
    for folder in filter(None, folders):
        if Path(path).absolute().is_relative_to(folder.absolute()):
            return str(Path(path).absolute().relative_to(folder.absolute()))
    return Path(path).name if Path(path).is_absolute() else path


def without_places(block: Any, project: Path) -> Any:
    """A configuration without what this machine alone knows: the folder of the data, the way to a file."""
    if isinstance(block, Mapping):
        kept = {key: value for key, value in block.items() if key != "data_folder"}
        return {
            key: shortened(value, project) if key in PLACES and value else without_places(value, project)
            for key, value in kept.items()
        }
    return [without_places(value, project) for value in block] if isinstance(block, list) else block


def seeds(block: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every seed of the configuration, by its key: of data, models, masks and sampling."""
    if isinstance(block, Mapping):
        for key, value in block.items():
            here = f"{place}.{key}".lstrip(".")
            if key in ("seed", "seeds", "mask_seeds"):
                yield here, value
            else:
                yield from seeds(value, here)
    elif isinstance(block, list):
        for index, value in enumerate(block):
            yield from seeds(value, f"{place}.{index}")


def revisions(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every repository of the hub that the configuration names, by its block, and its commit."""
    for key in ("datasets", "bases", "external_models"):
        for name, block in (config.get(key) or {}).items():
            hub = (block.get("hub") or {}) if key == "datasets" else block
            if hub.get("repo"):
                yield f"{key}.{name}", f"{hub['repo']}@{hub['revision']}"


def asked(*command: str, folder: Path | None = None) -> subprocess.CompletedProcess[str] | None:
    """A command's output and exit status; None where there is no such command."""
    if shutil.which(command[0]) is None:
        return None
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def said_by(*command: str, folder: Path | None = None) -> str | None:
    """What a command prints; None where it is missing or fails."""
    run = asked(*command, folder=folder)
    return run.stdout.strip() if run and run.returncode == 0 else None


def code(project: Path) -> Record:
    """Commit of the project and whether its files differ from it.

    In an archive of the repository (`git archive`, a hub's zip, `make archive`) the commit stands in micota/commit.txt,
    and nobody knows of changes. Null outside both and inside another project's repository; `why` where git fails.
    """
    # In a container the folder may belong to another user, whose repositories git refuses unless it is told.
    git = ("git", "-c", "safe.directory=*")
    top = asked(*git, "rev-parse", "--show-toplevel", folder=project)
    if top and top.returncode == 0 and Path(top.stdout.strip()).resolve() == project.resolve():
        changes = said_by(*git, "status", "--porcelain", folder=project)
        commit = said_by(*git, "rev-parse", "HEAD", folder=project)
        return {"commit": commit, "dirty": None if changes is None else bool(changes)}
    archived = project / COMMIT
    if archived.is_file() and (match := HASH.fullmatch(archived.read_text(encoding="utf-8").strip())):
        return {"commit": match[0], "dirty": None}
    found: Record = {"commit": None, "dirty": None}
    if top and top.returncode and "not a git repository" not in top.stderr:
        found["why"] = " ".join(top.stderr.split())
    return found


def software(project: Path) -> Record:
    """Python, the packages that it imports, and the locks that the environments are made from.

    `kept_out` is what of the user's settings of Python the jobs did not get (micota/common/interpreter.py), or did get,
    where this is not run by a rule.
    """
    packages: dict[str, tuple[str, str]] = {}
    for found in distributions():
        if name := found.metadata["Name"]:  # of two of one name the first on sys.path is imported
            packages.setdefault(re.sub(r"[-_.]+", "-", name).lower(), (str(name), found.version))
    locks = {path.name: file_hash(path) for path in sorted(project.glob("envs/*.lock"))}
    path = os.environ.get("PYTHONPATH")
    return {
        "python": platform.python_version(),
        "packages": dict(sorted(packages.values())),
        "locks": locks,
        "kept_out": os.environ.get(KEPT_OUT),
        "pythonpath": None if path in ("", str(project)) else path,
    }


def hardware() -> Record:
    """The machine that this runs on: on a cluster, that of the last job."""
    gpus = said_by("nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader")
    return {
        "system": platform.platform(),
        "processor": field_of("/proc/cpuinfo", "model name") or platform.processor() or None,
        "cores": os.cpu_count(),
        "memory": field_of("/proc/meminfo", "MemTotal"),
        "gpus": gpus.splitlines() if gpus else [],
    }


def field_of(path: str, name: str) -> str | None:
    """The first value of a field of a /proc file; None on systems that have none."""
    if not Path(path).is_file():
        return None
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)


def hashes(folder: Path, patterns: Iterable[str]) -> dict[str, str]:
    """Path below the folder -> SHA-256, of every file that a pattern names."""
    paths = sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})
    return {str(path.relative_to(folder)): file_hash(path) for path in paths}


def imported(results: Path, *folders: Path | None) -> dict[str, Record]:
    """Corpus that was made elsewhere -> where its rows are from, under which licence, and how many they were."""
    shown = ("dataset", "source", "config", "split", "sha256", "licence", "rows", "traces")
    found = {path.stem: read_json(path) for path in sorted(results.glob("imported/*.json"))}
    return {
        corpus: {key: made[key] for key in shown if key in made} | {"source": shortened(made["source"], *folders)}
        for corpus, made in found.items()
    }


def weights(results: Path) -> dict[str, dict[str, str]]:
    """Model -> hashes of its weights, as the model's own record has them (they may be large)."""
    found = {path.parent.name: read_json(path) for path in sorted(results.glob("models/*/micota.json"))}
    return {model: made["sha256"] for model, made in found.items() if "sha256" in made}


def costs(benchmarks: Path) -> dict[str, Record]:
    """Rule -> number of jobs and their seconds, from the files that Snakemake wrote; GPU columns where it has such."""
    found: dict[str, Record] = {}
    for rule, jobs in read_timings(benchmarks).items():
        columns = dict.fromkeys(name for row in jobs.values() for name in row if name.startswith("gpu"))
        named = {"wall_seconds": "s", "cpu_seconds": "cpu_time"} | {name: name for name in columns}
        measured = {name: [row[column] for row in jobs.values() if column in row] for name, column in named.items()}
        sums = {name: round(fsum(values), 2) for name, values in measured.items() if values}
        found[rule] = {"jobs": len(jobs), "wall_seconds": 0.0} | sums
    return found


def page(manifest: Record) -> str:
    """The manifest in short, as Markdown."""
    code, machine, software = manifest["code"], manifest["hardware"], manifest["software"]
    state = {True: ", with uncommitted changes", False: "", None: ""}[code["dirty"]]
    shown = ("torch", "transformers", "trl", "vllm", "mergekit", "math-verify", "snakemake")
    versions = ", ".join(f"{name} {software['packages'][name]}" for name in shown if name in software["packages"])
    origins = [f"{name}: {made['source']} ({made['licence'] or 'licence not known'})"
               for name, made in manifest.get("imported", {}).items()]  # fmt: skip
    total = fsum(rule["wall_seconds"] for rule in manifest["costs"].values())
    rows = {
        "Study": manifest["study"],
        "Code": f"{code['commit']}{state}" if code["commit"] else code.get("why", "not in a git repository"),
        "Configuration (SHA-256)": manifest["config_sha256"],
        **({"Chains": ", ".join(map(str, chains))} if (chains := manifest["config"].get("chains")) else {}),
        "Training seeds": ", ".join(map(str, manifest["seeds"]["students"])),
        "Python": software["python"],
        "Packages": versions or "none of those that decide results",
        "Machine": f"{machine['system']}; {machine['processor']}, {machine['cores']} cores, {machine['memory']}",
        "GPUs": "; ".join(machine["gpus"]) or "none",
        "Files hashed": ", ".join(f"{len(manifest[key])} {key}" for key in ("inputs", "outputs", "weights")),
        "Wall time of all jobs": f"{total / 3600:.2f} h" if manifest["costs"] else "not recorded",
    }
    rows |= {"Imported traces": "; ".join(origins)} if origins else {}
    named = {"kept_out": "Kept out of the jobs", "pythonpath": "PYTHONPATH, which goes before the packages"}
    rows |= {name: software[key] for key, name in named.items() if software.get(key)}
    lines = ["| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in rows.items())]
    if manifest["costs"]:
        keys = list(dict.fromkeys(key for rule in manifest["costs"].values() for key in rule))
        lines += ["", f"| rule | {' | '.join(keys)} |", "|---" + "|---:" * len(keys) + "|"]
        lines += [
            f"| {name} | {' | '.join(str(rule.get(key, '')) for key in keys)} |"
            for name, rule in manifest["costs"].items()
        ]
    return "\n".join(lines) + "\n"
