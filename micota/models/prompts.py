"""The one place that knows chat templates: `render` makes the prompts of the sampler and the rows of the trainer.

Prompt and completion are tokenised apart and joined, so what a student is trained to continue is token by token what
the sampler later gives it. `rendering` records how a model was, or is to be, addressed; `check_rendering` compares.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from micota.common.errors import ModelError
from micota.common.records import SURROGATE
from micota.common.settings import Closed
from micota.models.places import JUDGE_PLACES, check_places, in_no_place
from micota.models.special_tokens import FAMILIES, thought_at_the_end

EXAMPLE = "What is 1 + 1?"  # the problem that every recorded rendering shows
IGNORED = -100  # the label that PyTorch's cross entropy skips
# Templates that write the day's date (Llama 3.2, gpt-oss) get this one, which Llama's falls back on without a clock: a
# prompt is the same tomorrow, and so is what a model was trained on.
TODAY = datetime(2024, 7, 26)
ANSWER = "ANSWER"  # stands for an assistant's text, to see what a chat template writes around it
# Of a tokenizer's added tokens, those that steer a model; others (Gemma's runs of spaces, HTML tags) are spelling.
CONTROL = re.compile(rf"{FAMILIES}|</?(?:think|tool_\w+)>")
CUT = "\ufdd0"  # a noncharacter, which no text holds: where a text is cut before it is tokenised


class Prompt(Closed):
    """How a problem is put to a model."""

    user: Annotated[str, AfterValidator(check_places), Field(description="holds {problem}, once")]
    system: Annotated[
        str | None, AfterValidator(in_no_place), Field(description="as it stands: a problem has its place in `user`")
    ] = None
    chat: Annotated[bool, Field(description="false: the text is passed raw, without a chat template")] = True


ANY = Prompt(user="{problem}")


@dataclass(frozen=True)
class Rendered:
    """A prompt as text and token ids; `completion_ids` is empty unless a completion was given."""

    text: str
    prompt_ids: list[int]
    completion_ids: list[int]

    @property
    def input_ids(self) -> list[int]:
        return self.prompt_ids + self.completion_ids

    @property
    def labels(self) -> list[int]:
        """Loss on the completion only, its end token, if it has one, included."""
        return [IGNORED] * len(self.prompt_ids) + self.completion_ids


def as_text(tokenizer: Any, value: str) -> str:
    """A problem or an answer with a CUT in every control token that it quotes, so that it stays text."""
    value = value.replace(CUT, "\ufffd")
    added = {str(token): token.special for token in getattr(tokenizer, "added_tokens_decoder", {}).values()}
    control = {token for token, special in added.items() if special or CONTROL.fullmatch(token)}
    tokens = [
        token
        for token in control | set(getattr(tokenizer, "all_special_tokens", ()))
        if len(token) > 1 and token in value
    ]
    # Behind the first character, wherever one begins: two may overlap.
    return re.sub(f"(?=(?:{'|'.join(map(re.escape, tokens))}))(.)", rf"\1{CUT}", value) if tokens else value


def render(tokenizer: Any, prompt: Prompt, problem: str, completion: str | None = None, ended: bool = True) -> Rendered:
    """Render a problem, and a completion with the token that ends it, as one model sees them.

    A raw prompt gets the special tokens the tokenizer puts before a text by itself (a BOS, where it has one), none
    behind it; a chat template writes its own. A problem that quotes a control token (`<|im_end|>`) is tokenised as the
    text it is: it cannot end the user's turn. What the prompt opens of an answer (`opened`) stands in it, not a second
    time in the completion. A completion that was cut off (`ended` false) has no end token: none was written there.
    """
    for text in (problem, completion or ""):
        if SURROGATE.search(text):
            raise ModelError(f"half of a surrogate pair, which no tokenizer takes, stands in {text[:80]!a}")
    user = prompt.user.replace("{problem}", as_text(tokenizer, problem))
    return render_user(tokenizer, prompt, user, completion, ended)


def render_user(
    tokenizer: Any, prompt: Prompt, user: str, completion: str | None = None, ended: bool = True
) -> Rendered:
    """Render what the user says, all places filled, cut as `as_text` does."""
    text = chat_text(tokenizer, prompt.system, user) if prompt.chat else user
    first, *further = text.split(CUT)
    prompt_ids = tokenizer(first, add_special_tokens=not prompt.chat)["input_ids"]
    if not prompt.chat:
        prompt_ids = prompt_ids[: len(prompt_ids) - added_behind(tokenizer)]
    for part in further:
        prompt_ids = prompt_ids + tokenizer(part, add_special_tokens=False)["input_ids"]
    completion_ids: list[int] = []
    if completion is not None:
        completion = without_opening(completion, opened(tokenizer, prompt))
        completion_ids = tokenizer(completion, add_special_tokens=False)["input_ids"]
        completion_ids += [end_token(tokenizer, prompt)] if ended else []
    return Rendered("".join((first, *further)), prompt_ids, completion_ids)


def chat_text(tokenizer: Any, system: str | None, user: str, answer: str | None = None) -> str:
    """What the chat template makes of a user's turn, up to the answer's place or, if there is one, past the answer.

    ModelError where the template fails, or refuses: Gemma's takes no system prompt.
    """
    from jinja2 import TemplateError

    messages = [{"role": "user", "content": user}]
    if system is not None:
        messages.insert(0, {"role": "system", "content": system})
    if answer is not None:
        messages.append({"role": "assistant", "content": answer})
    try:
        text = tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=answer is None, strftime_now=TODAY.strftime
        )
    except TemplateError as error:
        raise ModelError(
            f"{tokenizer.name_or_path}: its chat template refuses the prompt ({' '.join(str(error).split())[:200]}):"
            " change `system` or `user` of the prompt, mend chat_template.jinja, or set `chat: false`"
        ) from None
    return str(text)


def added_behind(tokenizer: Any) -> int:
    """How many tokens (an EOS) the tokenizer puts behind a raw text by itself."""
    bare, whole = tokenizer("1", add_special_tokens=False)["input_ids"], tokenizer("1")["input_ids"]
    before = next((i for i in range(len(whole)) if bare and whole[i : i + len(bare)] == bare), 0)
    return max(0, len(whole) - before - len(bare))


def end_token(tokenizer: Any, prompt: Prompt) -> int:
    """The token that ends a completion: the one that closes an assistant's turn, or the tokenizer's end token."""
    closing = turn_end(tokenizer, prompt) if prompt.chat else None
    return int(tokenizer.eos_token_id if closing is None else closing)


def turn_end(tokenizer: Any, prompt: Prompt = ANY) -> int | None:
    """The special token that the chat template closes an assistant's turn with; None if it has none of its own.

    Not always the tokenizer's `eos_token`: Phi-3 closes with <|end|>, Qwen2.5's base models with <|im_end|>. Some files
    do not call it special; it is known by its form then.
    """
    return around_answer(tokenizer, str(getattr(tokenizer, "chat_template", None) or ""), prompt)[1]


def opened(tokenizer: Any, prompt: Prompt) -> str:
    """What the prompt itself writes of an answer (`<think>` and a new line): a part of every trace."""
    if prompt.chat:
        return around_answer(tokenizer, str(tokenizer.chat_template or ""), prompt)[0]
    return thought_at_the_end(prompt.user)


def begins_with(completion: str, begun: str) -> bool:
    """Whether a trace holds what a template opens, be it with other blanks around it."""
    return completion.lstrip().startswith(begun.strip())


def without_opening(completion: str, begun: str) -> str:
    """A trace without what the prompt's template opens of it."""
    if not begun or not begins_with(completion, begun):
        return completion
    if completion.startswith(begun):
        return completion.removeprefix(begun)
    return completion.lstrip().removeprefix(begun.strip()).lstrip()


