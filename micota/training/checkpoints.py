"""Where a killed training goes on: the key of its checkpoints, and the newest that is whole."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from micota.common.records import RecordError, read_json, write_json
from micota.common.settings import differences, identity, rounding
from micota.common.stages import VERSIONS
from micota.models.fingerprint import portable
from micota.models.folders import weight_hashes
from micota.training.rows import TrainingRows
from micota.training.settings import TrainingSettings


def job_key(model: Path, rows: TrainingRows, settings: TrainingSettings, seed: int) -> str:
    """A hash of everything that shapes the weights: checkpoints are only ever resumed under the same key."""
    shaped_by = f"{VERSIONS['train']}|{identity(settings)}|{seed}{'|portable' if portable() else ''}"
    digest = hashlib.sha256(shaped_by.encode())
    for file_hash in weight_hashes(model).values():
        digest.update(bytes.fromhex(file_hash))
    for row in rows.rows:
        digest.update(json.dumps(row, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def last_checkpoint(folder: Path) -> str | None:
    """The newest whole checkpoint; one that a kill cut short, which lacks the file written last, is removed."""
    whole: dict[int, Path] = {}
    for path in folder.glob("checkpoint-*"):
        try:
            read_json(path / "trainer_state.json")
            whole[int(path.name.rpartition("-")[2])] = path
        except RecordError:
            shutil.rmtree(path)
    return str(whole[max(whole)]) if whole else None


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
