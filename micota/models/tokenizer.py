"""A model folder's tokenizer, read by the folder's own rules, and the tokens that end a completion."""

import json
from pathlib import Path
from typing import Any

from micota.common.errors import ModelError
from micota.common.records import read_json
from micota.models.prompts import turn_end


def load_tokenizer(folder: str | Path) -> Any:
    """The tokenizer of a model folder, with a padding token; never runs code from the folder.

    A tokenizer.json is read by its own rules. transformers 5 rebuilds some from the code of the class that the folder's
    `tokenizer_class` or `model_type` names: R1-Distill-Llama lost every space so (transformers #46710).

    Where tokenizer_config.json says whether a text begins with the BOS (`add_bos_token`), it does: transformers 5.19
    drops that statement wherever there is a tokenizer.json, and R1-Distill-Qwen has its BOS from nowhere else
    (swift-transformers #161).
    """
    tokenizer = by_own_rules(folder)
    stated = stated_bos(Path(folder))
    if stated is not None and tokenizer.bos_token is not None and stated != begins_with_bos(tokenizer):
        tokenizer = by_own_rules(folder, add_bos_token=stated)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def by_own_rules(folder: str | Path, **settings: Any) -> Any:
    """The tokenizer as transformers picks its class, or, where that has other rules than tokenizer.json, without one.

    The special tokens that only the class knows are kept, as far as tokenizer.json has them. UserError where
    transformers changes what it reads from the file as well.
    """
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    path = Path(folder) / "tokenizer.json"
    try:
        named = AutoTokenizer.from_pretrained(folder, **settings)
    except Exception:  # of a class that another kind of tokenizer.json, or code in the folder, is for
        if not path.is_file():
            raise
        named = None
    if not path.is_file():
        return named
    wanted = Tokenizer.from_file(str(path))
    vocabulary = wanted.get_vocab()
    if same_rules(named, wanted) and set(named.get_vocab()) - set(vocabulary) <= stated_tokens(Path(folder)):
        return named
    plain = PreTrainedTokenizerFast.from_pretrained(folder, **settings)
    if not same_rules(plain, wanted):
        raise ModelError(
            f"{path}: transformers reads it by other rules than the file's own; save it anew with the `tokenizers`"
            " package, or leave out of tokenizer_config.json what changes it"
        )
    for name in ("bos_token", "eos_token", "unk_token", "pad_token"):
        if getattr(plain, name) is None and getattr(named, name, None) in vocabulary:
            setattr(plain, name, getattr(named, name))
    return plain


def same_rules(tokenizer: Any, wanted: Any) -> bool:
    """Whether a tokenizer of transformers, if there is one, cuts and joins texts as one of the package `tokenizers`.

    The template that adds BOS and EOS is left out, and so are added tokens: transformers has them from its own files.
    """
    backend = getattr(tokenizer, "_tokenizer", None)
    if not isinstance(backend, type(wanted)):
        return False
    found = [json.loads(one.to_str()) for one in (backend, wanted)]
    for rules in found:
        for key in ("added_tokens", "post_processor", "truncation", "padding"):
            rules.pop(key, None)
        # Both say that there is none.
        rules["model"] = {key: value for key, value in rules["model"].items() if value not in (None, "")}
    return bool(found[0] == found[1])


def stated_tokens(folder: Path) -> set[str]:
    """The tokens that a folder's tokenizer_config.json adds to those of tokenizer.json."""
    path = folder / "tokenizer_config.json"
    settings = read_json(path) if path.is_file() else {}
    named = [value for key, value in settings.items() if key.endswith("_token")]
    listed = settings.get("additional_special_tokens"), settings.get("extra_special_tokens")
    named += [token for tokens in listed for token in (tokens.values() if isinstance(tokens, dict) else tokens or [])]
    named += settings.get("added_tokens_decoder", {}).values()
    return {token["content"] if isinstance(token, dict) else token for token in named if isinstance(token, str | dict)}


def stated_bos(folder: Path) -> bool | None:
    """What a folder's tokenizer_config.json says of the BOS before a text; None if it says nothing."""
    path = folder / "tokenizer_config.json"
    stated = read_json(path).get("add_bos_token") if path.is_file() else None
    return stated if isinstance(stated, bool) else None


def begins_with_bos(tokenizer: Any) -> bool:
    """Whether a raw text gets the BOS before it."""
    ids = tokenizer("1")["input_ids"]
    return bool(ids) and ids[0] == tokenizer.bos_token_id


def end_tokens(folder: str | Path, tokenizer: Any) -> list[int]:
    """The tokens that end a completion: those of the model's files, the tokenizer's, and its chat template's."""
    found: list[int] = []
    for name in ("generation_config.json", "config.json"):  # the second where the first does not say
        path = Path(folder) / name
        settings = read_json(path) if path.is_file() else {}
        stated = settings.get("eos_token_id", settings.get("text_config", {}).get("eos_token_id"))
        if stated is not None:
            found += stated if isinstance(stated, list) else [stated]
            break
    found += [token for token in (tokenizer.eos_token_id, turn_end(tokenizer)) if token is not None]
    if not found:
        raise ModelError(
            f"{folder}: neither the model nor its tokenizer names an end token; set `eos_token` in its files"
        )
    return list(dict.fromkeys(found))
