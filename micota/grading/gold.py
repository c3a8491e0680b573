"""Which gold answers does the grader reject as the answer to their own problem?"""

from collections.abc import Mapping, Sequence

from micota.common.records import Record
from micota.grading.answers import last_box
from micota.grading.grade import Judge
from micota.grading.reasons import EQUIVALENT


def rejected_golds(problems: Sequence[Record], judge: Judge) -> list[tuple[Record, str]]:
    """The problems whose gold answer, put in a box, math-verify does not accept, each with its verdict.

    Judged without the short cut for equal strings, which would accept what nobody can read.
    """
    pairs = [(p["answer"], last_box(rf"\boxed{{{p['answer']}}}") or "") for p in problems]
    judge.judge(pairs)
    verdicts = [judge.memory[pair] for pair in pairs]
    return [(p, verdict) for p, verdict in zip(problems, verdicts, strict=True) if verdict != EQUIVALENT]


def is_excepted(problem: Record, exceptions: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether a rejection is known and explained: `exceptions` is {loader: {row of the source: why}}."""
    return problem["id"].rpartition("/")[2] in exceptions.get(problem.get("loader") or problem["source"], {})
