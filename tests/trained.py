"""Small trainings to test with: a tiny corpus and settings, on the model of tests/tiny.py."""

from pathlib import Path
from typing import Any

from micota.common.flags import as_flags
from micota.models.prompts import Prompt
from micota.models.tokenizer import load_tokenizer
from micota.training.rows import TrainingRows, training_rows
from micota.training.settings import TrainingSettings
from micota.training.trainer import fine_tune
from tests.tiny import PROMPT, corpus

CHAT = Prompt(**PROMPT)
SETTINGS = TrainingSettings(epochs=3, learning_rate=3e-3, batch_size=4, save_steps=2)
STEPS = 12  # 3 epochs of 16 rows, 4 a batch


def rows_of(base: Path, settings: TrainingSettings = SETTINGS, count: int = 16) -> TrainingRows:
    return training_rows(corpus(count), load_tokenizer(base), CHAT, settings)


def train(
    base: Path, folder: Path, settings: TrainingSettings = SETTINGS, seed: int = 0, count: int = 16
) -> dict[str, Any]:
    """Train into folder/out, with checkpoints in folder/work."""
    rows = rows_of(base, settings, count)
    return fine_tune(base, load_tokenizer(base), rows, settings, seed, folder / "work", folder / "out")


def arguments(base: Path, folder: Path, settings: TrainingSettings) -> list[str]:
    """Of scripts/train.py, from folder/corpus.jsonl to folder/out."""
    flags = ["--base", str(base), "--corpus", str(folder / "corpus.jsonl"), *as_flags(PROMPT, "prompt_")]
    flags += as_flags(settings.__dict__)
    return [*flags, "--work", str(folder / "work"), "--out", str(folder / "out")]
