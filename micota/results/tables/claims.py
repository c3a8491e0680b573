"""The verdict on each claim: its effect, interval, corrected p and minimum detectable effect.

A row for each part of a claim. micota/results/claims.py says what is estimated and how it is judged, and
micota.study.asked.Claims what a claim is. Reads only the files of graded traces and of NLL that the claims need.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from micota.common.contracts import kept_counts, likelihoods
from micota.common.errors import DataError
from micota.common.files import by_name
from micota.common.records import RecordError
from micota.common.tables import Column, Row, write_csv, write_table
from micota.results.claims import Data, Part, Traces, judge
from micota.results.outcomes import read_models
from micota.results.sides import null
from micota.study import names

DIGITS = {"points": 2, "tokens": 1, "nats per token": 4, "nats per trace": 2}
COLUMNS = (
    Column("text", "Claim"),
    Column("contrast", "Contrast"),
    Column("claimed", "Claimed"),
    Column("effect", "Effect"),
    Column("interval", "95% interval"),
    Column("p_holm", "p (Holm)"),
    Column("mde", "MDE"),
    Column("published", "Published"),
    Column("power_at_published", "Power at published"),
    Column("verdict", "Verdict"),
    Column("seeds", "Seeds"),
    Column("problems", "Problems"),
)


def make(
    files: dict[str, list[Path]],
    out: Path,
    *,
    alpha: float,
    power: float,
    family: dict[str, Any],
    seeds: list[int],
    bases: list[str],
    benchmarks: list[str],
    validation: str | None,
) -> None:
    """`seeds`: the training seeds of every student; `bases`: the untrained ones; `validation`: what sweeps answer."""
    parts = [part for claim in family.values() for part in claim["parts"]]
    students = dict.fromkeys(
        model for term in terms(parts, "accuracy") for model in names.models_of(term, seeds, bases)
    )
    cells = read_models(files, students, benchmarks)
    if swept := terms(parts, "validation"):
        if validation is None:
            raise DataError("validation_problems: the claims speak of the merge sweep; name its data set")
        for model, found in read_models(files, swept, [validation]).items():
            cells.setdefault(model, {}).update(found)
    nll = read_nll(parts, by_name(files["likelihood"]), kept_counts(files["counts"]))
    data = Data(seeds, bases, benchmarks, validation, cells, nll)
    rows = judge(family, data, alpha=alpha, power=power)
    # Twice: the table for reading has a claim's text once and its numbers rounded, the CSV has everything everywhere.
    write_table(out / "claims", [readable(row) for row in rows], shown_columns(rows), group="claim")
    write_csv(out / "claims.csv", rows, [Column(key) for key in rows[0]])


def terms(parts: Iterable[Part], measure: str) -> list[str]:
    """What the contrasts of a measure, or of those that begin so, are made of, each once."""
    return list(
        dict.fromkeys(term for part in parts if part["measure"].startswith(measure) for term in part["contrast"])
    )


def read_nll(parts: Sequence[Part], paths: Mapping[str, Path], kept: Mapping[str, int]) -> dict[str, dict[str, Traces]]:
    """untrained student -> corpus -> problem -> (NLL, tokens, traces), all of a problem's traces together."""
    found: dict[str, dict[str, Traces]] = {}
    for base in dict.fromkeys(part["base"] for part in parts if part["base"]):
        path = paths[base]
        wanted = dict.fromkeys(corpus for part in parts if part["base"] == base for corpus in part["contrast"])
        corpora: dict[str, dict[str, tuple[float, int, int]]] = {corpus: {} for corpus in wanted}
        for record in likelihoods(path, {name: kept[name] for name in wanted if name in kept}):
            if record["corpus"] in corpora:
                problems = corpora[record["corpus"]]
                nll, tokens, traces = problems.get(record["id"], (0.0, 0, 0))
                problems[record["id"]] = (nll + record["nll"], tokens + record["n_tokens"], traces + 1)
        for corpus, problems in corpora.items():
            if not problems:
                raise RecordError(f"{path}: no trace of the corpus {corpus!r}")
        found[base] = dict(corpora)
    return found


def shown_columns(rows: Sequence[Row]) -> list[Column]:
    """The columns for reading; those of the published effect only where a claim has one."""
    published = any(row["published"] is not None for row in rows)
    return [column for column in COLUMNS if published or "published" not in column.key]


def readable(row: Row) -> Row:
    """A row as text: numbers rounded in their unit, and what belongs to the whole claim at its first part only."""
    digits, first = DIGITS[row["unit"]], row["part"] == 1

    def signed(value: float) -> str:
        return f"{value:+.{digits}f}"

    effect = row["effect"]
    shown: Row = {
        "contrast": row["contrast"],
        "claimed": f"{'>' if row['expected'] == 'positive' else '<'} {null(row):g}",
        "effect": None if effect is None else f"{signed(effect)} {row['unit']}",
        "interval": None if effect is None else f"[{signed(row['effect_low'])}, {signed(row['effect_high'])}]",
        "mde": None if row["mde"] is None else f"{row['mde']:.{digits}f}",
        "published": None if row["published"] is None else f"{row['published']:+g}",
        "power_at_published": None if row["power_at_published"] is None else f"{100 * row['power_at_published']:.0f}%",
        "seeds": row["seeds"],
        "problems": row["problems"],
    }
    verdict = row["verdict"] + (f": {row['reason']}" if row["reason"] else "")
    of_the_claim = {"text": row["text"], "p_holm": small_p(row["p_holm"]), "verdict": verdict}
    return shown | {key: value if first else "" for key, value in of_the_claim.items()} | {"claim": row["claim"]}


def small_p(p: float | None) -> str | None:
    """A p-value to four decimals; `< 0.001` below that."""
    return None if p is None else f"{p:.4f}" if p >= 0.001 else "< 0.001"
