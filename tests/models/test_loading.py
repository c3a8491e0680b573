"""A model is loaded whole and as it was finished, or not at all."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from micota.common.errors import ModelError
from micota.common.records import read_json, write_json
from micota.models.folders import check_folder, copied, copy_local, finish, fresh, linked
from micota.models.loading import load_model
from tests.tiny import write_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "model")


def configure(folder: Path, **changes: object) -> None:
    write_json(folder / "config.json", read_json(folder / "config.json") | changes)


def rewrite(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def test_a_whole_model_is_loaded(model: Path) -> None:
    layers = read_json(model / "config.json")["num_hidden_layers"]
    assert len(load_model(model, dtype=torch.float32).model.layers) == layers


@pytest.mark.parametrize(
    ("change", "said"), [(1, "its weights lack model.layers"), (-1, "knows nothing of model.layers")]
)
def test_another_number_of_layers_than_the_weights_have_is_refused(model: Path, change: int, said: str) -> None:
    layers = read_json(model / "config.json")["num_hidden_layers"] + change
    configure(model, num_hidden_layers=layers, layer_types=["full_attention"] * layers, max_window_layers=layers)
    with pytest.raises(ModelError, match=said) as error:
        load_model(model, dtype=torch.float32)
    assert error.value.place == str(model) and "\n" not in str(error.value)


def test_tensors_of_another_shape_are_refused(model: Path) -> None:
    configure(model, intermediate_size=read_json(model / "config.json")["intermediate_size"] * 2)
    with pytest.raises(ModelError, match=r"has shape .*, by config.json") as error:
        load_model(model, dtype=torch.float32)
    assert error.value.place == str(model)


def test_a_weight_that_is_no_number_is_refused_when_a_model_is_loaded_and_when_it_is_finished(model: Path) -> None:
    def spoil(weights: dict[str, torch.Tensor]) -> None:
        next(iter(weights.values())).view(-1)[3] = float("nan")

    rewrite(model, spoil)
    with pytest.raises(ModelError, match=r"1 of .* weights of .* are NaN or infinite") as error:
        load_model(model, dtype=torch.float32)
    assert error.value.place == str(model)
    with pytest.raises(ModelError, match="NaN or infinite"):
        copy_local(model, model.parent / "out")
    assert not (model.parent / "out").exists()


def test_rotary_frequencies_of_old_checkpoints_are_no_fault(model: Path) -> None:
    rewrite(model, lambda weights: weights.update({"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4)}))
    load_model(model, dtype=torch.float32)


# --- a finished model -------------------------------------------------------------------------------------------------


@pytest.fixture
def finished(model: Path, tmp_path: Path) -> Path:
    """A model of a study."""
    write_json(tmp_path / "results/mini/study.json", {})
    copy_local(model, tmp_path / "results/mini/models/small")
    return tmp_path / "results/mini/models/small"


def edit(path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {"rms_norm_eps": 0.5}))


def edited_long_ago(folder: Path) -> None:
    """Its time can be set back, that of its change can not."""
    edit(folder / "config.json")
    os.utime(folder / "config.json", (1, 1))


@pytest.mark.parametrize(
    ("damage", "file", "said"),
    [
        (lambda folder: edit(folder / "config.json"), "config.json", "changed since the model was finished"),
        (lambda folder: edit(folder / "tokenizer_config.json"), "tokenizer_config.json", "changed since"),
        (lambda folder: (folder / "tokenizer_config.json").unlink(), "tokenizer_config.json", "not there, though"),
        (
            lambda folder: (folder / "chat_template.jinja").write_text("{{ x }}"),
            "chat_template.jinja",
            "changed|put there",
        ),
        (
            edited_long_ago,
            "config.json",
            "changed",
        ),
        (lambda folder: (folder / "micota.json").unlink(), "", "micota.json is missing"),
    ],
)
def test_a_finished_model_is_as_it_was(finished: Path, damage: Callable[[Path], None], file: str, said: str) -> None:
    check_folder(finished)
    damage(finished)
    with pytest.raises(ModelError, match=said) as error:
        check_folder(finished)
    assert error.value.place == str(finished / file)


def test_a_swapped_weight_is_seen(finished: Path) -> None:
    rewrite(finished, lambda weights: next(iter(weights.values())).add_(1))
    with pytest.raises(ModelError, match=r"model\.safetensors: changed since the model was finished"):
        check_folder(finished)


def test_a_copy_of_a_finished_model_is_read_again_and_holds(finished: Path, tmp_path: Path) -> None:
    copy_local(finished, tmp_path / "copy")
    check_folder(tmp_path / "copy")


def test_older_records_and_folders_of_others_are_taken(model: Path) -> None:
    check_folder(model)
    write_json(model / "micota.json", {"kind": "base", "sha256": {}})
    check_folder(model)


def test_a_link_out_of_the_folder_is_refused_but_for_the_hubs_cache(model: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("s")
    (model / "notes.txt").symlink_to(secret)
    with pytest.raises(ModelError, match=r"notes\.txt: a link that leads out of the model's folder"):
        copy_local(model, tmp_path / "out")
    (model / "notes.txt").unlink()
    snapshot, blobs = tmp_path / "models--a--b/snapshots/c", tmp_path / "models--a--b/blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for path in model.iterdir():
        path.rename(blobs / path.name)
        (snapshot / path.name).symlink_to(f"../../blobs/{path.name}")
    copy_local(snapshot, tmp_path / "out")
    assert not any(path.is_symlink() for path in (tmp_path / "out").iterdir())


@pytest.mark.parametrize("put", [copied, linked])
def test_a_file_is_put_whole(tmp_path: Path, put: Callable[[Path, Path], None]) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"weights" * 1000)
    put(source, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == source.read_bytes()
    assert (source.stat().st_ino == (tmp_path / "target").stat().st_ino) == (put is linked)


def test_a_finished_model_says_all_its_files(tmp_path: Path, model: Path) -> None:
    temporary = fresh(tmp_path / "out")
    for path in model.iterdir():
        path.rename(temporary / path.name)
    finish(temporary, tmp_path / "out", {"kind": "base", "source": "local", "path": "elsewhere"})
    made = read_json(tmp_path / "out/micota.json")
    assert set(made["files"]) == {path.name for path in (tmp_path / "out").iterdir()} - {"micota.json", "README.md"}
    assert set(made["sha256"]) == {"model.safetensors"}
