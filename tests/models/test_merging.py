"""DARE through mergekit: weight, density and seed mean what they say, and unequal partners are refused."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from micota.common.errors import UserError
from micota.common.records import read_json, write_json
from micota.models.merge_methods import TAKES, Method
from micota.models.tokenizer import end_tokens, load_tokenizer
from scripts import merge as script
from tests.tiny import NARROW, SHAPE, same_weights, weights, write_kind, write_model

DENSITY = 0.3


@pytest.fixture(scope="module")
def partners(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A base, and the same model with every weight changed."""
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("partners")
    base, tuned = write_model(folder / "base"), write_model(folder / "tuned")
    torch.manual_seed(99)  # not the seed of a mask: mask and delta would come from the same random numbers
    changed = {name: tensor + 0.01 * torch.randn_like(tensor) for name, tensor in weights(tuned).items()}
    save_file(changed, tuned / "model.safetensors", metadata={"format": "pt"})
    return base, tuned


def merge(
    partners: tuple[Path, Path], out: Path, weight: float, density: float, seed: int = 0, method: Method = "dare_ties"
) -> Path:
    base, tuned = partners
    arguments = ["--base", str(base), "--tuned", str(tuned), "--method", method, "--weight", str(weight)]
    taken = {"density": density, "seed": seed}
    arguments += [word for name in TAKES[method] for word in (f"--{name}", str(taken[name]))]
    script.main([*arguments, "--out", str(out)])
    return out


def deltas(model: Path, base: Path) -> dict[str, Any]:
    start = weights(base)
    return {name: tensor - start[name] for name, tensor in weights(model).items()}


def furthest(model: Path, other: Path) -> float:
    return max(float(delta.abs().max()) for delta in deltas(model, other).values())


@pytest.mark.parametrize("method", ["dare_ties", "dare_linear", "linear"])
def test_weights_0_and_1_are_base_and_tuned(partners: tuple[Path, Path], tmp_path: Path, method: Method) -> None:
    base, tuned = partners
    assert furthest(merge(partners, tmp_path / "w0", 0.0, 1.0, method=method), base) == 0
    assert furthest(merge(partners, tmp_path / "w1", 1.0, 1.0, method=method), tuned) < 1e-6
    assert furthest(base, tuned) > 0.01


@pytest.mark.parametrize("method", ["dare_ties", "linear"])
def test_a_weight_is_the_share_of_the_delta(partners: tuple[Path, Path], tmp_path: Path, method: Method) -> None:
    base, tuned = partners
    whole = deltas(tuned, base)
    for name, delta in deltas(merge(partners, tmp_path / "w", 0.4, 1.0, method=method), base).items():
        assert float((delta - 0.4 * whole[name]).abs().max()) < 1e-6, name


def test_density_is_the_share_kept_and_the_rest_is_rescaled(partners: tuple[Path, Path], tmp_path: Path) -> None:
    base, tuned = partners
    whole = deltas(tuned, base)
    merged = deltas(merge(partners, tmp_path / "m", 1.0, DENSITY), base)
    size = sum(delta.numel() for delta in merged.values())
    kept = sum(int((delta != 0).sum()) for delta in merged.values())
    assert abs(kept - DENSITY * size) < 5 * math.sqrt(DENSITY * (1 - DENSITY) * size)
    for name, delta in merged.items():
        if delta.numel() < 4000:
            continue
        mask = (delta != 0) & (whole[name].abs() > 1e-3)
        ratio = delta[mask] / whole[name][mask]
        assert float(ratio.std()) < 1e-2, name  # one factor a tensor ...
        assert abs(float(ratio.mean()) * DENSITY - 1) < 0.15, name  # ... of about 1 / density: what is dropped as well
        lost = float(delta.abs().sum() / whole[name].abs().sum()) - 1  # sums up to what it did before
        assert abs(lost) < 1e-3, name


def test_the_seed_decides_the_mask(partners: tuple[Path, Path], tmp_path: Path) -> None:
    first = merge(partners, tmp_path / "first", 0.5, 0.5, seed=1)
    assert same_weights(first, merge(partners, tmp_path / "again", 0.5, 0.5, seed=1))
    assert not same_weights(first, merge(partners, tmp_path / "other", 0.5, 0.5, seed=2))


