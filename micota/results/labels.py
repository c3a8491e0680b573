"""What readers see in place of the names of the configuration and of the tables."""

CORPUS_LABELS = {
    "base": "base (untrained)",
    "short": "short",
    "long": "long",
    "unmerged": "un-merged TA",
    "mix": "mix",
    "mid": "mid (MiCoTA)",
}
# For the figure of the README, whose reader knows nothing yet; in the order of the CoT's length.
FRONT_LABELS = {"base": "untrained", "short": "short CoT", "mid": "Mid-CoT (MiCoTA)", "long": "long CoT"}
SOURCE_LABELS = {  # of the variance budget
    "problems": "problems of the benchmarks",
    "masks": "mask seed of the merge",
    "seeds": "training seed (and mask × seed)",
    "sampling": "sampled decoding, one answer",
    "graders": "grader (a fixed set)",
    "total": "all of them",
}
UNITS = ((1e8, 1e9, "B"), (1e5, 1e6, "M"), (1e3, 1e3, "k"))  # from how many parameters on, unit, letter


def corpus_label(corpus: str) -> str:
    """The name readers see: `mid` is MiCoTA's corpus."""
    return CORPUS_LABELS.get(corpus, corpus)


def size_label(parameters: float) -> str:
    """A number of parameters with two digits and its unit."""
    for least, unit, letter in UNITS:
        if parameters >= least:
            return f"{float(f'{parameters / unit:.2g}'):g} {letter}"
    return f"{parameters:g}"


def small_p(p: float) -> str:
    """A p value to four decimals; `< 0.001` below that."""
    return f"{p:.4f}" if p >= 0.001 else "< 0.001"
