"""The verdicts in plain words, as the README has them, made from the committed tables.

A sentence says more than its numbers ("first wider, then turned"). So each names what has to be true of the tables
(`said`): where new tables are of another kind, that is an error which quotes the sentence to be written anew.
"""

import re
import textwrap
from collections.abc import Mapping
from pathlib import Path

from micota.common.errors import DataError
from micota.common.tables import Row, read_csv

WIDTH = 120
ENTRIES = {"likelier": "likelihood", "seeds": "seed", "tokens": "token"}  # of the glossary


class Tables:
    """The tables of the reference runs: `study` (the confirmation run), `controls` and `mini` (the demo)."""

    def __init__(self, reference: Path) -> None:
        self.reference = reference

    def rows(self, run: str, table: str, **wanted: str | float) -> list[Row]:
        """The rows that have these values, none of a single chain; UserError if there is none."""
        path = self.reference / run / "tables" / f"{table}.csv"
        rows = (row for row in read_csv(path) if row.get("chain") is None)
        found = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
        if not found:
            raise DataError(f"{path}: no row with {', '.join(f'{key} {value!r}' for key, value in wanted.items())}")
        return found

    def accuracy(self, base: str, corpus: str, benchmark: str = "average", run: str = "study") -> float:
        """Right answers of a student, in percent."""
        return float(self.rows(run, "main", base=base, corpus=corpus)[0][f"accuracy_{benchmark}"])

    def effect(self, claim: str, run: str = "study") -> float:
        """A claim's contrast, in its unit."""
        return float(self.rows(run, "claims", claim=claim)[0]["effect"])

    def verdict(self, claims: Mapping[str, str]) -> str:
        """The verdict on claims, given by what each is about: one word if they agree."""
        words = {about: self.rows("study", "claims", claim=claim)[0]["verdict"] for about, claim in claims.items()}
        if len(set(words.values())) == 1:
            return f"**{next(iter(words.values()))}**"
        return ", ".join(f"{about} **{word}**" for about, word in words.items())


# Its tables are in the git history alone: docs/history.md.
EARLIER = (
    "An earlier confirmation run found no gain of Mid-CoT over long CoT for `small`:"
    " [all that was tried](docs/history.md)."
)


def linked(text: str) -> str:
    """The text with `[word]` made a link to its entry in the glossary."""
    return re.sub(r"\[(\w+)\]", lambda word: f"{word[0]}(docs/glossary.md#{ENTRIES.get(word[1], word[1])})", text)


def said(sentence: str, fits: bool) -> str:
    """The sentence, if the tables still are as it takes for granted."""
    if not fits:
        raise DataError(
            f"micota/results/verdicts.py: the tables no longer bear this sentence out, write it anew: {sentence!r}"
        )
    return sentence


def verdict_table(reference: Path) -> str:
    """Five rows, in Markdown: a claim with its verdict, and what the confirmation run found."""
    tables = Tables(reference)
    rows = [gap(tables), gap_by_size(tables), mid_over_long(tables), mid_over_untrained(tables), merging(tables)]
    lines = ["| The [claim], and the [verdict] on it | What was found |", "|---|---|"]
    lines += [f"| {claim}:<br>{verdict} | {found} |" for claim, found, verdict in rows]
    return linked("\n".join(lines))


def gap(tables: Tables) -> tuple[str, str, str]:
    long, short = (tables.accuracy("small", corpus) for corpus in ("long", "short"))
    found = said(f"`small`: {long:.1f}% right after long CoT, {short:.1f}% after short", long < short)
    return (
        "Long CoT teaches a small student less than short CoT",
        found,
        tables.verdict({"`small`": "learnability_gap"}),
    )


def gap_by_size(tables: Tables) -> tuple[str, str, str]:
    gaps = [row["value"] for row in tables.rows("study", "sizes", kind="gap", corpus="long", against="short")]
    found = said(
        f"long minus short, smallest student first: {', '.join(f'{gap:+.1f}' for gap in gaps)} [points]:"
        f" the [gap] first widens, then turns",
        gaps[1] < gaps[0] < 0 < min(gaps[2:]),
    )
    verdict = f"{tables.verdict({'sizes': 'gap_shrinks'})}, as a trend over {len(gaps)} sizes"
    return "That gap closes as students grow", found, verdict


def mid_over_long(tables: Tables) -> tuple[str, str, str]:
    pairs = {base: [tables.accuracy(base, corpus) for corpus in ("mid", "long")] for base in ("small", "medium")}
    found = "; ".join(f"`{base}`: {mid:.1f}% against {long:.1f}%" for base, (mid, long) in pairs.items())
    verdict = tables.verdict({f"`{base}`": f"mid_over_long_{base}" for base in pairs})
    return "Mid-CoT teaches more than long CoT", found, verdict


