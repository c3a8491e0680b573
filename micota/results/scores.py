"""The same completions by several graders: three scores, how far the graders agree, and where they do not.

- `paper_rule`: the paper's rule for the benchmark, the last box as a string or GSM8K's last number;
- `rule_judge`: that rule, and where it rejects a box a judge model's word (the paper's second step; optional);
- `math_verify`: the primary verdict, on which every other table stands.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from micota.common import contracts
from micota.common.records import Record, RecordError
from micota.common.tables import Row
from micota.grading.reasons import asks_judge
from micota.results.outcomes import Cell, check_same_problems

PAPER_RULE, RULE_JUDGE, MATH_VERIFY = "paper_rule", "rule_judge", "math_verify"
LABELS = {PAPER_RULE: "the paper's rule", RULE_JUDGE: "rule + judge", MATH_VERIFY: "math-verify"}
VERDICT = {"string": "string_rule", "last_number": "last_number"}  # a rule's name in the graded trace
UNJUDGEABLE = ("no_box", "unparsable", "timeout")  # what math-verify could not read: micota.grading.grade's reasons

Rules = Mapping[str, str]  # benchmark -> the paper's rule for it
Judged = Mapping[tuple[str, str], bool]  # (problem, what the last box held) -> the judge model's verdict
Kind = tuple[str, str | None, tuple[tuple[str, bool], ...], str]  # problem, extracted, verdicts, reason


def read_judged(path: Path) -> dict[tuple[str, str], bool]:
    """The judge model's verdicts by problem and answer."""
    return {(row["id"], row["extracted"]): row["correct"] for row in contracts.records(path, contracts.JUDGED)}


def verdicts_of(trace: Record, rule: str, judged: Judged | None = None) -> dict[str, bool]:
    """What each of the two or three graders says of a trace, whose benchmark has this rule."""
    verdicts = {PAPER_RULE: bool(trace["verdicts"][VERDICT[rule]])}
    if judged is not None:
        verdicts[RULE_JUDGE] = verdicts[PAPER_RULE]
        if rule == "string" and asks_judge(trace):
            item = trace["id"], trace["extracted"]
            if item not in judged:
                raise RecordError(f"the judge model has no verdict on {item[1]!r} for {item[0]}: judge again")
            verdicts[RULE_JUDGE] = judged[item]
    return verdicts | {MATH_VERIFY: trace["correct"]}


@dataclass
class Scores:
    """What all models' traces come to: outcomes by grader and model, verdicts in common, disagreements."""

    # grader -> model -> benchmark -> outcomes
    cells: dict[str, dict[str, dict[str, Cell]]] = field(default_factory=dict)
    # benchmark -> (verdict of each grader, in order) -> traces
    patterns: dict[str, Counter[tuple[bool, ...]]] = field(default_factory=dict)
    # what the graders disagree on -> model -> traces
    disagreements: dict[Kind, Counter[str]] = field(default_factory=dict)
    golds: dict[str, tuple[str, str]] = field(default_factory=dict)  # problem -> benchmark, gold answer
    graders: list[str] = field(default_factory=list)

    def add(self, model: str, trace: Record, verdicts: Mapping[str, bool]) -> None:
        """Count one trace of a model."""
        dataset, name = trace["dataset"], trace["id"]
        self.graders = self.graders or list(verdicts)
        for grader, verdict in verdicts.items():
            cells = self.cells.setdefault(grader, {}).setdefault(model, {})
            cells.setdefault(dataset, Cell()).outcomes.setdefault(name, []).append(verdict)
        pattern = tuple(verdicts.values())
        self.patterns.setdefault(dataset, Counter())[pattern] += 1
        if len(set(pattern)) > 1:
            self.golds[name] = dataset, trace["answer"]
            kind = name, trace["extracted"], tuple(verdicts.items()), trace["reason"]
            self.disagreements.setdefault(kind, Counter())[model] += 1


def read_scores(
    paths: Mapping[str, Path], rules: Rules, judged: Judged | None = None, counts: Mapping[str, int] | None = None
) -> Scores:
    """Everything from the graded traces of each model, which all answered the same problems (`counts`: how many)."""
    scores = Scores()
    for model, path in paths.items():
        for trace in contracts.graded(path, rules, counts):
            scores.add(model, trace, verdicts_of(trace, rules[trace["dataset"]], judged))
    cells = scores.cells[MATH_VERIFY].items()  # the graders had the same traces
    check_same_problems({model: {name: cell.outcomes for name, cell in own.items()} for model, own in cells})
    return scores


def kappa(both_right: int, only_one: int, only_other: int, both_wrong: int) -> float | None:
    """Cohen's kappa of two graders; None where chance alone would make them agree, for one never varies."""
    n = both_right + only_one + only_other + both_wrong
    one, other = (both_right + only_one) / n, (both_right + only_other) / n
    chance = one * other + (1 - one) * (1 - other)
    return None if chance == 1 else ((both_right + both_wrong) / n - chance) / (1 - chance)


def agreement_rows(scores: Scores) -> list[Row]:
    """One row for each pair of graders, over all benchmarks and for each of them."""
    rows = []
    patterns = {"all": sum(scores.patterns.values(), Counter[tuple[bool, ...]]()), **scores.patterns}
    for one, other in combinations(range(len(scores.graders)), 2):
        for benchmark, counted in patterns.items():
            pairs: Counter[tuple[bool, bool]] = Counter()
            for pattern, count in counted.items():
                pairs[pattern[one], pattern[other]] += count
            counts = [pairs[True, True], pairs[True, False], pairs[False, True], pairs[False, False]]
            rows.append(
                {
                    "one": scores.graders[one],
                    "other": scores.graders[other],
                    "benchmark": benchmark,
                    "n": sum(counts),
                    **dict(zip(("both_right", "only_one", "only_other", "both_wrong"), counts, strict=True)),
                    "agreement_percent": 100 * (counts[0] + counts[3]) / sum(counts),
                    "kappa": kappa(*counts),
                }
            )
    return rows


def disagreement_rows(scores: Scores, problems: Mapping[str, str]) -> list[Row]:
    """What the graders disagree on, a row each answer: what most traces say first, what math-verify cannot read last.

    One answer to one problem can stand in several rows: the last-number rule looks at the whole completion.
    """
    pairs: Counter[tuple[str, str | None]] = Counter()
    for (name, extracted, _, _), models in scores.disagreements.items():
        pairs[scores.golds[name][1], extracted] += models.total()
    rows = []
    for (name, extracted, verdicts, reason), models in scores.disagreements.items():
        benchmark, gold = scores.golds[name]
        rows.append(
            {
                "benchmark": benchmark,
                "id": name,
                "problem": problems[name],
                "answer": gold,
                "extracted": extracted,
                **dict(verdicts),
                "reason": reason,
                "traces": models.total(),
                "pair_traces": pairs[gold, extracted],
                "models": " ".join(sorted(models)),
            }
        )
    return sorted(
        rows,
        key=lambda row: (
            row["reason"] in UNJUDGEABLE,
            -row["pair_traces"],
            row["answer"],
            row["extracted"] or "",
            row["id"],
            -row["traces"],
        ),
    )
