"""Judge the study's claims: what each one's effect is, and whether the data bear it out.

What is estimated, and what it is about: micota/results/measures.py.

How a claim is judged. A part is on the claimed side if s x effect + margin > 0, where s is +1 or -1 as `expected` says;
its p is of the two-sided test that the effect is -s x margin.

1. The claim's p. A claim is right only if all its parts are. All on the claimed side: the largest of their p, since
   each must be shown (intersection-union test: Berger 1982, doi:10.1080/00401706.1982.10487790). Some on the wrong
   side: one would do to refute the claim, so the smallest p among those, times the number of parts (Bonferroni).
2. Holm's correction over the claims that can be tested. How far the small p that it needs can be trusted with few
   chains: docs/statistics.md.
3. The verdict: see `verdict`. A part that cannot be tested leaves the claim "not testable", outside Holm's family. An
   estimate has no p and no verdict, and is outside it as well.

The minimum detectable effect (MDE) is the true distance from -s x margin that would be found with the wanted power, at
alpha / number of tested claims: the first step of Holm's method, so on the safe side. Power is stated at the paper's
effect alone. Power at the effect observed would say no more than its p (Hoenig and Heisey 2001,
doi:10.1198/000313001300339897).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from micota.common.tables import Row
from micota.results.measures import Part, Result
from micota.results.sides import (
    CONTRADICTED,
    EQUIVALENT,
    ESTIMATED,
    NOT_TESTABLE,
    ONE_CHAIN,
    REPRODUCED,
    SEVERAL_CHAINS,
    UNDECIDED,
    null,
    on_claimed_side,
)
from micota.results.significance import holm
from micota.study import names

UNITS = {
    "accuracy": "points",
    "validation_accuracy": "points",
    "validation_tokens": "tokens",
    "nll_per_token": "nats per token",
    "nll_per_trace": "nats per trace",
    "tokens_per_trace": "tokens",
    "solved": "points",
}
ASKED = ("measure", "expected", "margin", "equivalence")  # columns that are as the configuration has them
VARIANCES = tuple(f"variance_{source}" for source in ("chains", "seeds", "problems", "residual"))
COUNTS = ("chains", "seeds", "problems")
ERROR = {"se": "se", "share_units": "share", "df_units": "df_units", "df_problems": "df_problems"}
MANY = 4  # terms that a contrast's text spells out


def verdict(parts: Sequence[Part], results: Sequence[Result], p_holm: float | None, alpha: float) -> str:
    """The verdict on a claim, from its parts and its p after Holm's correction (None: not tested)."""
    if p_holm is None:
        return NOT_TESTABLE
    if p_holm < alpha:
        return REPRODUCED if all(sides(parts, results)) else CONTRADICTED
    pairs = zip(parts, results, strict=True)
    alike = [part["equivalence"] and result.contrast.within(part["equivalence"]) for part, result in pairs]  # type: ignore[union-attr]
    return EQUIVALENT if all(alike) else UNDECIDED


def claim_p(claimed_side: Sequence[bool], p_values: Sequence[float]) -> float:
    """The p of a claim from those of its parts: rule 1 above."""
    if all(claimed_side):
        return max(p_values)
    wrong = [p for on_claimed_side, p in zip(claimed_side, p_values, strict=True) if not on_claimed_side]
    return min(1.0, len(p_values) * min(wrong))


def judge(
    family: Mapping[str, Any], results: Mapping[str, Sequence[Result]], *, alpha: float, power: float
) -> list[Row]:
    """A row for each part of each claim, in order; family, alpha and power are micota.study.asked.Claims', plain."""
    tests = {name: claim for name, claim in family.items() if claim["kind"] == "test"}
    p_values = {name: p_of(claim["parts"], results[name]) for name, claim in tests.items()}
    tested = [name for name, p in p_values.items() if p is not None]
    adjusted = dict(zip(tested, holm([p_values[name] for name in tested]), strict=True))
    rows: list[Row] = []
    for name, claim in family.items():
        parts, p_holm = claim["parts"], adjusted.get(name)
        level = None if p_holm is None else alpha / len(tested)
        judged = {
            "claim_p": p_values.get(name),
            "p_holm": p_holm,
            "family": len(tested),
            "alpha": alpha,
            "verdict": verdict(parts, results[name], p_holm, alpha) if name in tests else ESTIMATED,
            "about": about(results[name]),
            "reason": next((result.reason for result in results[name] if result.reason), None),
        }
        asked = {"claim": name, **{key: claim[key] for key in ("text", "whose", "kind")}}
        for number, (part, result) in enumerate(zip(parts, results[name], strict=True), start=1):
            rows.append(
                asked
                | {"part": number, "parts": len(parts), "contrast": describe(part), "unit": unit(part)}
                | {key: part[key] for key in ASKED}
                | numbers(result, claim["kind"])
                | sensitivity(part, result, level, power, claim["published"])
                | judged
            )
    return rows


