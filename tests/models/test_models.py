"""Base models come as whole, plain folders, or not at all, with one message that says what to do."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from micota.common.errors import UserError
from micota.common.flags import as_flags
from micota.common.records import read_json, write_json
from micota.common.seals import file_hash
from micota.models.folders import attention, check_folder, copy_local, model_hash, parameters, weight_hashes
from micota.models.prompts import Prompt, render
from micota.models.settings import ScratchBase
from micota.models.tokenizer import load_tokenizer
from micota.study.load import load_study
from micota.training.settings import TrainingSettings
from scripts import base as script
from tests.tiny import PROMPT, ROOT, SHAPE, raw_config, same_weights, write_model

RECIPE: dict[str, Any] = {"epochs": 1, "learning_rate": 0.001, "batch_size": 4}
DEMONSTRATIONS = {"count": 8, "operations": [1], "bound": 99, "verbose_share": 0.5, "verbosity": [0.0, 1.0]}
SCRATCH: dict[str, Any] = {"source": "scratch", "pretrained": None, "seed": 1, "shape": SHAPE, "prompt": PROMPT}
MADE_HERE = {"micota.json", "README.md"}  # what is written beside a model
SCRATCH |= {"demonstrations": DEMONSTRATIONS, "training": RECIPE}


def get(block: dict[str, Any], folder: Path) -> Path:
    """A base of a study; one from scratch brings its recipe and prompt along."""
    changes = {"bases.small": {name: value for name, value in block.items() if name not in ("training", "prompt")}}
    if "training" in block:
        changes["bases.small"]["recipe"] = "asked"
        changes |= {"training.asked": block["training"] | {"prompt": "asked"}, "prompts.asked": block["prompt"]}
    return get_of(raw_config("mini", changes), "small", folder)


def get_of(raw: dict[str, Any], base: str, folder: Path) -> Path:
    study, out = folder.with_name(f"{folder.name}.json"), folder / "out"
    write_json(study, raw)
    flags = ["--study", str(study), "--base", base, "--work", str(folder / "work"), "--out", str(out)]
    script.main(flags)
    return out


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A from-scratch base, as the study makes it."""
    return get(SCRATCH, tmp_path_factory.mktemp("scratch"))


def test_a_local_model_is_copied_without_what_is_not_plain(model: Path, tmp_path: Path) -> None:
    source = write_model(tmp_path / "source")
    for name in ("pytorch_model.bin", "optimizer.pt", "modeling_evil.py"):
        (source / name).write_text("never loaded", encoding="utf-8")
    (source / "micota.json").write_text('{"kind": "theirs"}', encoding="utf-8")
    out = get({"source": "local", "path": str(source)}, tmp_path)
    assert same_weights(out, source)
    assert {path.name for path in out.iterdir()} == {path.name for path in model.iterdir()} | MADE_HERE
    assert load_tokenizer(out)("check 1")["input_ids"] == load_tokenizer(source)("check 1")["input_ids"]
    made = {"kind": "base", "source": "local", "path": str(source), "sha256": weight_hashes(source)}
    files = {path.name: file_hash(path) for path in out.iterdir() if path.name not in MADE_HERE}
    assert read_json(out / "micota.json") == made | {"files": files}
    assert read_json(source / "micota.json") == {"kind": "theirs"}
    shared = {path.stat().st_ino for path in out.iterdir()} & {path.stat().st_ino for path in source.iterdir()}
    assert not shared, "what befalls a result leaves the user's folder as it is"


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (["model.safetensors"], r"no \*\.safetensors weights"),
        (["tokenizer.json"], "no tokenizer files"),
        (["config.json"], "config.json is missing"),
    ],
)
def test_a_local_folder_that_is_no_model_is_refused(tmp_path: Path, missing: list[str], message: str) -> None:
    source = write_model(tmp_path / "source")
    for name in missing:
        (source / name).unlink()
    (source / "pytorch_model.bin").write_text("a pickle does not count", encoding="utf-8")
    with pytest.raises(UserError, match=f"source: .*{message}"):
        get({"source": "local", "path": str(source)}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_local_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere: no such model folder"):
        get({"source": "local", "path": str(tmp_path / "nowhere")}, tmp_path)


def test_an_unreachable_hub_says_how_to_do_without(tmp_path: Path) -> None:
    """In a process of its own: the hub's library reads HF_HUB_OFFLINE and the cache's place when it is imported."""
    import os
    import subprocess
    import sys

    from tests.tiny import ROOT

    block = {"repo": "Qwen/Qwen2.5-3B-Instruct", "revision": "aa8e72537993ba99e69dfaafa59ed015b17504d1"}
    command = [sys.executable, "-m", "scripts.base", *as_flags(block), "--out", str(tmp_path / "out")]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "cache")}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 2, run.stderr
    lines = run.stderr.splitlines()
    assert len(lines) == 1
    for part in ("error: ", block["repo"], block["revision"], "`hf download ", "source: local"):
        assert part in lines[0]
    assert not (tmp_path / "out").exists()


