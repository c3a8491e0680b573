"""A hub's local cache made by hand, as `hf download` leaves it: blobs, and a snapshot of links to them per commit."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from micota.common.records import Record


def commit_of(repo: str) -> str:
    """A commit for a repository, always the same."""
    return hashlib.sha1(repo.encode()).hexdigest()


def put(home: Path, kind: str, repo: str, folder: Path) -> Path:
    """Put a folder's files into the cache under `home` (what HF_HOME names); returns the snapshot."""
    root = home / "hub" / f"{kind}s--{repo.replace('/', '--')}"
    snapshot = root / "snapshots" / commit_of(repo)
    (root / "refs").mkdir(parents=True)
    (root / "refs" / "main").write_text(commit_of(repo))
    (root / "blobs").mkdir()
    for source in sorted(path for path in folder.rglob("*") if path.is_file()):
        blob = root / "blobs" / hashlib.sha256(source.read_bytes()).hexdigest()
        shutil.copyfile(source, blob)
        link = snapshot / source.relative_to(folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    return snapshot


def write_dataset(folder: Path, rows: Sequence[Record], config: str = "main", split: str = "test") -> Path:
    """A data set's repository: its card, which says where the rows of a configuration and split lie, and the rows."""
    (folder / config).mkdir(parents=True)
    (folder / config / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    card = f"---\nlicense: mit\nconfigs:\n- config_name: {config}\n  data_files:\n"
    card += f"  - split: {split}\n    path: {config}/{split}.jsonl\n---\n# Rows\n"
    (folder / "README.md").write_text(card)
    return folder
