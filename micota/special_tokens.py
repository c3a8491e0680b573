"""Special tokens that a sampler wrote into its text: found by name, so that none reaches a corpus unseen.

The authors sample with `skip_special_tokens=False`, so an end-of-turn token in the middle of a trace stays in its text.
A trainer's tokenizer reads such a text as the token itself: the student would learn to end its turn there, or to open a
user's. Looked for are the sampler's own special tokens and those of the common families (ChatML, Llama 2 and 3,
DeepSeek, Gemma), for a model may quote another's. `<think>` and `</think>` are ordinary text, counted and left alone.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

MARKS = ("<think>", "</think>")
# Two letters or more between the bars: `a<|x|>b` is mathematics.
FAMILIES = (
    r"<\|[A-Za-z_][\w ]+\|>|<｜[^<>｜\n]+｜>|</?s>|<(?:bos|eos|pad|unk|start_of_turn|end_of_turn)>|\[/?INST\]|<</?SYS>>"
)


OPEN, UNPAIRED = "thinking_open", "thinking_unpaired"


def thinking_fault(prompt: str, completion: str) -> str | None:
    """What is wrong with a trace's marks of thinking: begun and never ended, or not in pairs; None if nothing is.

    A prompt that ends in `<think>`, as some chat templates write it, has begun the thinking.
    """
    opening, _ = MARKS
    depth, begun = 0, prompt.rstrip().endswith(opening) and not completion.lstrip().startswith(opening)
    for mark in [opening] * begun + re.findall("|".join(MARKS), completion):
        depth += 1 if mark == opening else -1
        if depth not in (0, 1):
            return UNPAIRED
    return OPEN if depth else None


@dataclass(frozen=True)
class SpecialTokens:
    """What to do with a trace that holds special tokens: `drop` it, `strip` them, or `keep` it as it is."""

    rule: str = "drop"
    own: Collection[str] = field(default_factory=frozenset)  # of the sampler's tokenizer

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        own = sorted({token for token in self.own if token} - set(MARKS), key=len, reverse=True)
        return re.compile("|".join([*map(re.escape, own), FAMILIES]))

    def found(self, text: str) -> set[str]:
        """The special tokens of a text, each once."""
        return set(self.pattern.findall(text))

    def stripped(self, text: str) -> str:
        """The text without them; again and again, for what is left may join to another one."""
        while (shorter := self.pattern.sub("", text)) != text:
            text = shorter
        return text
