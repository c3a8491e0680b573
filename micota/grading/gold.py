"""Before any score: which gold answers does the grader reject, and how many does the paper's rule accept?

What of that is known and explained stands in the data sets' own files: `MISPRINTS` and `RAW_GOLDS`.
"""

from collections.abc import Sequence

from micota.common.records import Record
from micota.grading.answers import last_box
from micota.grading.grade import Judge
from micota.grading.normal_form import limit_of
from micota.grading.reasons import EQUIVALENT, TOO_COMPLEX
from micota.grading.string_rule import same_last_number, same_string
from micota.problems.datasets import card_of, row_of
from micota.problems.settings import Rule


def rejected_golds(problems: Sequence[Record], judge: Judge) -> list[tuple[Record, str]]:
    """The problems whose gold answer, put in a box, math-verify does not accept, each with its verdict.

    Judged without the short cut for equal strings, which would accept what nobody can read. A gold that exceeds a limit
    of micota.grading.limits can equal nothing but its own text: its verdict names the limit.
    """
    pairs = [(p["answer"], last_box(rf"\boxed{{{p['answer']}}}") or "") for p in problems]
    judge.judge(pairs)
    verdicts = [verdict_of(gold, judge.memory[gold, answer]) for gold, answer in pairs]
    return [(p, verdict) for p, verdict in zip(problems, verdicts, strict=True) if verdict != EQUIVALENT]


def verdict_of(gold: str, reason: str) -> str:
    """The reason of a gold's verdict; with the limit that it exceeds, where it does."""
    limit = None if reason == EQUIVALENT else limit_of(gold)
    return f"{TOO_COMPLEX}: {limit.count(gold)} {limit.name}, of at most {limit.most}" if limit else reason


def misprint(problem: Record) -> str | None:
    """Why the grader does not accept a gold answer, where that is known: by data set and row, in any study's sample."""
    row = row_of(problem)
    return None if row is None else card_of(problem).misprints.get(row)


def rule_counts(problems: Sequence[Record], rule: Rule) -> Record:
    """How many golds the paper's rule accepts, given the right answer: raw ones, and ours.

    `raw` is None for made problems, which have no source, and for files older than the field; `expected` is None for a
    part of a benchmark, and for one that nothing is known of.
    """

    def accepted(golds: Sequence[str]) -> int:
        pairs = zip((problem["answer"] for problem in problems), golds, strict=True)
        if rule == "string":
            return sum(same_string(answer, gold) for answer, gold in pairs)
        return sum(same_last_number(rf"\boxed{{{answer}}}", gold) for answer, gold in pairs)

    raw = [problem["raw_answer"] for problem in problems if "raw_answer" in problem]
    return {
        "rule": rule,
        "raw": accepted(raw) if len(raw) == len(problems) else None,
        "ours": accepted([problem["answer"] for problem in problems]),
        "expected": expected(problems, rule),
    }


def expected(problems: Sequence[Record], rule: Rule) -> int | None:
    """How many raw golds the rule must accept of a whole split; None for a part, and where nothing is known."""
    if not problems:
        return None
    known = card_of(problems[0])
    whole = [counts for split, counts in known.raw_golds.items() if known.rows[split] == len(problems)]
    return whole[0].get(rule) if whole else None
