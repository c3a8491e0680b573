"""What predicts a good corpus: measures taken before the training, beside the accuracy of the students trained on it.

A row per base student, corpus and chain: the predictors under the untrained student, the mean accuracy of the training
seeds (%, benchmarks weighted equally) and its gain over the untrained student in points. In predictors_correlation each
predictor's rank correlation with that accuracy, by base and over all of them (micota/results/rank_correlation.py).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from micota.common.contracts import corpus_rows, kept_counts, likelihoods
from micota.common.errors import DataError
from micota.common.files import by_name
from micota.common.tables import Column, Row, write_table
from micota.grading.reflection import count, marks_of
from micota.results.columns import SEEDS, STUDENT, interval
from micota.results.entries import Entry
from micota.results.labels import PREDICTORS
from micota.results.outcomes import Cell, read_models
from micota.results.predictors import Trace, predictors
from micota.results.rank_correlation import Correlation, Point, correlation
from micota.results.readings import with_texts

ALL = "all"
COLUMNS = (
    *STUDENT,
    Column("chain", "Chain"),
    Column("under"),
    Column("traces", "Traces", "{0:,}"),
    Column("nll_per_token", "NLL per token (nats)", "{0:.4f}"),
    Column("nll_per_trace", "NLL per trace (nats)", "{0:.2f}"),
    Column("rsr", "RSR", "{0:.2f}"),
    Column("mean_tokens", "Tokens per trace", "{0:.1f}"),
    Column("marks_per_trace", "Marks per trace", "{0:.2f}"),
    Column("accuracy", "Accuracy (%)", "{0:.1f}"),
    Column("gain", "Gain over untrained (points)", "{0:+.1f}"),
    SEEDS,
)
CORRELATIONS = (
    Column("predictor", "Predictor", PREDICTORS.__getitem__),
    Column("base", "Student"),
    Column("rho", "Spearman's rho", "{0:+.2f}"),
    *interval("rho", "+.2f"),
    Column("bases", "Students"),
    Column("corpora", "Corpora"),
    Column("chains", "Chains"),
    Column("points", "Points"),
    Column("basis", "Interval by"),
)


def make(
    files: dict[str, list[Path]], out: Path, *, entries: list[Entry], benchmarks: list[str], loaders: dict[str, str]
) -> None:
    """`entries`: students, with the untrained model `under` them and the corpus that they `learned`, by its own name.

    `loaders`: corpus -> the loader of its problems' data set, whose file says what a mark of reflection is.
    """
    models = dict.fromkeys(name for entry in entries for name in (entry["under"], entry["model"]))
    cells = read_models(files, models, benchmarks)
    traces = read_traces(files, entries)
    corpora, marks = by_name(files["corpora"]), {}
    for name in dict.fromkeys(entry["learned"] for entry in entries):
        words = marks_of(loaders[name])
        path = corpora[name]
        marks[name] = [count(row["completion"], words) for row in with_texts(path, corpus_rows(path))]
    rows = []
    for (base, corpus, chain), group in grouped(entries).items():
        under, learned = group[0]["under"], group[0]["learned"]
        accuracy = fmean(accuracy_of(cells[entry["model"]]) for entry in group)
        rows.append(
            {
                "base": base,
                "corpus": corpus,
                "chain": chain,
                "under": under,
                "traces": len(traces[under, learned]),
                **predictors(traces[under, learned], marks[learned]),
                "accuracy": accuracy,
                "gain": accuracy - accuracy_of(cells[under]),
                "seeds": len(group),
            }
        )
    write_table(out / "predictors", rows, COLUMNS, group="base")
    write_table(out / "predictors_correlation", correlation_rows(rows), CORRELATIONS, group="predictor")


def grouped(entries: Sequence[Entry]) -> dict[tuple[str, str, int | None], list[Entry]]:
    """(base, corpus, chain) -> its students, one a training seed; a base's stand together."""
    found: dict[tuple[str, str, int | None], list[Entry]] = {}
    for base in dict.fromkeys(entry["base"] for entry in entries):
        for entry in entries:
            if entry["base"] == base:
                found.setdefault((base, entry["corpus"], entry["chain"]), []).append(entry)
    return found


def accuracy_of(cells: Mapping[str, Cell]) -> float:
    """A model's accuracy (%), each benchmark weighing alike."""
    return 100 * fmean(fmean(cell.accuracies()) for cell in cells.values())


def read_traces(files: Mapping[str, Sequence[Path]], entries: Sequence[Entry]) -> dict[tuple[str, str], list[Trace]]:
    """(untrained model, corpus) -> NLL, tokens and ranks of each of its traces."""
    paths, kept = by_name(files["nll"]), kept_counts(files["counts"])
    found: dict[tuple[str, str], list[Trace]] = {}
    for under in dict.fromkeys(entry["under"] for entry in entries):
        wanted = {entry["learned"]: kept[entry["learned"]] for entry in entries if entry["under"] == under}
        for row in likelihoods(paths[under], wanted):
            if row["corpus"] in wanted:
                trace = row["nll"], row["n_tokens"], row.get("rank_sum")
                found.setdefault((under, row["corpus"]), []).append(trace)
    for (under, corpus), traces in found.items():
        if not any(tokens for _, tokens, _ in traces):
            raise DataError(f"{paths[under]}: the traces of {corpus} have no tokens; make the corpus again")
    return found


def correlation_rows(rows: Sequence[Row]) -> list[Row]:
    """Of each predictor: by base, and over all bases where there are several."""
    bases = list(dict.fromkeys(row["base"] for row in rows))
    groups = [[base] for base in bases] + ([bases] if len(bases) > 1 else [])
    found = []
    for predictor in PREDICTORS:
        for group in groups:
            own = [row for row in rows if row["base"] in group]
            told = correlation([point(row, predictor) for row in own if row[predictor] is not None])
            if any(row[predictor] is None for row in own):
                told = Correlation(None, None, None, 0, 0, 0, 0, "not testable: these logs lack it")
            found.append(correlation_row(predictor, group[0] if len(group) == 1 else ALL, told))
    return found


def point(row: Row, predictor: str) -> Point:
    return Point(row["base"], row["under"], row["corpus"], row["chain"], row[predictor], row["accuracy"])


def correlation_row(predictor: str, base: str, told: Correlation) -> Row:
    """One correlation."""
    return {
        "predictor": predictor,
        "base": base,
        "rho": told.rho,
        "rho_low": told.low,
        "rho_high": told.high,
        **{key: getattr(told, key) for key in ("bases", "corpora", "chains", "points", "basis")},
    }