def benchmark_rows(family: Mapping[str, Any], results: Mapping[str, Sequence[Result]]) -> list[Row]:
    """A row for each benchmark of each part: its effect alone, so that no average hides a change of sign."""
    return [
        {"claim": name, "part": number, "contrast": describe(part), "unit": unit(part), "benchmark": benchmark}
        | estimate.named("effect")
        for name, claim in family.items()
        for number, (part, result) in enumerate(zip(claim["parts"], results[name], strict=True), start=1)
        for benchmark, estimate in result.benchmarks.items()
    ]


def sides(parts: Sequence[Part], results: Sequence[Result]) -> list[bool]:
    """For each part with a contrast, whether it is on the claimed side."""
    pairs = zip(parts, results, strict=True)
    return [on_claimed_side(part, result.contrast.value) for part, result in pairs if result.contrast]


def p_of(parts: Sequence[Part], results: Sequence[Result]) -> float | None:
    """The claim's p; None if some part cannot be tested."""
    p_values = [result.contrast.p for result in results if result.contrast and result.reason is None]
    known = [p for p in p_values if p is not None]
    return claim_p(sides(parts, results), known) if len(known) == len(parts) else None


def about(results: Sequence[Result]) -> str | None:
    """For what the claim's effects hold; one part about one chain makes all of it so."""
    chains = [result.contrast.chains for result in results if result.contrast]
    return (SEVERAL_CHAINS if min(chains) > 1 else ONE_CHAIN) if chains else None


def unit(part: Part) -> str:
    """What the effect is counted in."""
    return str(part["unit"] or UNITS[part["measure"]])


def numbers(result: Result, kind: str) -> Row:
    """What is known of a part's effect, in its unit; no p where it is not tested."""
    contrast = result.contrast
    estimates = {"effect": contrast, "effect_by_problem": result.by_problem}
    row: Row = {}
    for name, estimate in estimates.items():
        row |= estimate.named(name) if estimate else dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    row |= {key: getattr(contrast.error, name) if contrast else None for key, name in ERROR.items()}
    row |= {key: getattr(contrast, key, None) for key in ("p", *COUNTS, *VARIANCES)}
    return row | {"p": None} if result.reason or kind == "estimate" else row


def sensitivity(part: Part, result: Result, level: float | None, power: float, published: float | None) -> Row:
    """How small an effect the test would find at this level, and how surely the paper's (`published`)."""
    row: Row = {"mde": None, "published": published, "power_at_published": None}
    if level is not None and result.contrast is not None:
        row["mde"] = result.contrast.error.detectable(level, power)
        if published is not None:
            row["power_at_published"] = result.contrast.error.power(published - null(part), level)
    return row


def describe(part: Part) -> str:
    """A contrast as text, in the configuration's order: `small: mid - long`, or `mid - long under small`."""
    terms = list(part["contrast"])
    prefix = ""
    if part["measure"] == "accuracy":
        owners = {names.parts_of(term)[0] for term in terms}
        if len(owners) == 1:
            prefix = f"{owners.pop()}: "
            terms = [names.parts_of(term)[1] or "untrained" for term in terms]
    spelled = [_term(weight, term) for term, weight in zip(terms, part["contrast"].values(), strict=True)]
    if len(spelled) > MANY:
        spelled = [spelled[0], "...", spelled[-1], f"({len(spelled)} models)"]
    text = prefix + " ".join(spelled).removeprefix("+ ")
    if part["benchmarks"]:
        weighed = " ".join(_term(weight, name) for name, weight in part["benchmarks"].items())
        text += f" on {weighed.removeprefix('+ ')}"
    return text + (f" under {part['base']}" if part["base"] else "")


def _term(weight: float, term: str) -> str:
    size = "" if abs(weight) == 1 else f"{abs(weight):.2g} x "
    return f"{'-' if weight < 0 else '+'} {size}{term}"
