"""Where a killed training goes on: the key of its checkpoints, and the newest that is whole."""

import hashlib
import json
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from micota.common.errors import UserError
from micota.common.records import read_json, write_json
from micota.common.seals import file_hash
from micota.common.settings import differences, identity, rounding
from micota.common.stages import VERSIONS
from micota.models.fingerprint import portable
from micota.models.folders import tensors, weight_hashes
from micota.training.rows import TrainingRows
from micota.training.settings import TrainingSettings

STATE = "trainer_state.json"  # the file that the trainer writes last
HASHES = "hashes.json"  # ours, after that
ASIDE = "damaged-"


def job_key(model: Path, rows: TrainingRows, settings: TrainingSettings, seed: int) -> str:
    """A hash of everything that shapes the weights: checkpoints are only ever resumed under the same key."""
    shaped_by = f"{VERSIONS['train']}|{identity(settings)}|{seed}{'|portable' if portable() else ''}"
    digest = hashlib.sha256(shaped_by.encode())
    for known in weight_hashes(model).values():
        digest.update(bytes.fromhex(known))
    for row in rows.rows:
        digest.update(json.dumps(row, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def checkpoints_in(folder: Path) -> list[Path]:
    """A training's checkpoints, the newest first."""
    found = [path for path in folder.glob("checkpoint-*") if path.name.rpartition("-")[2].isdigit()]
    return sorted(found, key=lambda path: int(path.name.rpartition("-")[2]), reverse=True)


def make_room(folder: Path) -> None:
    """Before a checkpoint is written, remove all but the newest: there are never more than two on the disk."""
    for path in checkpoints_in(folder)[1:]:
        shutil.rmtree(path)


def note_hashes(checkpoint: Path) -> None:
    """Write down what the files of a checkpoint are, when all processes have written theirs."""
    write_json(checkpoint / HASHES, hashes(checkpoint))


def hashes(checkpoint: Path) -> dict[str, str]:
    """SHA-256 of each file of a checkpoint, by its path in there; several files at a time, for they may be large."""
    names = sorted(str(path.relative_to(checkpoint)) for path in checkpoint.rglob("*") if path.is_file())
    names = [name for name in names if name != HASHES]
    with ThreadPoolExecutor() as pool:
        return dict(zip(names, pool.map(lambda name: file_hash(checkpoint / name), names), strict=True))


def last_checkpoint(folder: Path, ranks: int) -> str | None:
    """The newest whole checkpoint of a training of so many processes; None: it begins anew.

    One that a kill cut short is removed. A damaged one is put aside, under `damaged-checkpoint-...` (the last such is
    kept), and the one before it is looked at. Says so, a line each.
    """
    for path in checkpoints_in(folder):
        if not (path / STATE).exists() and not (path / HASHES).exists():
            print(f"{path}: cut short while it was written: removed", flush=True)
            shutil.rmtree(path)
        elif fault := damage(path, ranks):
            for other in folder.glob(f"{ASIDE}*"):
                shutil.rmtree(other)
            aside = path.rename(path.with_name(f"{ASIDE}{path.name}"))
            print(f"{path}: damaged checkpoint ({fault}): put aside as {aside.name}", flush=True)
        else:
            print(f"{path}: training goes on from here", flush=True)
            return str(path)
    return None


def damage(checkpoint: Path, ranks: int) -> str | None:
    """Which file of a checkpoint is not what was written, and how; None: it is whole."""
    try:
        read_json(checkpoint / STATE)
        if not (checkpoint / HASHES).exists():
            return damage_seen(checkpoint, ranks)
        noted, found = read_json(checkpoint / HASHES), hashes(checkpoint)
    except (UserError, OSError) as error:
        return " ".join(str(error).removeprefix(f"{checkpoint}/").split())
    if not isinstance(noted, dict):
        return f"{HASHES} is not readable"
    for name, expected in noted.items():
        if found.get(name) != expected:
            return f"{name} is {'not what was written' if name in found else 'missing'}"
    return None


def damage_seen(checkpoint: Path, ranks: int) -> str | None:
    """As `damage`, without hashes: of an older version, or killed before they were written. Torch's files are zips."""
    wanted = {
        "scheduler.pt",
        *(["rng_state.pth"] if ranks == 1 else [f"rng_state_{rank}.pth" for rank in range(ranks)]),
    }
    if not any(checkpoint.glob("optimizer*")):
        return "optimizer.pt is missing"
    for name in sorted(wanted | {path.name for path in checkpoint.glob("*.pt*")}):
        path = checkpoint / name
        if not path.is_file():
            return f"{name} is missing"
        try:
            with zipfile.ZipFile(path) as archive:
                whole = archive.testzip() is None  # by its checksums
        except (zipfile.BadZipFile, EOFError, NotImplementedError):
            whole = False
        if not whole:
            return f"{name} is cut or changed"
    weights = sorted(checkpoint.glob("*.safetensors"))
    if not weights and not any(checkpoint.glob("pytorch_model_fsdp*")):
        return "model.safetensors is missing"
    for path in weights:
        tensors(path)  # UserError if it is cut
    return None


def note_rounding(folder: Path, settings: TrainingSettings) -> list[dict[str, Any]]:
    """With which settings that move last digits the training was done: those of each start, where they changed."""
    path = folder / "made_with.json"
    noted: list[dict[str, Any]] = read_json(path) if path.is_file() else []
    if noted and (told := differences(noted[-1], rounding(settings))):
        print(f"{folder}: checkpoint made with {told}: kept", flush=True)
    if not noted or noted[-1] != rounding(settings):
        noted.append(rounding(settings))
        write_json(path, noted)
    return noted
