"""Special tokens of every common family are found in a text; what only looks like one is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micota.models.special_tokens import SpecialTokens


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4<|im_end|>\n<|im_start|>user", {"<|im_end|>", "<|im_start|>"}),
        ("4<|endoftext|>", {"<|endoftext|>"}),
        ("4<|eot_id|><|start_header_id|>", {"<|eot_id|>", "<|start_header_id|>"}),
        ("<s>4</s>", {"<s>", "</s>"}),
        ("4<｜end▁of▁sentence｜><｜User｜>", {"<｜end▁of▁sentence｜>", "<｜User｜>"}),
        ("<start_of_turn>model 4<end_of_turn><eos>", {"<start_of_turn>", "<end_of_turn>", "<eos>"}),
        ("[INST] 4 [/INST] <<SYS>>", {"[INST]", "[/INST]", "<<SYS>>"}),
        ("<think>\n4\n</think>", set()),
        ("so 1<|x|>0, |a|<|b|>c and a<s", set()),
        ("48/2 = <<48/2=24>>24", set()),
        ("<strong>4</strong>", set()),
    ],
)
def test_what_is_found(text: str, found: set[str]) -> None:
    special = SpecialTokens()
    assert special.found(text) == found
    stripped = special.stripped(text)
    assert (stripped == text) == (not found) and special.found(stripped) == set()


def test_a_tokenizers_own_are_found_too_and_never_the_marks_of_thinking() -> None:
    special = SpecialTokens("drop", ["<tool>", "<tool>x", "<think>", "</think>", ""])
    assert special.found("<think>a</think><tool>x<tool>") == {"<tool>x", "<tool>"}
    assert SpecialTokens().found("<tool>") == set()


@given(st.lists(st.sampled_from(["<|im_", "end|>", "<|im_end|>", "</s", ">", "</s>", "4", "<think>"]), max_size=12))
def test_nothing_is_left_after_stripping(parts: list[str]) -> None:
    """Not even where the pieces around a token join to another one."""
    special = SpecialTokens()
    assert special.found(special.stripped("".join(parts))) == set()
