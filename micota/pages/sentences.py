"""Three plain sentences on what a study found: its verdicts, its scores, and how far it speaks."""

from collections import Counter
from collections.abc import Mapping, Sequence

from micota.results.entries import UNTRAINED
from micota.results.labels import corpus_label
from micota.results.sides import CONTRADICTED, EQUIVALENT, ESTIMATED, NOT_TESTABLE, REPRODUCED, UNDECIDED

WORDS = {
    REPRODUCED: "reproduced",
    CONTRADICTED: "contradicted",
    EQUIVALENT: "found to make no difference",
    UNDECIDED: "not decided",
}


def sentences(
    verdicts: Sequence[str], scores: Mapping[str, Mapping[str, float]], proposed: str, chains: int
) -> list[str]:
    """`scores`: student -> corpus -> accuracy in percent, mean over benchmarks, seeds and chains."""
    said = [on_verdicts(verdicts)] if verdicts else ["This study states no claims, so it has no verdicts."]
    if scores:
        said.append(on_scores(scores, proposed))
    said.append(
        f"It draws the method {chains} times, each with its own teacher and assistant, so its intervals speak for"
        " further draws."
        if chains > 1
        else "It draws the method once: what another teacher, assistant or mask would give, one draw cannot tell."
    )
    return said


def on_verdicts(verdicts: Sequence[str]) -> str:
    """How many claims came out how."""
    counts = Counter(verdicts)
    tested = sum(counts[verdict] for verdict in WORDS)
    parts = [f"{counts[verdict]} {words}" for verdict, words in WORDS.items() if counts[verdict]]
    rest = [
        f"{counts[verdict]} {words}"
        for verdict, words in ((NOT_TESTABLE, "could not be tested here"), (ESTIMATED, "only estimated"))
        if counts[verdict]
    ]
    begin = f"Of {len(verdicts)} claims {tested} {'was' if tested == 1 else 'were'} tested"
    told = begin + (f": {joined(parts)}" if parts else "")
    return f"{told}; {joined(rest)}." if rest else f"{told}."


def on_scores(scores: Mapping[str, Mapping[str, float]], proposed: str) -> str:
    """What the first student scores on the proposed corpus, beside the best other corpus and no training."""
    base, own = next(((base, by) for base, by in scores.items() if proposed in by), next(iter(scores.items())))
    trained = {name: score for name, score in own.items() if name != UNTRAINED}
    if not trained:
        return f"Untrained, {base} solves {own[UNTRAINED]:.1f} % of the benchmarks' problems."
    first = proposed if proposed in trained else next(iter(trained))
    others = {name: score for name, score in trained.items() if name != first}
    told = f"The student {base} solves {trained[first]:.1f} % of the benchmarks' problems"
    told += f" when trained on {corpus_label(first)}"
    more = []
    if others:
        best = max(others, key=lambda name: others[name])
        more.append(
            f"{others[best]:.1f} % on {corpus_label(best)}, the best of {len(others)} other{'s' * (len(others) > 1)}"
        )
    if UNTRAINED in own:
        more.append(f"{own[UNTRAINED]:.1f} % untrained")
    return f"{', '.join([told, *more[:-1]])}, and {more[-1]}." if more else f"{told}."


def joined(parts: Sequence[str]) -> str:
    """Parts of a sentence with commas and an `and`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