def test_a_scratch_base_is_made_and_says_how(scratch: Path) -> None:
    check_folder(scratch)
    made = read_json(scratch / "micota.json")
    assert {key: made[key] for key in SCRATCH if key != "training"} == {
        **{key: value for key, value in SCRATCH.items() if key != "training"},
        "prompt": Prompt(**PROMPT).model_dump(),
    }
    assert made["training"] == TrainingSettings(**RECIPE).model_dump()
    assert made["counts"] == {"read": 8, "kept": 8, "too_long": 0, "over_max_examples": 0}
    assert made["steps"] == 2
    assert [path.name for path in scratch.parent.iterdir() if path.name not in {"out", "work"}] == []


def test_a_pretrained_base_of_the_same_recipe_is_taken(scratch: Path, tmp_path: Path) -> None:
    """Values that the recipe leaves out are the defaults, on both sides."""
    block = SCRATCH | {
        "pretrained": str(scratch),
        "training": RECIPE | {"max_grad_norm": 1.0},
        "prompt": PROMPT | {"chat": True},
    }
    assert same_weights(get(block, tmp_path), scratch)


@pytest.mark.parametrize(
    ("study", "base"),
    [("mini", "small"), ("mini", "medium"), ("mini", "large"), ("study", "tiny"), ("controls", "small")],
)
def test_the_committed_bases_are_taken(tmp_path: Path, study: str, base: str) -> None:
    """They are recognised by the recipe in their micota.json, which today's settings must still equal."""
    block = load_study(raw_config(study)).base_block(base)
    assert isinstance(block, ScratchBase) and block.pretrained
    assert same_weights(get_of(raw_config(study), base, tmp_path), ROOT / block.pretrained)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"shape": SHAPE | {"layers": 3}},
        {"demonstrations": DEMONSTRATIONS | {"count": 9}},
        {"training": RECIPE | {"learning_rate": 0.002}},
        {"prompt": PROMPT | {"system": "Hi"}},
    ],
    ids=str,
)
def test_a_pretrained_base_of_another_recipe_is_refused(scratch: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"another recipe.*make bases.*from_scratch: true"):
        get(SCRATCH | {"pretrained": str(scratch)} | change, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("made", [{"kind": "base", "source": "local"}, SCRATCH | {"training": {"lr": 1}}])
def test_a_pretrained_folder_of_unknown_origin_is_refused(tmp_path: Path, made: dict[str, Any]) -> None:
    source = write_model(tmp_path / "source")
    (source / "micota.json").write_text(json.dumps(made), encoding="utf-8")
    with pytest.raises(UserError, match="another recipe"):
        get(SCRATCH | {"pretrained": str(source)}, tmp_path)


def test_the_same_seed_starts_from_the_same_weights(model: Path, tmp_path: Path) -> None:
    assert same_weights(model, write_model(tmp_path / "same"))
    assert not same_weights(model, write_model(tmp_path / "other", seed=1))


@pytest.mark.parametrize("name", ["small", "medium", "large"])
def test_the_committed_bases_are_those_of_the_miniatures_recipes(name: str, tmp_path: Path) -> None:
    """`make demo` takes them; an edit of a recipe, of its defaults or of the weights must show here."""
    assert (get_of(raw_config("mini"), name, tmp_path) / "model.safetensors").is_file()


def test_weights_that_are_not_those_of_the_recipe_are_refused(tmp_path: Path) -> None:
    raw = raw_config("mini", {"bases.small.pretrained": str(tmp_path / "swapped")})
    shutil.copytree("reference/mini/bases/small", tmp_path / "swapped")
    shutil.copyfile("reference/mini/bases/medium/model.safetensors", tmp_path / "swapped" / "model.safetensors")
    with pytest.raises(UserError, match="not those that micota"):
        get_of(raw, "small", tmp_path)


def test_the_hash_of_finished_weights_is_not_taken_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """... unless something has happened to them since, even if they were made long before."""
    source, folder = write_model(tmp_path / "source"), tmp_path / "m"
    copy_local(source, folder)
    hashed: list[str] = []

    def noted(path: Path) -> str:
        hashed.append(path.name)
        return file_hash(path)

    monkeypatch.setattr("micota.models.folders.file_hash", noted)
    first = model_hash(folder)
    assert hashed == []
    (tmp_path / "plain").mkdir()
    for path in folder.iterdir():  # without micota.json everything is hashed, to the same end
        if path.name not in MADE_HERE:
            (tmp_path / "plain" / path.name).write_bytes(path.read_bytes())
    assert model_hash(tmp_path / "plain") == first and "model.safetensors" in hashed

    other = write_model(tmp_path / "other", seed=1) / "model.safetensors"
    os.utime(other, (0, 0))
    other.replace(folder / "model.safetensors")
    assert model_hash(folder) != first
    assert read_json(folder / "micota.json")["sha256"] != weight_hashes(folder)


BOS = "<s>"


def with_bos(folder: Path, stated: bool | None, own: bool) -> Path:
    """A model whose tokenizer has a BOS; `own`: its tokenizer.json puts it before texts; `stated`: its settings do."""
    from tokenizers.processors import TemplateProcessing

    write_model(folder)
    tokenizer = load_tokenizer(folder)
    tokenizer.add_special_tokens({"bos_token": BOS})
    if own:
        before = [(BOS, tokenizer.bos_token_id)]
        tokenizer._tokenizer.post_processor = TemplateProcessing(f"{BOS} $A", None, before)
    tokenizer.save_pretrained(folder)
    settings = read_json(folder / "tokenizer_config.json")
    settings |= {} if stated is None else {"add_bos_token": stated}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("stated", [True, False, None])
def test_a_raw_text_begins_with_the_bos_where_the_folder_says_so(
    tmp_path: Path, stated: bool | None, own: bool
) -> None:
    """transformers 5 drops `add_bos_token` wherever there is a tokenizer.json; R1-Distill-Qwen has its BOS from it."""
    folder = with_bos(tmp_path / "m", stated, own)
    tokenizer = load_tokenizer(folder)
    wanted = own if stated is None else stated
    start, text = [tokenizer.bos_token_id] * wanted, tokenizer("check 1", add_special_tokens=False)["input_ids"]
    assert tokenizer("check 1")["input_ids"] == start + text
    tokenizer.save_pretrained(tmp_path / "trained")  # as a trainer does
    assert load_tokenizer(tmp_path / "trained")("check 1")["input_ids"] == start + text
    assert render(tokenizer, Prompt(user="{problem}", chat=False), "check 1").prompt_ids == start + text
    assert tokenizer.bos_token_id not in render(tokenizer, Prompt(user="{problem}"), "check 1").prompt_ids


def test_a_bos_that_the_tokenizer_has_not_got_is_not_added(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "m")
    plain = load_tokenizer(folder)("check 1")["input_ids"]
    settings = read_json(folder / "tokenizer_config.json") | {"add_bos_token": True, "bos_token": None}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    assert load_tokenizer(folder)("check 1")["input_ids"] == plain


TEXTS = [
    "How many are 1234567 boxes of 12 ?",
    "  two  spaces\n\n\tLet's check: 17*23=391!",
    "\\boxed{\\frac{14}{3}} \u2220ABC = 30\u00b0, \u2115 \u2264 \u2211 e\u0301 \u4e2d\u6587",
]


def byte_level(folder: Path, digits: int) -> Any:
    """tokenizer.json of a byte-level BPE that takes up to so many digits together; `tokenizers`' own view of it."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    core = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(rf"\\p{{N}}{{1,{digits}}}|\\s+|[^\\s\\p{{N}}]+"), "isolated")
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<bos>", "<eos>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator([*TEXTS, *(str(number) for number in range(100, 999, 7))] * 3, trainer)
    folder.mkdir()
    core.save(str(folder / "tokenizer.json"))
    return core


@pytest.mark.parametrize("digits", [1, 3])
@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("llama", "LlamaTokenizerFast"),
        ("llama", "GPT2Tokenizer"),
        ("qwen2", "PreTrainedTokenizerFast"),
        ("qwen3", "LlamaTokenizerFast"),
        ("mistral", "LlamaTokenizer"),
        ("gemma3_text", "GemmaTokenizerFast"),
        ("llama", "T5Tokenizer"),
        ("llama", "TheirOwnTokenizer"),
    ],
)
def test_a_tokenizer_is_read_by_the_rules_of_its_file(tmp_path: Path, kind: str, named: str, digits: int) -> None:
    """transformers builds the one of the named class, with that one's rules: every space was lost in silence."""
    core = byte_level(tmp_path / "m", digits)
    settings = {"tokenizer_class": named, "bos_token": "<bos>", "eos_token": "<eos>"}
    (tmp_path / "m" / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    (tmp_path / "m" / "config.json").write_text(json.dumps({"model_type": kind}), encoding="utf-8")
    tokenizer = load_tokenizer(tmp_path / "m")
    tokenizer.save_pretrained(tmp_path / "trained")  # as a trainer does
    (tmp_path / "trained" / "config.json").write_text(json.dumps({"model_type": kind}), encoding="utf-8")
    for one in (tokenizer, load_tokenizer(tmp_path / "trained")):
        assert (one.bos_token, one.eos_token, len(one)) == ("<bos>", "<eos>", core.get_vocab_size())
        for text in TEXTS:
            ids = one(text, add_special_tokens=False)["input_ids"]
            assert ids == core.encode(text, add_special_tokens=False).ids
            assert one.decode(ids) == text


@pytest.mark.parametrize("double", ["consolidated.safetensors", "tied head"])
def test_parameters_count_once(model: Path, tmp_path: Path, double: str) -> None:
    from safetensors.torch import save_file

    from tests.tiny import weights

    folder = tmp_path / "m"
    shutil.copytree(model, folder)
    if double == "tied head":
        own = weights(folder)
        own["lm_head.weight"] = own["model.embed_tokens.weight"].clone()
        save_file(own, folder / "model.safetensors", metadata={"format": "pt"})
    else:
        shutil.copyfile(folder / "model.safetensors", folder / double)
    assert parameters(folder) == parameters(model)
    copy_local(folder, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").glob("*.safetensors")] == ["model.safetensors"]


def test_an_index_that_transformers_does_not_read_is_left_behind(model: Path, tmp_path: Path) -> None:
    """mergekit and vLLM would follow it."""
    folder = tmp_path / "m"
    shutil.copytree(model, folder)
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "gone.safetensors"}}', encoding="utf-8")
    copy_local(folder, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.index.json"))


@pytest.mark.parametrize(
    ("config", "needed"),
    [
        ({"model_type": "qwen2"}, "sdpa"),
        ({"model_type": "gemma2", "attn_logit_softcapping": 50.0}, "eager"),
        ({"model_type": "gemma2", "attn_logit_softcapping": None}, "sdpa"),
        ({"model_type": "gpt_oss"}, "eager"),
    ],
)
def test_attention_is_what_the_model_needs(tmp_path: Path, config: dict[str, Any], needed: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert attention(tmp_path) == needed
    assert attention(tmp_path, "eager", "the.key") == "eager"
    if needed == "eager":
        with pytest.raises(UserError, match=r"set the\.key: eager"):
            attention(tmp_path, "sdpa", "the.key")
