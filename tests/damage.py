"""What may befall a file or a model's folder: each a function that does it."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from micota.common.records import Record, read_json, write_json
from tests.project import ROOT

Damage = Callable[[Path], None]


def rows(change: Callable[[list[Record]], list[Record]]) -> Damage:
    """Change the records of a JSON Lines file."""

    def damage(path: Path) -> None:
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        path.write_text("".join(json.dumps(row) + "\n" for row in change(records)), encoding="utf-8")

    return damage


def field(name: str, value: Any, at: int = 1) -> Damage:
    """Another value in one record."""
    return rows(lambda records: [row | {name: value} if n == at else row for n, row in enumerate(records)])


def text(old: str, new: str) -> Damage:
    """Other characters, once."""

    def damage(path: Path) -> None:
        whole = path.read_text(encoding="utf-8")
        assert old in whole
        path.write_text(whole.replace(old, new, 1), encoding="utf-8")

    return damage


def pattern(old: str, new: str) -> Damage:
    def damage(path: Path) -> None:
        whole, count = re.subn(old, new, path.read_text(encoding="utf-8"), count=1)
        assert count
        path.write_text(whole, encoding="utf-8")

    return damage


def document(change: Callable[[Any], Any]) -> Damage:
    return lambda path: write_json(path, change(json.loads(path.read_text(encoding="utf-8"))))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def gone(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def cut(path: Path) -> None:
    """In the middle of the last line, as a full disk leaves a file; of a file that is no text, a third is lost."""
    whole = path.read_bytes()
    last = len(whole.rstrip(b"\n").rpartition(b"\n")[2]) if path.suffix in (".jsonl", ".json") else len(whole)
    path.write_bytes(whole[: len(whole.rstrip()) - max(1, last // 3)])


def copy_of(other: str) -> Damage:
    """Another file of the study in its place."""

    def damage(path: Path) -> None:
        path.write_bytes((path.parent / other).read_bytes())

    return damage


def written(content: str) -> Damage:
    """Another text in its place."""

    def damage(path: Path) -> None:
        path.write_text(content, encoding="utf-8")

    return damage


LOST: Damage = rows(lambda records: records[:2] + records[3:])
LAST_LOST: Damage = rows(lambda records: records[:-1])
DOUBLED: Damage = rows(lambda records: [*records, records[2]])
SWAPPED: Damage = rows(lambda records: [records[1], records[0], *records[2:]])


def tensors(change: Callable[[dict[str, Any]], None]) -> Damage:
    """Change the weights of a model folder."""

    def damage(folder: Path) -> None:
        from safetensors.torch import load_file, save_file

        weights = load_file(folder / "model.safetensors")
        change(weights)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

    return damage


def spoilt(weights: dict[str, Any]) -> None:
    next(iter(weights.values())).view(-1)[0] = float("nan")


def forgotten(damage: Damage) -> Damage:
    """The same in a model folder whose record of its files is not there, as one made by others."""

    def both(folder: Path) -> None:
        damage(folder)
        made = read_json(folder / "micota.json")
        write_json(
            folder / "micota.json", {key: value for key, value in made.items() if key not in ("files", "sha256")}
        )

    return both


def config(**changes: Any) -> Damage:
    return lambda folder: write_json(folder / "config.json", read_json(folder / "config.json") | changes)


def layers(more: int) -> Damage:
    def damage(folder: Path) -> None:
        count = read_json(folder / "config.json")["num_hidden_layers"] + more
        config(num_hidden_layers=count, layer_types=["full_attention"] * count, max_window_layers=count)(folder)

    return damage


def in_file(name: str, damage: Damage) -> Damage:
    return lambda folder: damage(folder / name)


def archive(path: Path) -> None:
    shutil.copyfile(ROOT / "reference/study/logs.tar.xz", path)
    cut(path)


def renumbered(tokenizer: Any) -> Any:
    """Every token has another's number."""
    vocabulary = tokenizer["model"]["vocab"]
    numbers = dict(zip(vocabulary, reversed(vocabulary.values()), strict=True))
    return tokenizer | {"model": tokenizer["model"] | {"vocab": numbers}}