@lru_cache(maxsize=32)
def around_answer(tokenizer: Any, template: str, prompt: Prompt) -> tuple[str, int | None]:
    """What a chat template opens of an assistant's text, and the token that it closes a turn with.

    It is asked for a prompt with an answer's place and for one with an answer. `template` is a part of the cache's key.
    """
    user = prompt.user.replace("{problem}", "1")
    try:
        asked = chat_text(tokenizer, prompt.system, user) if template else ""
        answered = chat_text(tokenizer, prompt.system, user, ANSWER) if template else ""
    except Exception:  # a template is a program: it raises what it likes, and `render` will show it
        return "", None
    header, found, rest = answered.rpartition(ANSWER)
    begun = asked.removeprefix(header) if found and asked.startswith(header) else ""
    if not begun.strip():  # a template may write an empty thought before a past answer: then by its mark
        begun = thought_at_the_end(asked)
    added = tokenizer.added_tokens_decoder.items()
    special = {id for id, token in added if token.special or re.fullmatch(FAMILIES, token.content)}
    special |= set(tokenizer.all_special_ids)
    behind = tokenizer(rest, add_special_tokens=False)["input_ids"] if found else []
    return begun, next((token for token in behind if token in special), None)


def render_row(tokenizer: Any, prompt: Prompt, row: Mapping[str, Any]) -> Rendered:
    """Render a row of a corpus; only a trace that was sampled to its limit says that it is `truncated`."""
    return render(tokenizer, prompt, row["problem"], row["completion"], ended=not row.get("truncated", False))


