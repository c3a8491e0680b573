"""From graded traces to training corpora: what is kept, what is dropped, and why.

Rows pass one by one. What stays in memory is the ids and sizes of problems, and sixteen bytes a kept trace; a corpus
that others are compared with is read twice instead of held.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import exp, fsum, log
from statistics import fmean

from micota.common.cli import UserError
from micota.common.records import Record
from micota.corpora.counts import (
    DEALT_TO_ANOTHER_PART,
    INCORRECT,
    NO_BOX,
    NOT_IN_ALL,
    NOT_IN_ALL_PARTS,
    NOT_SOLVED_BY_ALL,
    OVER_THE_MATCH,
    REPEATED,
    SPECIAL_TOKENS,
    TOO_LONG,
    TRUNCATED,
    Counts,
)
from micota.models.prompts import begins_with
from micota.models.special_tokens import BEGUN, MARKS, SpecialTokens, thinking_fault
from micota.problems.cleaning import digest


def solved(graded: Iterable[Record], dataset: str) -> set[str]:
    """The ids of a data set's problems with a correct, finished trace."""
    return {
        row["id"]
        for row in graded
        if row["dataset"] == dataset and not (dropped_because(row) or thinking_fault(row["prompt"], row["completion"]))
    }


def dropped_because(row: Record) -> str | None:
    """Why a graded trace is no correct, finished solution, or None if it is one."""
    if row["finish_reason"] == "length":
        return TRUNCATED
    if row["reason"] == "no_box":
        return NO_BOX
    if not row["correct"]:
        return INCORRECT
    return None


def filter_traces(
    graded: Iterable[Record],
    dataset: str,
    problems: dict[str, str],
    solved_by_others: list[set[str]],
    keep: str,
    max_tokens: int | None,
    counts: Counts,
    special: SpecialTokens = SpecialTokens(),  # noqa: B008 (it is frozen)
    opened: str = "",
) -> Iterator[Record]:
    """Yield the corpus rows of one sampler: its correct, finished traces on the data set, without repetitions.

    With `keep` "finished" no trace is dropped for its verdict, with "all" none for its truncation either, nor for
    thinking that is open or unpaired. A truncated row says that it is `truncated`, so that no end token is taught or
    scored where none was written. Stripped special tokens stay in `n_tokens`, the length of what was sampled. `opened`
    is what the sampler's prompt wrote of each answer (micota.models.prompts.opened): it is put before the sampled text,
    for a student has another prompt, and does not count in `n_tokens`.
    """
    seen: set[bytes] = set()
    for row in graded:
        if row["dataset"] != dataset:
            continue
        counts.read += 1
        truncated = row["finish_reason"] == "length"
        reason = dropped_because(row) if keep == "correct" else None
        if keep == "finished" and truncated:
            reason = TRUNCATED
        if reason is None and max_tokens is not None and row["n_tokens"] > max_tokens:
            reason = TOO_LONG
        if reason is None and not all(row["id"] in others for others in solved_by_others):
            reason = NOT_SOLVED_BY_ALL
        sampled = row["completion"]
        completion = sampled if begins_with(sampled, opened) else opened + sampled
        if reason is None:
            counts.marks.update(mark for mark in MARKS if mark in completion)
            if fault := thinking_fault(row["prompt"], sampled):
                counts.thinking[fault] += 1
                reason = fault if keep != "all" else None
        if reason is None and completion != sampled:
            counts.thinking[BEGUN] += 1
        if reason is None and (found := special.found(completion)):
            counts.special.update(found)
            reason = SPECIAL_TOKENS if special.rule == "drop" else None
            completion = special.stripped(completion) if special.rule == "strip" else completion
        this = digest(f"{row['id']}\0{completion}")
        if reason is None and this in seen:
            reason = REPEATED
        if reason is not None:
            counts.drop(reason)
            continue
        seen.add(this)
        yield counts.keep(
            {
                "id": row["id"],
                "sample": row["sample"],
                "sampler": row["sampler"],
                "problem": problems[row["id"]],
                "completion": completion,
                "n_tokens": row["n_tokens"],
                **({"truncated": True} if truncated else {}),
            }
        )


