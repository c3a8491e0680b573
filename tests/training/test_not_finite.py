"""NaN does not flow on: neither from a base's weights, nor through a loss, nor into a finished model."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from micota.common.errors import ModelError
from tests.tiny import weights
from tests.trained import SETTINGS, train


def visible(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def test_a_base_with_a_weight_that_is_no_number_is_not_trained(base: Path, tmp_path: Path) -> None:
    harmed = shutil.copytree(base, tmp_path / "harmed")
    tensors = weights(harmed)
    tensors["model.layers.1.mlp.up_proj.weight"][3, 3] = float("nan")
    save_file(tensors, harmed / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError) as error:
        train(harmed, tmp_path)
    assert error.value.place == str(harmed) and "model.layers.1.mlp.up_proj.weight" in str(error.value)


def test_a_loss_that_is_no_number_stops_the_training_at_once(base: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as error:
        train(base, tmp_path, SETTINGS.but(learning_rate=1e30, max_grad_norm=1e30))
    assert error.value.place == str(base)
    assert "in step 2 " in str(error.value) and "learning_rate" in str(error.value)
    assert not (tmp_path / "out").exists()


def test_weights_that_are_no_numbers_are_not_finished(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the last step of all makes them so, no loss has told."""
    from trl import SFTTrainer

    original = SFTTrainer.train

    def spoiling(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        with torch.no_grad():
            next(self.model.parameters())[0, 0] = float("inf")
        return result

    monkeypatch.setattr(SFTTrainer, "train", spoiling)
    with pytest.raises(ModelError) as error:
        train(base, tmp_path, SETTINGS.but(epochs=1))
    assert error.value.place == str(tmp_path / "out") and "learning_rate" in str(error.value)
    assert "out" not in visible(tmp_path)
