"""The verdict on each claim: its effect, interval, corrected p and minimum detectable effect.

A row for each part of a claim, and in `claims_benchmarks.csv` one for each of its benchmarks.
micota/results/measures.py says what is estimated, micota/results/claims.py how it is judged, and
micota.study.asked.Claims what a claim is. Reads only the files of graded traces and of NLL that the claims need.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from micota.common.contracts import corpus_rows, kept_counts, likelihoods
from micota.common.errors import DataError
from micota.common.files import by_name
from micota.common.records import RecordError
from micota.common.tables import Column, Row, write_csv, write_table
from micota.results.claims import benchmark_rows, judge
from micota.results.labels import small_p
from micota.results.measures import Data, Part, Traces, measured
from micota.results.outcomes import read_models
from micota.results.sides import in_words, null
from micota.study.asked import SOLVED

Runs = Mapping[str, Sequence[Sequence[str]]]  # term -> [chain][training seed], models or corpora

DIGITS = {
    **dict.fromkeys(("accuracy", "validation_accuracy", "solved", "nll_per_trace"), 2),
    **{"validation_tokens": 1, "tokens_per_trace": 1, "nll_per_token": 4},
}
COLUMNS = (
    Column("text", "Claim"),
    Column("whose", "Whose"),
    Column("contrast", "Contrast"),
    Column("claimed", "Claimed"),
    Column("effect", "Effect"),
    Column("interval", "95% interval"),
    Column("by_problem", "Problems alike"),
    Column("p_holm", "p (Holm)"),
    Column("mde", "MDE"),
    Column("published", "Published"),
    Column("power_at_published", "Power at published"),
    Column("verdict", "Verdict"),
    Column("chains", "Chains"),
    Column("seeds", "Seeds"),
    Column("problems", "Problems"),
)
BENCHMARK_COLUMNS = tuple(
    map(Column, ("claim", "part", "contrast", "unit", "benchmark", "effect", "effect_low", "effect_high"))
)


def make(
    files: dict[str, list[Path]],
    out: Path,
    *,
    alpha: float,
    power: float,
    family: dict[str, Any],
    runs: dict[str, list[list[str]]],
    benchmarks: list[str],
    validation: str | None,
    training: str,
) -> None:
    """`runs`: what each term of a contrast stands for, as entries.runs has it.

    `validation`: the data set that sweeps answer; `training`: the one that corpora's samplers answer.
    """
    parts = [part for claim in family.values() for part in claim["parts"]]
    cells = read_models(files, names_of(runs, terms(parts, "accuracy")), benchmarks)
    if swept := names_of(runs, terms(parts, "validation")):
        if validation is None:
            raise DataError("validation_problems: the claims speak of the merge sweep; name its data set")
        for model, found in read_models(files, swept, [validation]).items():
            cells.setdefault(model, {}).update(found)
    nll = read_nll(parts, runs, by_name(files["likelihood"]), kept_counts(files["counts"]))
    corpora, solved = by_name(files["corpora"]), names_of(runs, terms(parts, SOLVED))
    rows_of = {name: {row["id"] for row in corpus_rows(corpora[name])} for name in solved}
    asked = kept_counts(files["reports"])[training] if solved else 0
    results = measured(family, Data(runs, benchmarks, validation, cells, nll, rows_of, asked))
    rows = judge(family, results, alpha=alpha, power=power)
    # Twice: the table for reading has a claim's text once and its numbers rounded, the CSV has everything everywhere.
    write_table(out / "claims", [readable(row) for row in rows], shown_columns(rows), group="claim")
    write_csv(out / "claims.csv", rows, [Column(key) for key in rows[0]])
    write_csv(out / "claims_benchmarks.csv", benchmark_rows(family, results), BENCHMARK_COLUMNS)


def names_of(runs: Runs, wanted: Iterable[str]) -> list[str]:
    """The models or corpora of terms, each once."""
    return list(dict.fromkeys(name for term in wanted for chain in runs[term] for name in chain))


def terms(parts: Iterable[Part], measure: str) -> list[str]:
    """What the contrasts of a measure, or of those that begin so, are made of, each once."""
    return list(
        dict.fromkeys(term for part in parts if part["measure"].startswith(measure) for term in part["contrast"])
    )


def read_nll(
    parts: Sequence[Part], runs: Runs, paths: Mapping[str, Path], kept: Mapping[str, int]
) -> dict[str, dict[str, Traces]]:
    """untrained student -> corpus -> problem -> (NLL, tokens, traces), all of a problem's traces together.

    An untrained student of one chain has that chain's corpora; one that serves all chains has all of them.
    """
    wanted: dict[str, dict[str, None]] = {}
    for part in parts:
        bases = names_of(runs, [part["base"]] if part["base"] else [])
        for place, base in enumerate(bases):
            chains = [runs[term] for term in part["contrast"]]
            own = [chain if len(bases) == 1 or len(chain) == 1 else chain[place : place + 1] for chain in chains]
            wanted.setdefault(base, {}).update(dict.fromkeys(name for chain in own for (name,) in chain))
    return {base: read_corpora(paths[base], corpora, kept) for base, corpora in wanted.items()}


def read_corpora(path: Path, wanted: Iterable[str], kept: Mapping[str, int]) -> dict[str, Traces]:
    """corpus -> problem -> (NLL, tokens, traces) from the file of one untrained student."""
    corpora: dict[str, dict[str, tuple[float, int, int]]] = {corpus: {} for corpus in wanted}
    for record in likelihoods(path, {name: kept[name] for name in corpora if name in kept}):
        if record["corpus"] in corpora:
            problems = corpora[record["corpus"]]
            nll, tokens, traces = problems.get(record["id"], (0.0, 0, 0))
            problems[record["id"]] = (nll + record["nll"], tokens + record["n_tokens"], traces + 1)
    for corpus, problems in corpora.items():
        if not problems:
            raise RecordError(f"{path}: no trace of the corpus {corpus!r}")
    return dict(corpora)


def shown_columns(rows: Sequence[Row]) -> list[Column]:
    """The columns for reading; those of the published effect only where a claim has one."""
    published = any(row["published"] is not None for row in rows)
    return [column for column in COLUMNS if published or "published" not in column.key]


def readable(row: Row) -> Row:
    """A row as text: numbers rounded in their unit, and what belongs to the whole claim at its first part only."""
    digits, first = DIGITS[row["measure"]], row["part"] == 1

    def signed(key: str) -> str | None:
        return None if row[key] is None else f"{row[key]:+.{digits}f}"

    def interval(key: str) -> str | None:
        return None if row[key] is None else f"[{signed(f'{key}_low')}, {signed(f'{key}_high')}]"

    side = {"positive": f"> {null(row):g}", "negative": f"< {null(row):g}", None: None}[row["expected"]]
    by_problem = row["effect_by_problem"] is not None
    shown: Row = {
        "contrast": row["contrast"],
        "claimed": side,
        "effect": None if row["effect"] is None else f"{signed('effect')} {row['unit']}",
        "interval": interval("effect"),
        "by_problem": f"{signed('effect_by_problem')} {interval('effect_by_problem')}" if by_problem else None,
        "mde": None if row["mde"] is None else f"{row['mde']:.{digits}f}",
        "published": None if row["published"] is None else f"{row['published']:+g}",
        "power_at_published": None if row["power_at_published"] is None else f"{100 * row['power_at_published']:.0f}%",
        **{key: row[key] for key in ("chains", "seeds", "problems")},
    }
    said = in_words(row["verdict"], row["about"]) + (f": {row['reason']}" if row["reason"] else "")
    p_holm = None if row["p_holm"] is None else small_p(row["p_holm"])
    of_the_claim = {"text": row["text"], "whose": row["whose"], "p_holm": p_holm, "verdict": said}
    return shown | {key: value if first else "" for key, value in of_the_claim.items()} | {"claim": row["claim"]}
