"""What several samples of each problem say of a model: avg@k, pass@k and maj@k.

- avg@k: the share of right answers among k samples, whose expectation does not depend on k: a less noisy accuracy.
- pass@k: the chance that at least one of k samples is right, estimated without bias from n >= k samples (Chen et al.
  2021, "Evaluating Large Language Models Trained on Code", arXiv 2107.03374, section 2.1).
- maj@k: whether the answer that most of k samples give is right (self-consistency: Wang et al. 2023, arXiv 2203.11171).
  Which answers are one, the kind of task says (maths: those that the MATH string rule writes alike). A sample without
  an answer does not vote, and where none votes the problem is wrong. Of answers with equally many votes one is drawn:
  the value is its expectation.
"""

from collections import Counter
from collections.abc import Sequence
from math import prod
from statistics import fmean

from micota.grading.maths import MATHS
from micota.grading.task_kind import TaskKind


def avg_at_k(correct: Sequence[bool]) -> float:
    """The share of right answers among a problem's k samples."""
    return fmean(correct)


def pass_at_k(n: int, correct: int, k: int) -> float:
    """The chance that at least one of k samples, drawn from these n without replacement, is among the right ones.

    1 - C(n - c, k) / C(n, k) as a product of factors between 0 and 1, so that no binomial coefficient overflows.
    """
    if not 0 <= correct <= n or not 1 <= k <= n:
        raise ValueError(f"pass@{k} of {correct} right samples out of {n}")
    return 1 - prod(1 - k / j for j in range(n - correct + 1, n + 1)) if n - correct >= k else 1.0


def maj_at_k(answers: Sequence[str | None], correct: Sequence[bool], kind: TaskKind = MATHS) -> float:
    """The expected verdict on the most frequent answer of a problem's k samples, ties drawn."""
    votes = [None if answer is None else kind.vote(answer) for answer in answers]
    counts = Counter(name for name in votes if name is not None)
    if not counts:
        return 0.0
    most = max(counts.values())
    winners = [name for name, count in counts.items() if count == most]
    # Verdicts on one answer can differ (a timeout): its share of right ones.
    shares = [fmean(right for name, right in zip(votes, correct, strict=True) if name == winner) for winner in winners]
    return fmean(shares)


def ks(n: int) -> list[int]:
    """For which k pass@k is shown: the powers of two from 2, and n."""
    return sorted({2**power for power in range(1, n.bit_length()) if 2**power < n} | {n})
