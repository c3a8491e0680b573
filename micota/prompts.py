"""The one place that knows chat templates: `render` makes the prompts of the sampler and the rows of the trainer.

Prompt and completion are tokenised apart and joined, so what a student is trained to continue is token by token what
the sampler later gives it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

IGNORED = -100  # the label that PyTorch's cross entropy skips
JUDGE_PLACES = ("{problem}", "{answer}", "{extracted}")  # what a judge model is shown; `answer` is the gold answer


@dataclass(frozen=True)
class Prompt:
    """How a problem is put to a model: `user` holds `{problem}`; with `chat` false the text is passed raw."""

    user: str
    system: str | None = None
    chat: bool = True


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
        """Loss on the completion only, its end token included."""
        return [IGNORED] * len(self.prompt_ids) + self.completion_ids


def render(tokenizer: Any, prompt: Prompt, problem: str, completion: str | None = None) -> Rendered:
    """Render a problem, and a completion with the tokenizer's end token, as one model sees them.

    A raw prompt gets the special tokens the tokenizer adds by itself (a BOS, where it has one); a chat template
    writes its own.
    """
    user = prompt.user.replace("{problem}", problem)
    if prompt.chat:
        messages = [{"role": "user", "content": user}]
        if prompt.system is not None:
            messages.insert(0, {"role": "system", "content": prompt.system})
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    else:
        text = user
    prompt_ids = tokenizer(text, add_special_tokens=not prompt.chat)["input_ids"]
    completion_ids: list[int] = []
    if completion is not None:
        completion_ids = tokenizer(completion, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
    return Rendered(text, prompt_ids, completion_ids)


def render_question(tokenizer: Any, prompt: Prompt, record: Mapping[str, str]) -> Rendered:
    """Render a judge model's prompt. All places are filled at once: an answer may itself hold `{problem}`."""
    place = re.compile("|".join(map(re.escape, JUDGE_PLACES)))
    filled = place.sub(lambda found: record[found[0].strip("{}")], prompt.user)
    # Half of a surrogate pair, which a model may write, is no text for a tokenizer.
    return render(tokenizer, replace(prompt, user="{problem}"), filled.encode("utf-8", "replace").decode("utf-8"))
