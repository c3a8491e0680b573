"""The tables and figures of a study: what each reads, what it writes, what it hangs on, and which studies have it.

A new table is an entry here, a file of micota/results/tables with its name, and a caption in report/. Figures are drawn
from a table's CSV alone, by a file of micota/results/figures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from micota.results import entries, method, rivals
from micota.results.predictors import learned, predicted
from micota.study import tasks
from micota.study.graph import Study
from micota.workflow.paths import Paths
from micota.workflow.reads import (
    GOLD,
    Files,
    files,
    graded,
    reads_assistants,
    reads_claims,
    reads_filter,
    reads_likelihood,
    reads_map,
    reads_predictors,
    reads_published,
    reads_rivals,
    reads_scores,
    reads_sizes,
    reads_summary,
    reads_texts,
)

FORMATS = ("md", "csv", "tex")


def nothing(study: Study) -> dict[str, Any]:
    """The table hangs on its files alone."""
    return {}


@dataclass(frozen=True)
class Table:
    """One table, or some that are made together.

    `writes`: file -> its label in the report, "" where it is not shown there. A name without an ending is written in
    all FORMATS, of which the report shows the Markdown. `settings`: what of the study the table hangs on beside its
    files, by the names of the arguments of its `make`; builtin values, for Snakemake compares no others.
    """

    reads: Callable[[Study, Paths], Files]
    writes: dict[str, str]
    settings: Callable[[Study], dict[str, Any]] = nothing
    when: Callable[[Study], object] = lambda study: True
    version: int = 1  # raise when the table comes out otherwise from the same files

    def files(self) -> dict[str, str]:
        """Every file -> its label."""
        found: dict[str, str] = {}
        for name, label in self.writes.items():
            endings = {f"{name}.{ending}": label * (ending == "md") for ending in FORMATS}
            found |= {name: label} if "." in name else endings
        return found


TABLES = {
    "method": Table(
        lambda study, paths: {}, {"method": "method"}, lambda study: {"steps": method.steps(study)}, method.steps
    ),
    "main": Table(
        graded(entries.main, GOLD),
        {"main": "main", "main_cells.csv": "cells", "main_differences": "differences"},
        lambda study: {
            "entries": entries.main(study),
            "benchmarks": study.config.benchmarks,
            "proposed": study.config.students.proposed,
        },
        version=3,
    ),
    "published": Table(
        reads_published,
        {"published": "published"},
        lambda study: study.config.published.model_dump(include={"benchmarks", "beside"}),  # type: ignore[union-attr]
        lambda study: study.config.published,
    ),
    "protocols": Table(
        graded(entries.main),
        {"protocols": "avg@k, pass@k, maj@k"},
        lambda study: {
            "entries": entries.main(study),
            "labels": tasks.protocol_labels(study),
            "temperature": (study.config.sampling.protocols or study.config.sampling.evaluation).temperature,
        },
        tasks.protocol_labels,
        version=2,
    ),
    "assistants": Table(
        reads_assistants,
        {"assistants": "teacher assistants"},
        lambda study: {
            "entries": entries.assistants(study),
            "dataset": study.config.validation_problems,
            "proposed": entries.proposed(study),
            "samplers": entries.samplers(study),
        },
        lambda study: study.merges,
        version=3,
    ),
    "corpora": Table(
        files("counts", "corpora", lambda study: study.config.corpora, ".counts.json"),
        {"corpora": "corpora"},
        lambda study: {"corpora": entries.named(study, study.config.corpora)},
        version=2,
    ),
    "likelihood": Table(
        reads_likelihood,
        {"likelihood": "likelihood of the corpora"},
        lambda study: {"entries": entries.likelihoods(study)},
    ),
    "predictors": Table(
        reads_predictors,
        {"predictors": "predictors", "predictors_correlation": "predictors, correlation"},
        lambda study: {
            "entries": predicted(study),
            "benchmarks": study.config.benchmarks,
            "loaders": {name: tasks.corpus_loaders(study)[name] for name in learned(study)},
        },
        lambda study: study.config.grading.texts and len({entry["corpus"] for entry in predicted(study)}) > 1,
    ),
    "lengths": Table(
        files("corpora", "corpora", lambda study: study.config.likelihood.corpora),
        {"lengths.csv": "", "lengths_quantiles": "CoT lengths"},
        lambda study: {"corpora": entries.named(study, study.config.likelihood.corpora)},
    ),
    "scores": Table(
        reads_scores,
        {
            "scores": "three scores",
            "agreement": "agreement of the graders",
            "disagreements.md": "disagreements of the graders",
            "disagreements.csv": "",
        },
        lambda study: {"entries": entries.main(study), "rules": study.rules},
        version=2,
    ),
    "gold": Table(lambda study, paths: paths.below({"gold": [GOLD]}), {"gold": "gold answers by grader"}),
    "claims": Table(
        reads_claims,
        {"claims": "claims", "claims_benchmarks.csv": ""},
        lambda study: {
            **study.config.claims.model_dump(),  # type: ignore[union-attr]
            "runs": entries.runs(study),
            "benchmarks": study.config.benchmarks,
            "validation": study.config.validation_problems,
            "training": study.config.training_problems,
        },
        lambda study: study.config.claims,
        version=2,
    ),
    "summary": Table(
        reads_summary,
        {"summary.md": ""},
        settings=lambda study: {"proposed": study.config.students.proposed},
        when=lambda study: study.config.claims,
    ),
    "sizes": Table(
        reads_sizes,
        {"sizes": "gap by student size"},
        lambda study: {
            "entries": entries.sizes(study),
            "benchmarks": study.config.benchmarks,
            **study.config.sizes.model_dump(),  # type: ignore[union-attr]
        },
        lambda study: study.config.sizes,
        version=2,
    ),
    "map": Table(
        reads_map,
        {"map": "map", "map_best": "best CoT length by student size", "map_trend": "best CoT length, trend by size"},
        lambda study: {
            "entries": entries.mapped(study),
            "benchmarks": study.config.benchmarks,
            **study.config.map.model_dump(),  # type: ignore[union-attr]
        },
        lambda study: study.config.map,
    ),
    "rivals": Table(
        reads_rivals,
        {"rivals": "rivals", "rivals_candidates": "rivals, candidates"},
        lambda study: {
            "candidates": rivals.contenders(study),
            "labels": {name: family.label for name, family in study.given.rivals.families.items()},  # type: ignore[union-attr]
            "benchmarks": study.config.benchmarks,
            "validation": study.config.validation_problems,
        },
        lambda study: study.config.rivals,
    ),
    "filter": Table(
        reads_filter,
        {"filter": "filter across samplers"},
        lambda study: {"pairs": rivals.unfiltered(study), "benchmarks": study.config.benchmarks},
        rivals.unfiltered,
    ),
    "variance": Table(
        graded(entries.variance),
        {"variance": "variance budget"},
        lambda study: {
            "entries": entries.variance(study),
            "benchmarks": study.config.benchmarks,
            "dataset": study.config.variance.dataset,  # type: ignore[union-attr]
        },
        entries.several_seeds,
    ),
    "repetition": Table(
        graded(lambda study: [{"model": model} for model in entries.answering(study)]),
        {"repetition": "loops among truncated traces"},
        lambda study: {
            "models": entries.named(study, entries.answering(study)),
            "repeating_from": study.config.grading.repeating_from,
        },
        lambda study: study.config.grading.repeating_from,
    ),
    "errors": Table(
        reads_texts,
        {"errors": "kinds of errors"},
        lambda study: {"entries": entries.main(study), "loaders": tasks.loaders(study)},
        lambda study: study.config.grading.texts,
    ),
    "styles": Table(
        lambda study, paths: reads_texts(study, paths) | {"corpora": paths.of("corpora", tasks.corpus_loaders(study))},
        {"styles": "styles of CoT"},
        lambda study: {
            "entries": entries.main(study),
            "loaders": tasks.loaders(study),
            "corpora": entries.named(study, study.config.corpora),
            "corpus_loaders": tasks.corpus_loaders(study),
        },
        lambda study: study.config.grading.texts,
    ),
    "contamination": Table(
        files("reports", "problems", tasks.cleaned_datasets, ".report.json"),
        {"contamination": "contamination", "contamination_pairs.csv": "contamination, pairs"},
        version=2,
    ),
}


def caption(file: str) -> str:
    """The name of a table's caption in report/."""
    return "table_lengths" if file == "lengths_quantiles.md" else f"table_{file.rsplit('.', 1)[0]}"


