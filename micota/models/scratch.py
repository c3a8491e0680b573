"""The rim of the miniature: a tokenizer and a randomly initialised Qwen2 model, to be pre-trained from scratch.

The tokenizer is byte-level (it can write any text, so that real benchmarks run too) with Qwen's ChatML tokens and a
chat template of the same form; the words of the procedural CoT are single tokens, so that a tiny model's context is
not spent on spelling.
"""

import math
from pathlib import Path
from typing import Any

WORDS = ["system", "user", "assistant", "check ", " ok;", " no;", "wait,", "again,", "\\boxed{"]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

# ChatML as in Qwen2.5's template, without its default system prompt and its tool calls.
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def build_tokenizer() -> Any:
    """A fast tokenizer over the 256 bytes, WORDS and SPECIAL; <|im_end|> ends a turn, <|endoftext|> pads."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    core = Tokenizer(models.BPE(vocab={byte: i for i, byte in enumerate(alphabet)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    core.add_tokens([AddedToken(word, normalized=False) for word in WORDS])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"],
        clean_up_tokenization_spaces=False,
        model_max_length=8192,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def build_model(tokenizer: Any, shape: dict[str, int], seed: int) -> Any:
    """A Qwen2 model with random weights: tied embeddings, std 1/sqrt(fan_in).

    transformers' fixed std of 0.02 learns far more slowly at a width of 64 to 128 (measured by the probe).
    """
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=shape["hidden_size"],
        intermediate_size=shape["intermediate_size"],
        num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape["heads"],
        max_position_embeddings=8192,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(seed)
    model = Qwen2ForCausalLM(config)
    for parameter in model.parameters():
        if parameter.dim() == 2:
            torch.nn.init.normal_(parameter, std=1.0 / math.sqrt(parameter.shape[1]))
    return model.float()


def write_random_model(folder: Path, shape: dict[str, int], seed: int) -> None:
    """Write a loadable model folder with random weights."""
    from transformers import AutoTokenizer

    tokenizer = build_tokenizer()
    build_model(tokenizer, shape, seed).save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    # As the class of Qwen2's tokenizers has it (NFC, Qwen's way to split), which transformers picks for such a folder.
    AutoTokenizer.from_pretrained(folder).save_pretrained(folder)
