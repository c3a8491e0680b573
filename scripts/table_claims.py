"""The verdict on each claim: its effect, interval, corrected p and minimum detectable effect.

    python -m scripts.table_claims --claims '{"alpha": 0.05, "power": 0.8, "family": {"gain": {"text": "Mid helps",
            "parts": [{"measure": "accuracy", "contrast": {"small-mid": 1, "small": -1}, "base": null,
                       "expected": "positive", "margin": 0.0}], "published": 3.9}}}' \\
        --seeds '[0, 1]' --bases '["small"]' --benchmarks '["easy", "hard"]' --validation validation \\
        --graded-dir results/mini/graded --alignment-dir results/mini/alignment --out-stem results/mini/tables/claims

Writes `{stem}.{csv,md,tex}`, a row for each part of a claim. micota/results/claims.py says what is estimated and how it
is judged; micota.study.config.Claims is the form of `--claims`. Reads only the graded and alignment files that the
claims need.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from micota.common.cli import UserError, json_flag, run
from micota.common.records import RecordError, read_jsonl
from micota.common.tables import Column, Row, write_csv, write_table
from micota.results.claims import Data, Part, Traces, judge, models_of, null
from micota.results.outcomes import Cell, check_same_problems, read_cells

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


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=json_flag, required=True, help="JSON {alpha, power, family}")
    parser.add_argument("--seeds", type=json_flag, required=True, help="JSON list of the students' training seeds")
    parser.add_argument("--bases", type=json_flag, required=True, help="JSON list of the untrained students")
    parser.add_argument("--benchmarks", type=json_flag, required=True, help="JSON list of data set names")
    parser.add_argument("--validation", help="the data set of the merge sweep")
    parser.add_argument("--graded-dir", type=Path, required=True, help="folder of {model}.jsonl graded traces")
    parser.add_argument("--alignment-dir", type=Path, required=True, help="folder of {base}.jsonl NLL of traces")
    parser.add_argument("--out-stem", required=True, help="where to write, without the ending")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Read what the claims need, judge them and write the table."""
    args = parse_args(argv)
    if not isinstance(args.claims, Mapping) or not {"alpha", "power", "family"} <= set(args.claims):
        raise UserError("--claims must be a JSON object with alpha, power and family")
    parts = [part for claim in args.claims["family"].values() for part in claim["parts"]]
    data = Data(
        args.seeds, args.bases, args.benchmarks, args.validation, read_models(parts, args), read_nll(parts, args)
    )
    rows = judge(args.claims, data)
    # Twice: the table for reading has a claim's text once and its numbers rounded, the CSV has everything everywhere.
    write_table(args.out_stem, [readable(row) for row in rows], shown_columns(rows), group="claim")
    write_csv(f"{args.out_stem}.csv", rows, [Column(key) for key in rows[0]])


def read_models(parts: Sequence[Part], args: argparse.Namespace) -> dict[str, dict[str, Cell]]:
    """model -> data set -> what it did: students on the benchmarks, models of the sweep on the validation problems."""
    on_benchmarks = {
        model: None
        for part in parts
        if part["measure"] == "accuracy"
        for term in part["contrast"]
        for model in models_of(term, args.seeds, args.bases)
    }
    on_validation = {
        term: None for part in parts if part["measure"].startswith("validation") for term in part["contrast"]
    }
    if on_validation and args.validation is None:
        raise UserError("--validation: the claims speak of the merge sweep; name its data set")
    cells: dict[str, dict[str, Cell]] = {}
    for models, datasets in ((on_benchmarks, args.benchmarks), (on_validation, [args.validation])):
        read = {model: read_cells(args.graded_dir, model, datasets) for model in models}
        if read:
            check_same_problems(read, datasets)
        for model, by_dataset in read.items():
            cells.setdefault(model, {}).update(by_dataset)
    return cells


def read_nll(parts: Sequence[Part], args: argparse.Namespace) -> dict[str, dict[str, Traces]]:
    """untrained student -> corpus -> problem -> (NLL, tokens, traces), all of a problem's traces together."""
    found: dict[str, dict[str, Traces]] = {}
    for base in dict.fromkeys(part["base"] for part in parts if part["base"]):
        path = args.alignment_dir / f"{base}.jsonl"
        wanted = dict.fromkeys(corpus for part in parts if part["base"] == base for corpus in part["contrast"])
        corpora: dict[str, dict[str, tuple[float, int, int]]] = {corpus: {} for corpus in wanted}
        for record in read_jsonl(path, ("id", "corpus", "nll", "n_tokens")):
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


if __name__ == "__main__":
    run(main)