def rendering(tokenizer: Any, prompt: Prompt) -> dict[str, Any]:
    """What decides how a problem reaches a model, and an example of it: for micota.json, the traces and the corpora."""
    template = getattr(tokenizer, "chat_template", None)
    example = render(tokenizer, prompt, EXAMPLE)
    return {
        "prompt": prompt.model_dump(),
        "chat_template_sha256": hashlib.sha256(json.dumps(template).encode()).hexdigest() if template else None,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        **({"end_token_id": end} if (end := end_token(tokenizer, prompt)) != tokenizer.eos_token_id else {}),
        **({"opened": begun} if (begun := opened(tokenizer, prompt)) else {}),
        "special_tokens": sorted(tokenizer.all_special_tokens),
        "example": {"problem": EXAMPLE, "text": example.text, "prompt_ids": example.prompt_ids},
    }


def first_difference(tokenizer: Any, trained: list[int], given: list[int]) -> str | None:
    """Where two rendered prompts part, in words; None if they are the same tokens."""
    if trained == given:
        return None
    pairs = zip(trained, given, strict=False)
    place = next((i for i, (one, other) in enumerate(pairs) if one != other), min(len(trained), len(given)))
    here = [
        f"{ids[place]} {tokenizer.decode([ids[place]])!r}" if place < len(ids) else "its end"
        for ids in (trained, given)
    ]
    return f"token {place} is {here[0]} in training and {here[1]} here"


def check_rendering(
    tokenizer: Any, made: Mapping[str, Any], prompt: Prompt, problem: str, deviation: str | None, where: str
) -> None:
    """Raise UserError where a tuned model would meet a prompt that is not, token by token, the one it was trained on.

    `made` is the model's micota.json. A template or tokenizer that is not the one of the training is always an error; a
    prompt that was configured to differ is none where `deviation` names why.
    """
    if made.get("kind") not in ("tuned", "merged") or "prompt" not in made:
        return
    trained = Prompt(**made["prompt"])
    if recorded := made.get("rendering"):
        now = render(tokenizer, trained, recorded["example"]["problem"]).prompt_ids
        if difference := first_difference(tokenizer, recorded["example"]["prompt_ids"], now):
            raise ModelError(
                f"{where}: its tokenizer or chat template is not the one it was trained with: of the example in"
                f" micota.json {difference}; put the tokenizer's files back, or train the model again"
            )
    if deviation is not None:
        return
    given = render(tokenizer, prompt, problem).prompt_ids
    if difference := first_difference(tokenizer, render(tokenizer, trained, problem).prompt_ids, given):
        raise ModelError(
            f"{where}: the prompt differs from the one the model was trained on: {difference}; if that is meant, name a"
            " deviation id under prompt_deviations"
        )


def render_question(tokenizer: Any, prompt: Prompt, record: Mapping[str, str]) -> Rendered:
    """Render a judge model's prompt. All places are filled at once: an answer may itself hold `{problem}`."""
    place = re.compile("|".join(map(re.escape, JUDGE_PLACES)))
    filled = place.sub(lambda found: as_text(tokenizer, record[found[0].strip("{}")]), prompt.user)
    # Half of a surrogate pair, which a model may write, is no text for a tokenizer.
    return render_user(tokenizer, prompt, filled.encode("utf-8", "replace").decode("utf-8"))
