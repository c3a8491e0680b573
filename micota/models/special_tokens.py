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

OPEN, UNPAIRED, BEGUN = "thinking_open", "thinking_unpaired", "thinking_begun_by_prompt"
# Marks of thinking: those of the reasoning models whose traces are sampled or published.
THINKING = re.compile(
    r"<(/?)(?:think|thinking|thought|reasoning|seed:think)>|\[(/?)THINK\]|◁(/?)think▷|<\|(?:begin|(end))_of_thought\|>",
    re.IGNORECASE,
)
CHANNEL = re.compile(r"<\|channel\|>\w+<\|message\|>\s*$")  # gpt-oss begins its thinking in a channel


def begins(mark: re.Match[str]) -> bool:
    return not any(mark.groups())


def thought_at_the_end(prompt: str) -> str:
    """The thinking that a prompt opens at its end, blanks and all; with its end, where that follows at once (Qwen3)."""
    marks = list(THINKING.finditer(prompt))
    if not marks or prompt[marks[-1].end() :].strip():
        channel = CHANNEL.search(prompt)
        return channel[0] if channel else ""
    if begins(marks[-1]):
        return prompt[marks[-1].start() :]
    closed_at_once = len(marks) > 1 and begins(marks[-2]) and not prompt[marks[-2].end() : marks[-1].start()].strip()
    return prompt[marks[-2].start() :] if closed_at_once else ""


def begun_by(prompt: str, completion: str) -> str | None:
    """The mark of the thinking that a prompt begins; None if the completion begins with a mark of its own."""
    thought = THINKING.fullmatch(thought_at_the_end(prompt).rstrip())
    own = THINKING.match(completion.lstrip())
    return thought[0] if thought and not (own and begins(own)) else None


def thinking_fault(prompt: str, completion: str) -> str | None:
    """What is wrong with a trace's marks of thinking: begun and never ended, or not in pairs; None if nothing is."""
    depth = 1 if begun_by(prompt, completion) else 0
    for mark in THINKING.finditer(completion):
        depth += 1 if begins(mark) else -1
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
