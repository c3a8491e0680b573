"""In what style corpora, and the students that learned from them, are written, and how often they look again.

A row a corpus, then a row a student and corpus: all its models' completions of the benchmarks together. With chains
the row is of all of them together; each chain's own rows are in the CSV.
"""

from collections.abc import Mapping
from pathlib import Path

from micota.common import contracts
from micota.common.files import by_name
from micota.common.tables import Column, Row
from micota.results.columns import STUDENT
from micota.results.entries import Entry
from micota.results.pooled import by_chain, with_chains, write_pooled
from micota.results.readings import Reader, Styles, problem_texts, text_of, with_texts

COLUMNS = (
    Column("of", "Of"),
    *STUDENT,
    Column("traces", "Traces", "{0:,}"),
    Column("read", "Read", "{0:,}"),
    Column("short_percent", "Short (%)", "{0:.1f}"),
    Column("full_percent", "Full (%)", "{0:.1f}"),
    Column("decomposed_percent", "Steps in parts (%)", "{0:.1f}"),
    Column("checked_percent", "Steps checked (%)", "{0:.1f}"),
    Column("second_pass_percent", "Second pass (%)", "{0:.1f}"),
    Column("corrections", "Corrections", "{0:.2f}"),
    Column("marks", "Marks of reflection", "{0:.2f}"),
)


def make(
    files: dict[str, list[Path]],
    out: Path,
    *,
    entries: list[Entry],
    loaders: dict[str, str],
    corpora: list[Entry],
    corpus_loaders: dict[str, str],
) -> None:
    """`loaders`: benchmark -> the loader of its data set; `corpus_loaders`: corpus -> that of its problems.

    `corpora`: as entries.named has them.
    """
    graded, texts = by_name(files["graded"]), problem_texts(files["problems"])
    counts, paths = contracts.kept_counts(files["reports"]), by_name(files["corpora"])
    readers = {loader: Reader(loader) for loader in {*loaders.values(), *corpus_loaders.values()}}

    def of_corpus(own: str) -> Styles:
        styles, path = Styles(), paths[own]
        for row in with_texts(path, contracts.corpus_rows(path)):
            styles.add(readers[corpus_loaders[own]], row["problem"], row["completion"])
        return styles

    def of_models(models: list[Entry]) -> Styles:
        styles = Styles()
        for path in (graded[entry["model"]] for entry in models):
            for trace in with_texts(path, contracts.graded(path, loaders, counts)):
                styles.add(readers[loaders[trace["dataset"]]], text_of(trace, texts), trace["completion"])
        return styles

    rows: list[Row] = []
    for (name,), chains in by_chain(corpora, "name").items():
        of = {"of": "corpus", "base": None, "corpus": name}
        rows += style_rows(of, {chain: of_corpus(entry["own"]) for chain, (entry,) in chains.items()})
    for (base, corpus), groups in by_chain(entries, "base", "corpus").items():
        of = {"of": "student", "base": base, "corpus": corpus}
        rows += style_rows(of, {chain: of_models(models) for chain, models in groups.items()})
    write_pooled(out / "styles", rows, COLUMNS, group="of")


def style_rows(of: Row, chains: Mapping[int | None, Styles]) -> list[Row]:
    """All chains together, then each."""
    return with_chains(
        of | Styles.together(chains.values()).row(), {chain: of | styles.row() for chain, styles in chains.items()}
    )
