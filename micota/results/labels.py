"""What readers see in place of the names of the configuration and of the tables."""

import re

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
SOURCE_LEVELS = {  # what there are several of
    "problems": "problems",
    "masks": "masks",
    "seeds": "training seeds",
    "sampling": "answers a problem",
    "graders": "graders",
}
PREDICTORS = {  # what is known of a corpus before a student is trained on it
    "nll_per_token": "NLL per token (nats)",
    "nll_per_trace": "NLL per trace (nats)",
    "rsr": "Rank-Surprisal Ratio",
    "mean_tokens": "tokens per trace",
    "marks_per_trace": "marks of reflection per trace",
}
MERGED = re.compile(r"(\w+)-w([\d.]+)(?:-d[\d.]+)?(?:-m\d+)?")  # micota/study/names.py
UNITS = ((1e8, 1e9, "B"), (1e5, 1e6, "M"), (1e3, 1e3, "k"))  # from how many parameters on, unit, letter


def corpus_label(corpus: str) -> str:
    """The name readers see: `mid` is MiCoTA's corpus."""
    return CORPUS_LABELS.get(corpus, corpus)


def words(name: str) -> str:
    """A name of the configuration as people would write it: `two_steps` is two steps."""
    return name.replace("_", " ")


def size_label(parameters: float) -> str:
    """A number of parameters with two digits and its unit."""
    for least, unit, letter in UNITS:
        if parameters >= least:
            return f"{float(f'{parameters / unit:.2g}'):g} {letter}"
    return f"{parameters:g}"


def contrast_label(contrast: str) -> str:
    """A contrast of models as people would write it: a merged model by its name, weight and mask."""
    return words(MERGED.sub(r"\1 merged at \2", contrast)).replace(" - ", " \N{MINUS SIGN} ")


def small_p(p: float) -> str:
    """A p value to four decimals; `< 0.001` below that."""
    return f"{p:.4f}" if p >= 0.001 else "< 0.001"
