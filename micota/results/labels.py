"""What readers see in place of the names of the configuration."""

CORPUS_LABELS = {
    "base": "base (untrained)",
    "short": "short",
    "long": "long",
    "unmerged": "un-merged TA",
    "mix": "mix",
    "mid": "mid (MiCoTA)",
}


def corpus_label(corpus: str) -> str:
    """The name readers see: `mid` is MiCoTA's corpus."""
    return CORPUS_LABELS.get(corpus, corpus)
