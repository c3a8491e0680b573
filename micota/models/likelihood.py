"""How likely is a corpus under a model that has not been trained on it? (the paper's distribution experiment)

The negative log-likelihood of a trace is summed over its completion's tokens, end token included where it has one,
given the prompt as a student would see it in training. The same pass gives the sum of the tokens' ranks, clipped, for
the Rank-Surprisal Ratio (Yang et al. 2026, arXiv:2601.14249; github.com/UmeanNever/RankSurprisalRatio, rsr_cal.py).
"""

from collections.abc import Iterator
from typing import Any

from micota.common.records import Record
from micota.models.prompts import Prompt, render_row

POSITIONS = 1024  # whose logits are held in float32 at a time: of all 16,000 of a trace they would take 12 bytes each
RANK_LIMIT = 100  # a token's rank counts as this at most, as in the RSR's paper and program


def batches(rows: list[Any], size: int) -> Iterator[list[int]]:
    """Indices of the rows in batches of similar length."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].input_ids))
    for start in range(0, len(order), size):
        yield order[start : start + size]


def trace_nll(model: Any, tokenizer: Any, prompt: Prompt, corpus: list[Record], batch_size: int) -> list[Record]:
    """Per corpus row: `id, sample, nll` (nats over the completion), `rank_sum`, and `n_tokens` (that both sum over)."""
    import torch

    rendered = [render_row(tokenizer, prompt, row) for row in corpus]
    found: dict[int, tuple[float, int]] = {}
    for batch in batches(rendered, batch_size):
        width = max(len(rendered[i].input_ids) for i in batch)
        ids = torch.full((len(batch), width), tokenizer.pad_token_id)
        labels = torch.full((len(batch), width), -100)
        mask = torch.zeros((len(batch), width), dtype=torch.long)
        for line, i in enumerate(batch):
            length = len(rendered[i].input_ids)
            ids[line, :length] = torch.tensor(rendered[i].input_ids)
            labels[line, :length] = torch.tensor(rendered[i].labels)
            mask[line, :length] = 1
        with torch.inference_mode():
            logits = model(input_ids=ids.to(model.device), attention_mask=mask.to(model.device), use_cache=False).logits
        for line, i in enumerate(batch):
            found[i] = row_sums(logits[line], labels[line].to(model.device))
    return [
        {
            "id": row["id"],
            "sample": row["sample"],
            "nll": found[i][0],
            "rank_sum": found[i][1],
            "n_tokens": len(rendered[i].completion_ids),
        }
        for i, row in enumerate(corpus)
    ]


def row_sums(logits: Any, labels: Any) -> tuple[float, int]:
    """NLL (nats) and clipped ranks, each summed over a row's labels but those of -100.

    `logits`: positions x vocabulary; `labels`: positions. A token's rank is one more than the number of tokens with a
    higher logit: 1 is the likeliest, and of tokens that tie each has the best rank of them.
    """
    import torch

    nll, ranks = 0.0, 0
    for start in range(0, len(labels) - 1, POSITIONS):
        here, there = logits[:-1][start : start + POSITIONS].float(), labels[1:][start : start + POSITIONS]
        losses = torch.nn.functional.cross_entropy(here, there, ignore_index=-100, reduction="none")
        nll += float(losses.double().sum())
        own = here.gather(1, there.clamp(min=0)[:, None])
        rank = ((here > own).sum(dim=1) + 1).clamp(max=RANK_LIMIT)
        ranks += int(rank[there != -100].sum())
    return nll, ranks
