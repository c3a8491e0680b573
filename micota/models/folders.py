"""Where models come from: pre-trained from scratch, a local folder, or a revision on the Hugging Face Hub.

Whatever the source, the result is a plain model folder with safetensors, a tokenizer and `micota.json`.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

from micota.common.errors import MissingFile, ModelError
from micota.common.files import fresh, publish, whole
from micota.common.hub import licence_fields, snapshot
from micota.common.records import read_json, write_json
from micota.common.seals import SETTINGS, file_hash
from micota.models.cards import CARD, card, kind_of
from micota.models.finite import check_finite_files

SUFFIXES = (".json", ".jinja", ".txt", ".model", ".safetensors")  # of what is taken: nothing that runs, no pickles
FILES = (*(f"*{suffix}" for suffix in SUFFIXES), CARD)  # the card says the licence
MADE = "micota.json"  # how a model was made, and its files' hashes
AGAIN = "take or make the model again"
FICLONE = 0x40049409  # Linux: copy a file by sharing its blocks until one of the two is written to
SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
NOT_FETCHED = ("*/*", "consolidated*")  # folders (original/, onnx/) and mistralai's second form of the weights


def attention(folder: str | Path, asked: str | None = None, key: str = "") -> str:
    """How a model's attention is computed: as asked, or by sdpa, or eagerly for a model that needs it.

    sdpa has no soft cap of the attention's logits (Gemma 2), which it would leave out in silence, and some models
    (gpt-oss, whose heads have sinks) cannot use it. UserError, with `key`, where sdpa is asked for all the same.
    """
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, AutoConfig

    if asked not in (None, "sdpa"):
        return asked
    config = AutoConfig.from_pretrained(folder)
    model = MODEL_FOR_CAUSAL_LM_MAPPING.get(type(config), None)
    capped = getattr(config.get_text_config(), "attn_logit_softcapping", None)
    if not capped and getattr(model, "_supports_sdpa", True):
        return "sdpa"
    if asked is None:
        return "eager"
    words = "caps its attention's logits, which sdpa leaves out" if capped else "has no sdpa"
    raise ModelError(f"{folder}: {config.model_type} {words}; set {key}: eager")


def check_folder(folder: Path) -> None:
    """Raise UserError unless the folder holds a configuration, a tokenizer and whole safetensors weights.

    Of a model that was finished here, every file must be as it was then.
    """
    if not folder.is_dir():
        raise MissingFile(f"{folder}: no such model folder; give `path:` a folder made by `save_pretrained`")
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder}: not a model folder, config.json is missing")
    weights = weights_files(folder)
    if not weights:
        raise ModelError(f"{folder}: no *.safetensors weights (other formats are never loaded)")
    if missing := [path.name for path in weights if not path.is_file()]:
        raise ModelError(
            f"{folder}: {len(missing)} of {len(weights)} weights files that its index names are not there:"
            f" {', '.join(missing[:3])}; fetch it again"
        )
    for path in weights:
        tensors(path)
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")):
        raise ModelError(f"{folder}: no tokenizer files")
    check_unchanged(folder)


def check_unchanged(folder: Path) -> None:
    """Raise ModelError where a file of a finished model has changed, is gone or is new; `micota.json` has the hashes.

    A model of a study must have it. Of a file to which nothing has happened since then only the times are looked at.
    """
    made = folder / MADE
    if not made.is_file():
        if folder.parent.name == "models" and (folder.parent.parent / SETTINGS).is_file() and folder.name[0] != ".":
            raise ModelError(f"{folder}: {MADE} is missing, so nothing says how it was made; remove it and run again")
        return
    noted = read_json(made).get("files")
    if noted is None:  # made by an older version of this project, or by others
        return
    found, known = {path.name for path in plain_files(folder)}, recorded_hashes(folder)
    for name, digest in noted.items():
        if name not in found:
            raise ModelError(f"{folder / name}: not there, though the model was finished with it; {AGAIN}")
        if name not in known and file_hash(folder / name) != digest:
            raise ModelError(f"{folder / name}: changed since the model was finished (SHA-256); {AGAIN}")
    if more := sorted(found - noted.keys()):
        raise ModelError(f"{folder / more[0]}: put there after the model was finished; remove it, or {AGAIN}")


def plain_files(folder: Path) -> list[Path]:
    """The files that make a model: all but hidden ones, the record of how it was made, and the card."""
    return sorted(
        path for path in folder.iterdir() if path.is_file() and path.name[0] != "." and path.name not in (MADE, CARD)
    )


def weights_files(folder: Path) -> list[Path]:
    """The weights that transformers loads: the files of the index, else model.safetensors, else all there are.

    Some repositories hold them a second time, in another form (mistralai's consolidated.safetensors).
    """
    single, index = folder / SINGLE, folder / INDEX
    if single.is_file():
        return [single]
    if index.is_file():
        return [folder / name for name in sorted(set(read_json(index)["weight_map"].values()))]
    return sorted(folder.glob("*.safetensors"))


def has_weights(folder: Path) -> bool:
    """Whether all the weights lie there: preflight fetches a model's small files alone."""
    files = weights_files(folder)
    return bool(files) and all(path.is_file() for path in files)


def copy_local(path: Path, out: Path) -> None:
    """Copy a local model folder: configuration, tokenizer and safetensors only."""
    take(path, out, {"kind": "base", "source": "local", "path": str(path)}, copied)


def download(repo: str, revision: str, out: Path, key: str = "bases") -> None:
    """Fetch one revision of a hub model, or take it from the hub's local cache; `key` is its block, for messages."""
    folder = snapshot("model", repo, revision, key, FILES, NOT_FETCHED)
    take(folder, out, {"kind": "base", "source": "hub", "repo": repo, "revision": revision}, linked)


def copied(source: Path, target: Path) -> None:
    """A file of its own: what befalls it leaves the source as it is. It shares the blocks, where a file system can."""
    with source.open("rb") as read, target.open("wb") as written:
        try:
            fcntl.ioctl(written, FICLONE, read.fileno())
            return
        except OSError:  # most file systems cannot
            pass
    shutil.copyfile(source, target)


def linked(source: Path, target: Path) -> None:
    """The same file under a second name: of the hub's cache, whose files belong to nobody's work."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def inside(source: Path) -> Path:
    """Where a file of a model folder lies; ModelError if a link leads out of the folder, but into the hub's cache."""
    folder, place = source.parent.resolve(), source.resolve()
    blobs = folder.parent.parent / "blobs"  # of the cache: models--x/snapshots/commit -> models--x/blobs
    if place.parent in (folder, blobs):
        return place
    raise ModelError(f"{source}: a link that leads out of the model's folder, to {place}; put the file itself there")


def take(folder: Path, out: Path, made_from: dict[str, Any], put: Callable[[Path, Path], None]) -> None:
    """Put a model folder's plain files, and the weights that are loaded, under `out`, each by `put`."""
    check_folder(folder)
    if fields := licence_fields(folder):
        made_from = made_from | {"licence": fields}
    if (folder / MADE).is_file() and kind_of(told := read_json(folder / MADE)):
        made_from = made_from | {"origin": {key: told[key] for key in told if key not in ("log", "sha256", "files")}}
    temporary = fresh(out)
    weights = weights_files(folder)
    for source in sorted(folder.iterdir()):
        if source.name == INDEX and weights == [folder / SINGLE]:
            continue  # mergekit and vLLM would follow it, transformers does not
        if source in weights if source.suffix == ".safetensors" else source.suffix in SUFFIXES:
            put(inside(source), temporary / source.name)
    finish(temporary, out, made_from)


def weight_hashes(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 of every weights file."""
    return {path.name: file_hash(path) for path in sorted(folder.glob("*.safetensors"))}


def recorded_hashes(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 of the files whose hash in micota.json still holds: 65 GB need not be read again.

    It holds if nothing has happened to the file since micota.json was written. Its change time (ctime) says so, which
    a write, a rename, a copy or a new owner sets and nobody can set back. Where in doubt the file is left out.
    """
    made = folder / MADE
    if not made.is_file():
        return {}
    finished, record = made.stat().st_mtime_ns, read_json(made)
    hashes = record.get("sha256", {}) | record.get("files", {})
    return {
        name: found
        for name, found in hashes.items()
        if (folder / name).is_file() and (folder / name).stat().st_ctime_ns <= finished
    }


def model_hash(folder: Path) -> str:
    """A hash over a model folder's files (weights, configuration, tokenizer), not their names' order or times."""
    known = recorded_hashes(folder)
    digest = hashlib.sha256()
    for path in plain_files(folder):
        digest.update(path.name.encode())
        digest.update(bytes.fromhex(known.get(path.name) or file_hash(path)))
    return digest.hexdigest()


def parameters(folder: Path) -> int:
    """How many parameters a model has, by its safetensors' headers, 0 without any; weights that are tied count once."""
    return sum(map(prod, shapes(folder).values()))


def shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor by its name; a tied head that is stored as well is left out, for it is the embedding."""
    found = {name: tuple(one["shape"]) for path in weights_files(folder) for name, one in tensors(path).items()}
    config = folder / "config.json"
    if config.is_file() and is_tied(read_json(config)):
        embeddings = [shape for name, shape in found.items() if name.endswith(("embed_tokens.weight", "wte.weight"))]
        heads = [name for name, shape in found.items() if name.endswith("lm_head.weight") and shape in embeddings]
        found = {name: shape for name, shape in found.items() if name not in heads}
    return found


def is_tied(config: dict[str, Any]) -> bool:
    """Whether the head is the embedding, by config.json; where it does not say so, by the default of its kind."""
    from transformers import CONFIG_MAPPING

    kind = config.get("model_type")
    for part in (config, config.get("text_config", {})):
        if "tie_word_embeddings" in part:
            return bool(part["tie_word_embeddings"])
    default = CONFIG_MAPPING[kind]() if kind in CONFIG_MAPPING else None
    return bool(getattr(default, "tie_word_embeddings", False))


def tensors(path: Path) -> dict[str, dict[str, Any]]:
    """dtype, shape and place of every tensor of a safetensors file; UserError if the file is cut short or none.

    A file begins with the length of its header (8 bytes, little-endian) and the header, JSON: tensor -> dtype, shape.
    """
    if not path.is_file():
        raise ModelError(f"{path}: not there, though the model's index names it; fetch it again")
    size = path.stat().st_size
    try:
        with path.open("rb") as handle:
            length = int.from_bytes(handle.read(8), "little")
            header = json.loads(handle.read(min(length, size)))
        found = {name: tensor for name, tensor in header.items() if name != "__metadata__"}
        whole = size == 8 + length + max(tensor["data_offsets"][1] for tensor in found.values())
    except (ValueError, LookupError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise ModelError(f"{path}: not a whole safetensors file ({size:,} bytes); fetch it again")
    return found


def finish(temporary: Path, out: Path, made_from: dict[str, Any]) -> None:
    """Add `micota.json` (how the model was made, its files' hashes) and the card; the folder appears under its name.

    ModelError, and no folder, if a weight is no number.
    """
    (temporary / MADE).unlink(missing_ok=True)
    check_finite_files(out, weights_files(temporary))
    hashes = {path.name: file_hash(path) for path in plain_files(temporary)}
    weights = {name: digest for name, digest in hashes.items() if name.endswith(".safetensors")}
    rest = {name: digest for name, digest in hashes.items() if name not in weights}
    made = {**made_from, "sha256": weights, "files": weights | rest}
    write_json(temporary / MADE, made)
    with whole(temporary / CARD) as handle:
        handle.write(card(out.name, made, parameters(temporary)))
    publish(temporary, out)
