"""A study in three plain sentences: what it saw, whether the confirmation run saw the same, what it can't tell.

Pure functions of tables: the study's `main` and `claims`, and the claims of the confirmation run.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from micota.common.tables import Row
from micota.results.entries import ELSEWHERE, UNTRAINED
from micota.results.labels import corpus_label
from micota.results.sides import CONTRADICTED, EQUIVALENT, ESTIMATED, NOT_TESTABLE, REPRODUCED, UNDECIDED, null

SAID = {
    REPRODUCED: "reproduced",
    CONTRADICTED: "contradicted",
    EQUIVALENT: "equivalent (no difference that matters)",
    UNDECIDED: "not decided",
    NOT_TESTABLE: "not testable here",
    ESTIMATED: "only estimated",
}
NAMED = 3  # effects that a sentence names; of more, it says how many are left


class Effect(NamedTuple):
    """One part of a claim in both runs."""

    text: str
    here: Row
    there: Row

    def words(self) -> str:
        here, there = (f"{row['effect']:+.3g} {row['unit']}" for row in (self.here, self.there))
        return f"“{self.text}” ({here} here, {there} there)"


def sentences(main: Sequence[Row], claims: Sequence[Row], confirmed: Sequence[Row] | None, proposed: str) -> list[str]:
    """The three, in the order of the first line; `confirmed`: the confirmation run's claims, None where it has none."""
    return [saw(main, claims, proposed), agreement(claims, confirmed), limits(main, claims)]


def saw(main: Sequence[Row], claims: Sequence[Row], proposed: str) -> str:
    """How the students of the proposed corpus did, and how many claims came out how."""
    verdicts = Counter(str(row["verdict"]) for row in claims if row["part"] == 1)
    counted = joined([f"{verdicts[verdict]} {words}" for verdict, words in SAID.items() if verdicts[verdict]])
    told = f"of {of(verdicts.total(), 'claim')} {counted}"
    scores: dict[str, dict[str, float]] = {}
    for row in main:
        if row["base"] != ELSEWHERE:
            scores.setdefault(row["base"], {})[row["corpus"]] = row["accuracy_average"]
    students = [student(base, own, proposed) for base, own in scores.items() if proposed in own]
    if not students:
        return f"{told[0].upper()}{told[1:]}."
    return f"Trained on {corpus_label(proposed)}, {joined(students)}; {told}."


def student(base: str, scores: dict[str, float], proposed: str) -> str:
    """A student's right answers, beside those of the untrained one and of the best other corpus."""
    beside = []
    if UNTRAINED in scores:
        beside.append(f"untrained {scores[UNTRAINED]:.1f}%")
    others = {corpus: score for corpus, score in scores.items() if corpus not in (UNTRAINED, proposed)}
    if others:
        best = max(others, key=lambda corpus: others[corpus])
        beside.append(f"best other corpus: {corpus_label(best)}, {others[best]:.1f}%")
    return f"{base} solved {scores[proposed]:.1f}% of the problems" + (f" ({'; '.join(beside)})" if beside else "")


def agreement(claims: Sequence[Row], confirmed: Sequence[Row] | None) -> str:
    """Which effects point the same way in the confirmation run, beyond both runs' intervals."""
    if confirmed is None:
        return "There is no confirmation run at hand to hold these effects against."
    known = {(row["claim"], row["part"]): row for row in confirmed if row["effect"] is not None}
    effects = [
        Effect(row["text"], row, known[row["claim"], row["part"]])
        for row in claims
        if row["effect"] is not None and (row["claim"], row["part"]) in known
    ]
    if not effects:
        return "The confirmation run has none of these effects, so there is nothing to hold them against."
    if all(effect.here["effect"] == effect.there["effect"] for effect in effects):
        return f"All {len(effects)} effects are those of the confirmation run, number for number."
    sides = [(side(effect.here), side(effect.there)) for effect in effects]
    against = [effect for effect, (one, other) in zip(effects, sides, strict=True) if one * other < 0]
    open_ = [effect for effect, (one, other) in zip(effects, sides, strict=True) if one * other == 0]
    same = len(effects) - len(against) - len(open_)
    told = f"Of {of(len(effects), 'effect')} that both measured, {same} point{'s' * (same == 1)} the same way as in the"
    told += " confirmation run"
    told += f", {len(against)} the other way: {listed(against)}" if against else " and none the other way"
    if open_:
        told += (
            f"; {len(open_)} {'is' if len(open_) == 1 else 'are'} too close to call in one of the two: {listed(open_)}"
        )
    return f"{told}."


def side(row: Row) -> int:
    """On which side of its null an effect lies with all of its interval; 0 where it can't be told."""
    nought = null(row)
    return int(row["effect_low"] > nought) - int(row["effect_high"] < nought)


def limits(main: Sequence[Row], claims: Sequence[Row]) -> str:
    """What so many chains and training seeds can't tell."""
    rows = [*main, *claims]
    chains, seeds = (int(max(row[key] for row in rows if row[key] is not None)) for key in ("chains", "seeds"))
    if chains > 1:
        return (
            f"Its {chains} chains, each with its own teacher, assistant and mask, speak for further chains like them;"
            " of other models, tasks or settings they can't tell."
        )
    told = "One chain can't tell what another teacher, assistant or mask would give"
    if seeds > 1:
        return f"{told}: its {seeds} training seeds vary the students alone, so its verdicts are about this chain."
    untested = "so no claim about accuracy is tested, and its intervals are about further problems alone"
    return f"{told}, nor one training seed what another training would: {untested}."


def of(count: int, thing: str) -> str:
    """A number of things."""
    return f"{count} {thing}{'s' * (count != 1)}"


def listed(effects: Sequence[Effect]) -> str:
    """The first effects in words."""
    more = [f"{len(effects) - NAMED} more"] if len(effects) > NAMED else []
    return joined([*(effect.words() for effect in effects[:NAMED]), *more])


def joined(parts: Sequence[str]) -> str:
    """Parts of a sentence, the last two joined by `and`."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
