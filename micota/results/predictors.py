"""What is known of a corpus before a student is trained on it, and could predict how good the student will be."""

from collections.abc import Sequence
from math import fsum
from statistics import fmean

from micota.results import entries
from micota.results.entries import Entry
from micota.study.graph import Study

Trace = tuple[float, int, int | None]  # NLL (nats), tokens, sum of clipped ranks (None: not measured), of one trace


def predictors(traces: Sequence[Trace], marks: Sequence[int]) -> dict[str, float | None]:
    """The predictors of one corpus under one untrained student; `marks`: how many each trace has."""
    nll, tokens = fsum(trace[0] for trace in traces), sum(trace[1] for trace in traces)
    return {
        "nll_per_token": nll / tokens,
        "nll_per_trace": nll / len(traces),
        "rsr": rank_surprisal_ratio(traces),
        "mean_tokens": tokens / len(traces),
        "marks_per_trace": fmean(marks),
    }


def rank_surprisal_ratio(traces: Sequence[Trace]) -> float | None:
    """A corpus' RSR: mean over traces of the mean clipped rank, over mean over traces of the mean NLL; low is good.

    So the program of the paper has it (Yang et al. 2026, arXiv:2601.14249, appendix A.8; `compute_sample_metrics` in
    rsr_cal.py): each trace weighs alike, and none is divided by its own NLL, which may be nearly 0. A trace of no token
    has no mean. None where ranks were not measured, or no token surprises.
    """
    read = [(nll / tokens, ranks, tokens) for nll, tokens, ranks in traces if tokens]
    surprisal = fsum(mean for mean, _, _ in read)
    if surprisal <= 0 or any(ranks is None for _, ranks, _ in read):
        return None
    return fsum(ranks / tokens for _, ranks, tokens in read if ranks is not None) / surprisal


def predicted(study: Study) -> list[Entry]:
    """The students whose corpora's likelihoods are taken: with the untrained model under each, and what it learned."""
    found = []
    for entry in entries.main(study):
        tune = study.students.get(entry["model"])
        if tune and tune.corpus in study.config.likelihood.corpora:
            found.append({**entry, "chain": tune.chain, "under": tune.base, "learned": tune.corpus})
    return found


def learned(study: Study) -> list[str]:
    """The corpora of `predicted`."""
    return list(dict.fromkeys(entry["learned"] for entry in predicted(study)))
