"""What each table reads: files of a study's results, by what they are."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from micota.results import entries, rivals
from micota.results.predictors import learned, predicted
from micota.study import tasks
from micota.study.graph import Study
from micota.workflow.paths import Paths

Files = dict[str, list[str]]

PROJECT = Path(__file__).parents[2]


def graded(chosen: Callable[[Study], Iterable[dict[str, Any]]], *more: str) -> Callable[[Study, Paths], Files]:
    """Reads the graded traces of a table's models, and other files of the results."""

    def reads(study: Study, paths: Paths) -> Files:
        found = {"graded": paths.of("graded", (entry["model"] for entry in chosen(study))), **reports(study, paths)}
        return found | paths.below({name.rsplit("/", 1)[-1].split(".")[0]: [name] for name in more})

    return reads


def reports(study: Study, paths: Paths) -> Files:
    """Of each data set that models answer: how many problems it has."""
    return {"reports": paths.of("problems", tasks.cleaned_datasets(study), ".report.json")}


def corpus_counts(study: Study, paths: Paths) -> Files:
    """Of each corpus whose likelihood is taken: how many rows it has."""
    return {"counts": paths.of("corpora", study.config.likelihood.corpora, ".counts.json")}


def files(key: str, folder: str, names: Callable[[Study], Iterable[str]], ending: str = ".jsonl") -> Any:
    return lambda study, paths: {key: paths.of(folder, names(study), ending)}


GOLD = "problems/gold.json"  # no score is shown before the grader has accepted the benchmarks' own answers


def reads_scores(study: Study, paths: Paths) -> Files:
    judged = [f"{paths.home}/judged.jsonl"] if study.config.grading.judge else []
    found = graded(entries.main, GOLD)(study, paths)
    return found | {"problems": paths.of("problems", study.config.benchmarks), "judged": judged}


def reads_assistants(study: Study, paths: Paths) -> Files:
    """The traces of the sweeps, and the counts of the corpora between them and the proposed one."""
    between = dict.fromkeys(part for corpus in entries.proposed(study) for part in study.parts(corpus))
    counted = [part for part in between if part not in entries.samplers(study)]
    return graded(entries.assistants)(study, paths) | {"counts": paths.of("corpora", counted, ".counts.json")}


def reads_texts(study: Study, paths: Paths) -> Files:
    """The traces of the main table's models, and the problems they answer."""
    return graded(entries.main)(study, paths) | {"problems": paths.of("problems", study.config.benchmarks)}


def reads_likelihood(study: Study, paths: Paths) -> Files:
    return {"nll": paths.of("likelihood", study.config.students.bases), **corpus_counts(study, paths)}


def reads_predictors(study: Study, paths: Paths) -> Files:
    models = [{"model": entry[key]} for entry in predicted(study) for key in ("under", "model")]
    return {
        **graded(lambda _: models, GOLD)(study, paths),
        "nll": paths.of("likelihood", (entry["under"] for entry in predicted(study))),
        "corpora": paths.of("corpora", learned(study)),
        **corpus_counts(study, paths),
    }


def reads_claims(study: Study, paths: Paths) -> Files:
    bases = [part.base for part in entries.claims_parts(study) if part.base]
    return {
        "graded": paths.of("graded", entries.claimed(study)),
        **reports(study, paths),
        **paths.below({"gold": [GOLD]}),
        "likelihood": paths.of("likelihood", (name for term in bases for (name,) in entries.term_runs(study, term))),
        "corpora": paths.of("corpora", entries.solved(study)),
        **corpus_counts(study, paths),
    }


CONFIRMED = "reference/study/tables/claims.csv"  # the verdicts that a study's own are held against


def reads_summary(study: Study, paths: Paths) -> Files:
    """Tables of the study, and the claims of the confirmation run, if it is at hand."""
    tables = paths.below({"main": ["tables/main.csv"], "claims": ["tables/claims.csv"]})
    return tables | {"confirmed": [str(path) for path in beside(study)]}


def reads_published(study: Study, paths: Paths) -> Files:
    return {"main": [f"{paths.home}/tables/main.csv"], "published": [study.config.published.file]}  # type: ignore[union-attr]


def reads_sizes(study: Study, paths: Paths) -> Files:
    return graded(entries.sizes)(study, paths) | {"sizes": paths.of("sizes", study.config.students.bases, ".json")}


def reads_map(study: Study, paths: Paths) -> Files:
    chosen = entries.mapped(study)
    corpora = dict.fromkeys(entry["learned"] for entry in chosen if entry["learned"])
    return {
        **graded(entries.mapped)(study, paths),
        "sizes": paths.of("sizes", study.config.students.bases, ".json"),
        "counts": paths.of("corpora", corpora, ".counts.json"),
    }


def reads_rivals(study: Study, paths: Paths) -> Files:
    """Candidates, all that wrote for them or for their choice, and how large and how many that was."""
    asked = rivals.contenders(study)
    bills = rivals.bills(asked)
    models = [model for row in asked for seeds in row["models"] for model in seeds]
    models += [model for model, _ in rivals.sampled(bills)]
    return {
        **graded(lambda _: [{"model": model} for model in models], GOLD)(study, paths),
        "counts": paths.of("corpora", rivals.corpora(bills), ".counts.json"),
        "sizes": paths.of("sizes", rivals.bases(bills), ".json"),
    }


def reads_filter(study: Study, paths: Paths) -> Files:
    arms = [arm for pair in rivals.unfiltered(study) for arm in (*pair["proposed"], *pair["other"])]
    models = [{"model": model} for arm in arms for seeds in arm for model in seeds]
    return graded(lambda _: models, GOLD)(study, paths)


def reads_page(study: Study, paths: Paths) -> Files:
    """All that has texts and verdicts: graded traces, corpora with their counts, and the problems."""
    asked = (task.problems for model in study.models for task in tasks.tasks(study, model))
    return {
        "graded": paths.of("graded", entries.traced(study)),
        "problems": paths.of("problems", [*asked, study.config.training_problems, *study.imports.values()]),
        "corpora": paths.of("corpora", study.config.corpora),
        "counts": paths.of("corpora", study.config.corpora, ".counts.json"),
    }


def beside(study: Study) -> list[Path]:
    """The confirmation run's verdicts, where there are some to compare with."""
    places = [path for path in (Path(CONFIRMED), PROJECT / CONFIRMED) if path.is_file()]
    return places[:1] if study.config.claims else []
