"""Where models come from: pre-trained from scratch, a local folder, or a revision on the Hugging Face Hub.

Whatever the source, the result is a plain model folder with safetensors, a tokenizer and `micota.json`.
"""

import hashlib
import json
import shutil
from math import prod
from pathlib import Path
from typing import Any

from micota.common.errors import MissingFile, ModelError
from micota.common.files import fresh, publish
from micota.common.hub import snapshot
from micota.common.records import read_json, write_json
from micota.common.seals import file_hash

SUFFIXES = (".json", ".jinja", ".txt", ".model", ".safetensors")  # of what is taken: nothing that runs, no pickles
FILES = (*(f"*{suffix}" for suffix in SUFFIXES), "README.md")  # the card says the licence
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
    """Raise UserError unless the folder holds a configuration, a tokenizer and whole safetensors weights."""
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
    """Copy a local model folder: configuration, tokenizer and safetensors only, hard-linked if possible."""
    take(path, out, {"kind": "base", "source": "local", "path": str(path)})


def download(repo: str, revision: str, out: Path, key: str = "bases") -> None:
    """Fetch one revision of a hub model, or take it from the hub's local cache; `key` is its block, for messages."""
    folder = snapshot("model", repo, revision, key, FILES, NOT_FETCHED)
    take(folder, out, {"kind": "base", "source": "hub", "repo": repo, "revision": revision})


def take(folder: Path, out: Path, made_from: dict[str, Any]) -> None:
    """Put a model folder's plain files, and the weights that are loaded, under `out`.

    In the hub's cache they are links to where they lie.
    """
    check_folder(folder)
    temporary = fresh(out)
    weights = weights_files(folder)
    for source in sorted(folder.iterdir()):
        if source.name == INDEX and weights == [folder / SINGLE]:
            continue  # mergekit and vLLM would follow it, transformers does not
        if source in weights if source.suffix == ".safetensors" else source.suffix in SUFFIXES:
            target = temporary / source.name
            try:
                target.hardlink_to(source.resolve())
            except OSError:
                shutil.copyfile(source, target)
    finish(temporary, out, made_from)


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
    """Add `micota.json` (how the model was made, its weights' hashes) and let the folder appear under its own name."""
    # A hard link may lead to a file that is not ours: never write through it.
    (temporary / "micota.json").unlink(missing_ok=True)
    write_json(temporary / "micota.json", {**made_from, "sha256": weight_hashes(temporary)})
    publish(temporary, out)
