"""In what style corpora, and the students that learned from them, are written, and how often they look again.

A row a corpus, then a row a student and corpus: all its models' completions of the benchmarks together.
"""

from pathlib import Path

from micota.common import contracts
from micota.common.files import by_name
from micota.common.tables import Column, Row, write_table
from micota.results.columns import STUDENT
from micota.results.entries import Entry
from micota.results.readings import Reader, Styles, models_of, problem_texts, text_of, with_texts

COLUMNS = (
    Column("of", "Written by"),
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
    corpus_loaders: dict[str, str],
) -> None:
    """`loaders`: benchmark -> the loader of its data set; `corpus_loaders`: corpus -> that of its problems."""
    graded, corpora = by_name(files["graded"]), by_name(files["corpora"])
    counts, texts = contracts.kept_counts(files["reports"]), problem_texts(files["problems"])
    readers = {loader: Reader(loader) for loader in {*loaders.values(), *corpus_loaders.values()}}
    rows: list[Row] = []
    for corpus, loader in corpus_loaders.items():
        styles, path = Styles(), corpora[corpus]
        for row in with_texts(path, contracts.corpus_rows(path)):
            styles.add(readers[loader], row["problem"], row["completion"])
        rows.append({"of": "corpus", "base": None, "corpus": corpus, **styles.row()})
    for (base, corpus), models in models_of(entries).items():
        styles = Styles()
        for path in (graded[model] for model in models):
            for trace in with_texts(path, contracts.graded(path, loaders, counts)):
                reader = readers[loaders[trace["dataset"]]]
                styles.add(reader, text_of(trace, texts), trace["completion"])
        rows.append({"of": "student", "base": base, "corpus": corpus, **styles.row()})
    write_table(out / "styles", rows, COLUMNS, group="of")
