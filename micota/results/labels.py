"""What readers see in place of the names of the configuration and of the tables."""

CORPUS_LABELS = {
    "base": "base (untrained)",
    "short": "short",
    "long": "long",
    "unmerged": "un-merged TA",
    "mix": "mix",
    "mid": "mid (MiCoTA)",
}
SOURCE_LABELS = {  # of the variance budget
    "problems": "problems of the benchmarks",
    "masks": "mask seed of the merge",
    "seeds": "training seed (and mask × seed)",
    "sampling": "sampled decoding, one answer",
    "graders": "grader (a fixed set)",
    "total": "all of them",
}


def corpus_label(corpus: str) -> str:
    """The name readers see: `mid` is MiCoTA's corpus."""
    return CORPUS_LABELS.get(corpus, corpus)
