"""Where models come from: pre-trained from scratch, a local folder, or a revision on the Hugging Face Hub.

Whatever the source, the result is a plain model folder with safetensors, a tokenizer and `micota.json`.
"""

import hashlib
import json
import shutil
from math import prod
from pathlib import Path
from typing import Any

from micota.cli import UserError
from micota.hub import snapshot
from micota.records import read_json, write_json

SUFFIXES = (".json", ".jinja", ".txt", ".model", ".safetensors")  # of what is taken: nothing that runs, no pickles
FILES = (*(f"*{suffix}" for suffix in SUFFIXES), "README.md")  # the card says the licence


def load_tokenizer(folder: str | Path) -> Any:
    """The tokenizer of a model folder, with a padding token; never runs code from the folder.

    Where tokenizer_config.json says whether a text begins with the BOS (`add_bos_token`), it does: transformers 5.19
    drops that statement wherever there is a tokenizer.json, and R1-Distill-Qwen has its BOS from nowhere else
    (swift-transformers #161).
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    stated = stated_bos(Path(folder))
    if stated is not None and tokenizer.bos_token is not None and stated != begins_with_bos(tokenizer):
        tokenizer = AutoTokenizer.from_pretrained(folder, add_bos_token=stated)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def stated_bos(folder: Path) -> bool | None:
    """What a folder's tokenizer_config.json says of the BOS before a text; None if it says nothing."""
    path = folder / "tokenizer_config.json"
    stated = read_json(path).get("add_bos_token") if path.is_file() else None
    return stated if isinstance(stated, bool) else None


def begins_with_bos(tokenizer: Any) -> bool:
    """Whether a raw text gets the BOS before it."""
    ids = tokenizer("1")["input_ids"]
    return bool(ids) and ids[0] == tokenizer.bos_token_id


def check_folder(folder: Path) -> None:
    """Raise UserError unless the folder holds a configuration, a tokenizer and whole safetensors weights."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such model folder; give `path:` a folder made by `save_pretrained`")
    if not (folder / "config.json").is_file():
        raise UserError(f"{folder}: not a model folder, config.json is missing")
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise UserError(f"{folder}: no *.safetensors weights (other formats are never loaded)")
    index = folder / "model.safetensors.index.json"
    named = set(read_json(index)["weight_map"].values()) if index.is_file() else set()
    if missing := sorted(name for name in named if not (folder / name).is_file()):
        raise UserError(
            f"{folder}: {len(missing)} of {len(named)} weights files that its index names are not there:"
            f" {', '.join(missing[:3])}; fetch it again"
        )
    for path in weights:
        tensors(path)
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")):
        raise UserError(f"{folder}: no tokenizer files")


def copy_local(path: Path, out: Path) -> None:
    """Copy a local model folder: configuration, tokenizer and safetensors only, hard-linked if possible."""
    take(path, out, {"kind": "base", "source": "local", "path": str(path)})


def download(repo: str, revision: str, out: Path, key: str = "bases") -> None:
    """Fetch one revision of a hub model, or take it from the hub's local cache; `key` is its block, for messages."""
    folder = snapshot("model", repo, revision, key, FILES)
    take(folder, out, {"kind": "base", "source": "hub", "repo": repo, "revision": revision})


def take(folder: Path, out: Path, made_from: dict[str, Any]) -> None:
    """Put a model folder's plain files under `out`; in the hub's cache they are links to where they lie."""
    check_folder(folder)
    temporary = fresh(out)
    for source in sorted(folder.iterdir()):
        if source.suffix in SUFFIXES:
            target = temporary / source.name
            try:
                target.hardlink_to(source.resolve())
            except OSError:
                shutil.copyfile(source, target)
    finish(temporary, out, made_from)


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def weight_hashes(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 of every weights file."""
    return {path.name: file_hash(path) for path in sorted(folder.glob("*.safetensors"))}


def recorded_hashes(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 of the weights files whose hash in micota.json still holds: 65 GB need not be read again.

    It holds if nothing has happened to the file since micota.json was written. Its change time (ctime) says so, which
    a write, a rename, a copy or a new owner sets and nobody can set back. Where in doubt the file is left out.
    """
    made = folder / "micota.json"
    if not made.is_file():
        return {}
    finished = made.stat().st_mtime_ns
    hashes = read_json(made).get("sha256", {})
    return {
        name: found
        for name, found in hashes.items()
        if (folder / name).is_file() and (folder / name).stat().st_ctime_ns <= finished
    }


def model_hash(folder: Path) -> str:
    """A hash over a model folder's files (weights, configuration, tokenizer), not their names' order or times."""
    known = recorded_hashes(folder)
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith(".") and path.name != "micota.json":
            digest.update(path.name.encode())
            digest.update(bytes.fromhex(known.get(path.name) or file_hash(path)))
    return digest.hexdigest()


def parameters(folder: Path) -> int:
    """How many parameters a model has, by its safetensors' headers; weights that are tied are stored, and count, once.

    A file begins with the length of its header (8 bytes, little-endian) and the header, JSON: tensor -> dtype, shape.
    """
    return sum(prod(tensor["shape"]) for path in sorted(folder.glob("*.safetensors")) for tensor in tensors(path))


def tensors(path: Path) -> list[dict[str, Any]]:
    """dtype, shape and place of every tensor of a safetensors file; UserError if the file is cut short or none."""
    size = path.stat().st_size
    try:
        with path.open("rb") as handle:
            length = int.from_bytes(handle.read(8), "little")
            header = json.loads(handle.read(min(length, size)))
        found = [tensor for name, tensor in header.items() if name != "__metadata__"]
        whole = size == 8 + length + max(tensor["data_offsets"][1] for tensor in found)
    except (ValueError, LookupError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise UserError(f"{path}: not a whole safetensors file ({size:,} bytes); fetch it again")
    return found


def fresh(out: Path) -> Path:
    """An empty folder beside `out`, to be renamed to it when whole."""
    temporary = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    return temporary


def finish(temporary: Path, out: Path, made_from: dict[str, Any]) -> None:
    """Add `micota.json` (how the model was made, its weights' hashes) and let the folder appear under its own name."""
    # A hard link may lead to a file that is not ours: never write through it.
    (temporary / "micota.json").unlink(missing_ok=True)
    write_json(temporary / "micota.json", {**made_from, "sha256": weight_hashes(temporary)})
    if out.exists():
        shutil.rmtree(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary.rename(out)