@dataclass(frozen=True)
class Figure:
    """A figure: the table it is drawn from, and its images with their labels in the report."""

    table: str
    images: dict[str, str]
    version: int = 2


FIGURES = {
    "accuracy": Figure("main", {"accuracy": "accuracy", "accuracy_benchmarks": "accuracy by benchmark"}),
    **{
        name: Figure(table, {name: name})
        for name, table in {
            "method": "method",
            "lengths": "lengths",
            "likelihood": "likelihood",
            "predictors": "predictors",
            "yield": "corpora",
            "merge": "assistants",
            "claims": "claims",
            "sizes": "sizes",
            "map": "map",
            "rivals": "rivals",
            "variance": "variance",
        }.items()
    },
}


def tables(study: Study) -> dict[str, Table]:
    """The tables that a study has."""
    return {name: table for name, table in TABLES.items() if table.when(study)}


def figures(study: Study) -> dict[str, Figure]:
    """The figures that a study has: those of its tables."""
    return {name: figure for name, figure in FIGURES.items() if TABLES[figure.table].when(study)}


def shown(study: Study) -> dict[str, str]:
    """The files of tables that people are shown -> their labels."""
    found = (table.files() for table in tables(study).values())
    return {file: label for files in found for file, label in files.items() if label}


def outputs(study: Study, paths: Paths) -> list[str]:
    """Every table and figure of a study."""
    made = [f"{paths.home}/tables/{file}" for table in tables(study).values() for file in table.files()]
    images = [image for figure in figures(study).values() for image in figure.images]
    return made + [f"{paths.figures}/{image}.{ending}" for image in images for ending in ("png", "pdf")]