def mid_over_untrained(tables: Tables) -> tuple[str, str, str]:
    pairs = {base: [tables.accuracy(base, corpus) for corpus in ("mid", "base")] for base in ("medium", "small")}
    found = "; ".join(f"`{base}`: {mid:.1f}%, untrained {before:.1f}%" for base, (mid, before) in pairs.items())
    verdict = tables.verdict({f"`{base}`": f"mid_over_base_{base}" for base in pairs})
    return "Mid-CoT makes students better than they were", found, verdict


def merging(tables: Tables) -> tuple[str, str, str]:
    (cost,) = tables.rows("study", "claims", claim="merging_price")
    merged = cost["contrast"].partition(" - ")[0]  # of the models swept, the one that wrote Mid-CoT
    (chosen,) = tables.rows("study", "assistants", model=merged)
    (whole,) = tables.rows("study", "assistants", weight=1.0)
    likelihood = {(row["base"], row["corpus"]): row["nll_per_token"] for row in tables.rows("study", "likelihood")}
    bases = list(dict.fromkeys(base for base, _ in likelihood))
    likelier = [base for base in bases if likelihood[base, "mid"] < likelihood[base, "long"]]
    found = said(
        f"{chosen['mean_tokens']:.0f} [tokens] a [trace] instead of {whole['mean_tokens']:.0f}; [likelier] than long"
        f" CoT to {len(likelier)} of {len(bases)} untrained students, not to `large`; but the assistant falls from"
        f" {whole['accuracy']:.1f} to {chosen['accuracy']:.1f}% right: {cost['effect']:.1f}"
        f" points, {cost['effect_low']:.1f} to {cost['effect_high']:.1f}",
        set(bases) - set(likelier) == {"large"} and chosen["accuracy"] < whole["accuracy"],
    )
    verdict = tables.verdict({"length": "length_between", "likelihood": "mid_is_likelier"})
    verdict = f"length and likelihood {verdict}" if verdict.startswith("**") else verdict
    verdict += ", cost estimated"
    return "Merging shortens the assistant's CoT towards the student's own, at little cost", found, verdict


def against(reference: Path) -> str:
    """What speaks against the method, or against taking these numbers for more than they are: a list in Markdown."""
    tables = Tables(reference)
    items = [other_corpora(tables), harder_problems(tables), merged_teacher(tables), one_chain(tables)]
    items += [EARLIER, size_of_all(tables)]
    return "\n".join(textwrap.fill(linked(item), WIDTH, initial_indent="- ", subsequent_indent="  ") for item in items)


def other_corpora(tables: Tables) -> str:
    untrained, mid = (tables.accuracy("small", corpus) for corpus in ("base", "mid"))
    short, mix = (tables.accuracy("small", corpus, run="controls") for corpus in ("short", "mix"))
    best = max(row["accuracy_average"] for row in tables.rows("controls", "main") if row["corpus"] != "base")
    return said(
        f"For `small`, short CoT ({short:.1f}%) and the [mix] ({mix:.1f}%) beat Mid-CoT ({mid:.1f}%), and no corpus"
        f" beats the untrained student ({untrained:.1f}%).",
        mid < min(short, mix) and best < untrained and mid == tables.accuracy("small", "mid", run="controls"),
    )


def harder_problems(tables: Tables) -> str:
    steps = ("two", "four", "six")
    two, four, six = (
        tables.accuracy("small", "mid", f"{step}_steps") - tables.accuracy("small", "base", f"{step}_steps")
        for step in steps
    )
    return said(
        f"Mid-CoT helps `small` with two-step problems only: {two:+.1f} points over untrained, {four:+.1f} with four"
        f" steps, {six:+.1f} with six.",
        two > 0 > max(four, six),
    )


def merged_teacher(tables: Tables) -> str:
    (row,) = tables.rows("controls", "main_differences", base="small", corpus="mid", against="mid_teacher")
    student, short = (
        tables.rows("controls", "main", base="small", corpus=corpus)[0]["mean_tokens"]
        for corpus in ("mid_teacher", "short")
    )
    return said(
        f"Traces of a merged *teacher*, with no assistant, beat Mid-CoT by {-row['difference']:.1f} points for `small`"
        " (which then answers as after short CoT).",
        row["difference_high"] < 0 and abs(student - short) < 1,
    )


def one_chain(tables: Tables) -> str:
    study, demo = (tables.effect("mid_over_long_medium", run) for run in ("study", "mini"))
    seeds = tables.rows("study", "claims", claim="mid_over_long_medium")[0]["seeds"]
    return said(
        f"One teacher, one assistant and one [mask] stand behind all {seeds:.0f} training [seeds]. With others, in the"
        f" [demo] (one seed), Mid-CoT is {demo:.1f} points above long CoT for `medium`, not {study:.1f}.",
        0 < demo < study,
    )


def size_of_all(tables: Tables) -> str:
    sizes = [row["parameters"] / 1e6 for row in tables.rows("study", "sizes")]
    return (
        f"Models of {min(sizes):.1f} to {max(sizes):.1f} million parameters and made-up arithmetic say little of large"
        " ones. The paper's own study was never run: no GPU was at hand, nor the paper's full text, only its abstract,"
        " the authors' code and what others cite."
    )