def test_a_merged_folder_is_a_whole_model(partners: tuple[Path, Path], tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    from micota.models.folders import check_folder

    base, tuned = partners
    taught = {"prompt": {"user": "{problem}"}, "rendering": {"eos_token_id": 1}}
    write_json(tuned / "micota.json", {"kind": "tuned", **taught})
    out = merge(partners, tmp_path / "m", 0.5, 0.5)
    check_folder(out)
    assert AutoModelForCausalLM.from_pretrained(out).config.hidden_size == SHAPE["hidden_size"]
    text = "<|im_start|>user\n1a+2?<|im_end|>check "
    assert load_tokenizer(out)(text)["input_ids"] == load_tokenizer(base)(text)["input_ids"]
    assert load_tokenizer(out).chat_template == load_tokenizer(base).chat_template
    made = read_json(out / "micota.json")
    assert (made["kind"], made["seed"], made["mergekit"]["merge_method"]) == ("merged", 0, "dare_ties")
    assert {key: made[key] for key in taught} == taught, "it is addressed as the tuned one was trained"
    assert not [path.name for path in out.iterdir() if path.suffix in {".bin", ".pt", ".pth"}]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_model_in_several_files_is_the_one_in_a_single_file(
    partners: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from micota.models.folders import check_folder

    whole = merge(partners, tmp_path / "whole", 0.5, 0.5)
    monkeypatch.setattr("micota.models.merging.SHARD_BYTES", 100_000)
    cut = merge(partners, tmp_path / "cut", 0.5, 0.5)
    assert len(list(whole.glob("*.safetensors"))) == 1 < len(list(cut.glob("*.safetensors")))
    check_folder(cut)  # its index names files that are there
    assert same_weights(whole, cut)


def test_a_merge_stops_where_the_tuned_model_stops(tmp_path: Path) -> None:
    base, tuned = write_model(tmp_path / "base"), write_model(tmp_path / "tuned")
    write_json(base / "generation_config.json", {"eos_token_id": 5})
    write_json(tuned / "generation_config.json", {"eos_token_id": [258, 5]})
    (tuned / "chat_template.jinja").write_text("{{ messages[0].content }}", encoding="utf-8")
    out = merge((base, tuned), tmp_path / "m", 1.0, 1.0)
    assert read_json(out / "generation_config.json") == {"eos_token_id": [258, 5]}
    assert load_tokenizer(out).chat_template == "{{ messages[0].content }}"
    (tuned / "generation_config.json").unlink()  # then config.json says it
    write_json(tuned / "config.json", read_json(tuned / "config.json") | {"eos_token_id": 7})
    out = merge((base, tuned), tmp_path / "m2", 1.0, 1.0)
    assert end_tokens(out, load_tokenizer(out)) == end_tokens(tuned, load_tokenizer(tuned))


@pytest.mark.parametrize("place", ["a+b", "me@uni", "a+b@c+d@e", "a b", "a#b:c", "~a$b/50%"])
def test_any_path_is_a_path(partners: tuple[Path, Path], tmp_path: Path, place: str) -> None:
    folders = [tmp_path / place / one.name for one in partners]
    for source, folder in zip(partners, folders, strict=True):
        shutil.copytree(source, folder)
    out = merge((folders[0], folders[1]), tmp_path / place / "m", 0.5, 0.5)
    assert same_weights(out, merge(partners, tmp_path / "plain", 0.5, 0.5))


EXPERTS: dict[str, dict[str, Any]] = {
    "deepseek_v3": {
        **{"moe_intermediate_size": 16, "n_routed_experts": 4, "num_experts_per_tok": 2, "first_k_dense_replace": 1},
        **{"n_group": 1, "topk_group": 1, "q_lora_rank": 8, "kv_lora_rank": 8, "v_head_dim": 8},
        **{"qk_nope_head_dim": 8, "qk_rope_head_dim": 8},
    },
    "mixtral": {"num_local_experts": 4},
    "qwen3_moe": {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "head_dim": 8},
}


@pytest.mark.parametrize("kind", EXPERTS)
def test_a_merge_without_its_experts_is_refused(tmp_path: Path, kind: str) -> None:
    """mergekit loses the experts as these are stored, and says nothing."""
    base = write_kind(tmp_path / "base", kind, **NARROW, **EXPERTS[kind])
    with pytest.raises(UserError, match=r"left out or changed \d+ of .*experts"):
        merge((base, base), tmp_path / "m", 1.0, 1.0)
    assert not (tmp_path / "m").exists()


def test_an_architecture_that_mergekit_takes_for_another_is_an_error_in_words(tmp_path: Path) -> None:
    base = write_kind(tmp_path / "base", "cohere", **NARROW)
    with pytest.raises(UserError, match="mergekit cannot merge models of this architecture"):
        merge((base, base), tmp_path / "m", 1.0, 1.0)


@pytest.mark.parametrize("kind", ["gemma2", "gpt_oss", "llama"])
@pytest.mark.parametrize("tied", [True, False])
def test_other_architectures_are_merged_whole(tmp_path: Path, kind: str, tied: bool) -> None:
    more = {"gpt_oss": {"num_local_experts": 2, "num_experts_per_tok": 1}}.get(kind, {})
    settings: dict[str, Any] = {**NARROW, **more, "head_dim": 8, "tie_word_embeddings": tied}
    base = write_kind(tmp_path / "base", kind, **settings)
    assert same_weights(merge((base, base), tmp_path / "m", 1.0, 1.0), base)


def test_a_head_of_its_own_is_not_lost(tmp_path: Path) -> None:
    tied, own = (
        write_kind(tmp_path / str(tied), "llama", **NARROW, tie_word_embeddings=tied) for tied in (True, False)
    )
    with pytest.raises(UserError, match="it has a head of its own"):
        merge((tied, own), tmp_path / "m", 0.5, 0.5)


def test_a_merge_that_lost_a_tensor_is_refused(partners: tuple[Path, Path], tmp_path: Path) -> None:
    """mergekit leaves out what it does not know, such as the experts of an architecture that it only guesses."""
    from safetensors.torch import save_file

    from micota.models.merging import complete

    base, tuned = partners
    out = merge(partners, tmp_path / "m", 0.5, 0.5)
    complete(out, base, tuned)
    kept = weights(out)
    name, tensor = kept.popitem()
    save_file(kept, out / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=f"left out or changed 1 of .*{name}.*Qwen2ForCausalLM"):
        complete(out, base, tuned)
    save_file(kept | {name: tensor[:1].clone()}, out / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=f"left out or changed 1 of .*{name}"):
        complete(out, base, tuned)


def test_a_merge_without_a_tokenizer_is_refused(partners: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copytree(partners[1], tmp_path / "tuned")
    (tmp_path / "tuned" / "tokenizer.json").unlink()
    (tmp_path / "tuned" / "vocab.json").write_text("{}", encoding="utf-8")
    (tmp_path / "tuned" / "merges.txt").write_text("a b c\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"the tokenizer in .*tuned does not load"):
        merge((partners[0], tmp_path / "tuned"), tmp_path / "m", 0.5, 0.5)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"hidden_size": 32}, "hidden_size is 32 against 64"),
        ({"intermediate_size": 64}, "intermediate_size is 64 against 96"),
        ({"layers": 1}, "num_hidden_layers is 1 against 2"),
        ({"heads": 4}, "num_attention_heads is 4 against 2"),
    ],
)
def test_another_shape_is_refused(tmp_path: Path, shape: dict[str, int], message: str) -> None:
    base, tuned = write_model(tmp_path / "base"), write_model(tmp_path / "tuned", shape=SHAPE | shape)
    with pytest.raises(UserError, match=f"cannot merge {tuned} with {base}: {message}"):
        merge((base, tuned), tmp_path / "out", 0.5, 0.5)
    assert {path.name for path in tmp_path.iterdir()} == {"base", "tuned"}


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("tokenizer.json", '"wait,"', '"hold,"', "different vocabularies"),  # an added token, the size is the same
        ("tokenizer.json", '"Z": ', '"ZZ": ', "different vocabularies"),
        ("config.json", '"vocab_size": 268', '"vocab_size": 300', "vocab_size is 300 against 268"),
    ],
)
def test_another_vocabulary_is_refused(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    base, tuned = write_model(tmp_path / "base"), write_model(tmp_path / "tuned")
    text = (tuned / file).read_text(encoding="utf-8")
    assert old in text
    (tuned / file).write_text(text.replace(old, new), encoding="utf-8")
    json.loads((tuned / file).read_text(encoding="utf-8"))
    with pytest.raises(UserError, match=message):
        merge((base, tuned), tmp_path / "out", 0.5, 0.5)


def test_a_partner_without_weights_is_refused(tmp_path: Path) -> None:
    base, tuned = write_model(tmp_path / "base"), write_model(tmp_path / "tuned")
    (tuned / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"tuned: no \*\.safetensors weights"):
        merge((base, tuned), tmp_path / "out", 0.5, 0.5)