def mix(parts: Mapping[str, Iterable[Record]], shares: dict[str, float], seed: int, counts: Counts) -> Iterator[Record]:
    """Yield, for each problem that all parts answer, the rows of one part, drawn by share. Every part is read twice.

    SMG's Mix-Long (Li et al. 2025, arXiv 2502.12143) mixes long and short CoT 1:4. The problems are shuffled with the
    seed and dealt out by the shares, so the shares hold exactly up to rounding.
    """
    common = sorted(set.intersection(*({row["id"] for row in rows} for rows in parts.values())))
    random.Random(seed).shuffle(common)
    total = fsum(shares.values())
    chosen: dict[str, str] = {}
    start = 0.0
    for name, share in shares.items():
        end = start + share / total * len(common)
        chosen |= dict.fromkeys(common[round(start) : round(end)], name)
        start = end
    for name, rows in parts.items():
        for row in rows:
            counts.read += 1
            if row["id"] not in chosen:
                counts.drop(NOT_IN_ALL_PARTS)
            elif chosen[row["id"]] != name:
                counts.drop(DEALT_TO_ANOTHER_PART)
            else:
                yield counts.keep(row)


def matched(
    rows: Iterable[Record],
    others: Sequence[Iterable[Record]],
    limit: int | None,
    by: str | None,
    seed: int,
    counts: Counts,
) -> Iterator[Record]:
    """Yield the rows of the problems that all `others` hold too, cut at random to `limit` examples or tokens.

    `rows` are read twice.

    Problems are taken whole in the order of a seeded shuffle up to the first that does not fit: going on to smaller
    ones that still fit would prefer short traces. The rows come in their own order.
    """
    sizes: Counter[str] = Counter()
    for row in rows:
        sizes[row["id"]] += size([row], by)
    common = set(sizes).intersection(*({row["id"] for row in other} for other in others))
    shuffled = sorted(common)
    random.Random(seed).shuffle(shuffled)
    taken: set[str] = set()
    total = 0
    for problem in shuffled:
        total += sizes[problem]
        if limit is not None and total > limit:
            break
        taken.add(problem)
    for row in rows:
        counts.read += 1
        if row["id"] not in common:
            counts.drop(NOT_IN_ALL)
        elif row["id"] not in taken:
            counts.drop(OVER_THE_MATCH)
        else:
            yield counts.keep(row)


def size(rows: Iterable[Record], by: str | None) -> int:
    """How large rows are by the measure of a match: their number, or their tokens."""
    return sum(row["n_tokens"] if by == "tokens" else 1 for row in rows)


def choose(counted: dict[str, Record], measure: str, values: dict[str, float], floor: float) -> Record:
    """Auto-mid: the candidate with the lowest value of the measure, and the numbers that decided.

    `counted` holds the candidates' counts files; only those that solve `floor` of what the best one solves, on the
    training problems, are in the running. Of equals the first.
    """
    numbers = {
        name: {
            "solved": counted[name]["kept"] / counted[name]["read"],
            "mean_tokens": counted[name]["tokens"]["mean"],
            measure: value,
        }
        for name, value in values.items()
    }
    required = floor * max(candidate["solved"] for candidate in numbers.values())
    running = [name for name, candidate in numbers.items() if candidate["solved"] >= required]
    chosen = min(running, key=lambda name: values[name])
    return {"chosen": chosen, "chosen_by": measure, "required_solved": required, "candidates": numbers}


def length_ratios(counted: dict[str, Record], candidates: list[str], between: list[str]) -> dict[str, float]:
    """How far each candidate's mean length is from the others' (of two, the geometric mean), as |log of the ratio|."""
    target = exp(fmean(log(counted[name]["tokens"]["mean"]) for name in between))
    return {name: abs(log(counted[name]["tokens"]["mean"] / target)) for name in candidates}


def nll_per_token(rows: Iterable[Record], candidates: list[str]) -> dict[str, float]:
    """Sum of NLL (nats) over sum of tokens of each candidate, from the rows of alignment/{base}.jsonl."""
    nll, tokens = dict.fromkeys(candidates, 0.0), dict.fromkeys(candidates, 0)
    for row in rows:
        if row["corpus"] in nll:
            nll[row["corpus"]] += row["nll"]
            tokens[row["corpus"]] += row["n_tokens"]
    if missing := [name for name in candidates if not tokens[name]]:
        raise UserError(f"the alignment holds no traces of {', '.join(missing)}")
    return {name: nll[name] / tokens[name] for name in candidates}
