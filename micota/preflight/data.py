"""The checks of micota/preflight/models.py that look at problems and licences."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from micota.common.errors import UserError
from micota.common.hub import NotFetched, licence, snapshot
from micota.corpora.importing import generations
from micota.corpora.kinds import Imported
from micota.grading.gold import misprint, rejected_golds
from micota.grading.grade import Judge
from micota.models.settings import ScratchBase
from micota.models.special_tokens import MARKS, SpecialTokens
from micota.preflight.scene import Finding, Scene, read_from
from micota.problems.cleaning import Held, Report, clean
from micota.problems.datasets import file_of
from micota.problems.leaving_out import PICTURE
from micota.problems.source import rows
from micota.study import tasks

RESTRICTED = ("other", "unknown", "-nc", "research", "noncommercial")  # in a licence that needs a person to read it
FIRST = 100  # rows of a source whose traces are looked at
SHOWN = 3  # examples in a finding


def check_problems(scene: Scene) -> Iterator[Finding]:
    """Every data set is there, in the form that its loader reads, with the rows that are known of it."""
    for name, found in scene.loaded.items():
        if isinstance(found, list):
            if seen := [row["id"] for row in found if PICTURE.search(row["problem"])]:
                words = f"{len(seen)} of {len(found)} problems show a picture, which no model here sees: {seen[0]}"
                yield Finding("data set", name, "warn", f"{words}; `leave_out: {{pictures: true}}` leaves them out")
            yield Finding("data set", name, "ok", f"{len(found)} problems")
        else:
            yield Finding("data set", name, "not checked" if isinstance(found, NotFetched) else "FAIL", str(found))


def check_imported(scene: Scene) -> Iterator[Finding]:
    """The columns of imported traces are there and hold such; looked at are the first rows of each source."""
    for name, dataset in scene.study.imports.items():
        corpus, subject = scene.study.corpus(name), f"{name}, of {dataset}"
        assert isinstance(corpus, Imported)  # no other kind has imports
        if dataset not in scene.problems:
            yield Finding("imported", subject, "not checked", f"{dataset} is not at hand")
            continue
        source = tasks.source(scene.study, dataset)
        try:
            first = list(islice(rows(dataset, source), FIRST))
            seen = [made for row in first for made in generations(row, corpus, f"corpora.{name}.columns")]
        except UserError as error:
            yield Finding("imported", subject, "FAIL", f"{source}: {error}")
            continue
        whole = [made for made in seen if not made.fault]
        ended = sum(made.finished for made in whole)
        thinking = sum(MARKS[0] in made.text for made in whole)
        words = f"{len(whole)} traces in the first {len(first)} rows, {ended} ended, {thinking} with {MARKS[0]}"
        yield Finding("imported", subject, "ok" if ended else "FAIL", words)


def check_overlap(scene: Scene) -> Iterator[Finding]:
    """Duplicates, and problems that stand in a set they must be kept apart from: what the study will drop."""
    cleaning = scene.study.config.cleaning
    for name, found in scene.problems.items():
        held = Held(cleaning.ngram, cleaning.near, cleaning.longest)
        others = tasks.kept_apart(scene.study, name)
        for other in others:
            held.add(scene.problems.get(other, []))
        report = Report()
        benchmark = name in scene.study.config.benchmarks
        for _ in clean(found, held, not benchmark, report):
            pass
        dropped = {why: count for why, count in report.dropped.items() if count}
        pairs = "; ".join(f"{pair['id']} with {pair['with']}" for pair in report.pairs[:SHOWN])
        if not report.kept:
            yield Finding("overlap", name, "FAIL", f"nothing is left of {report.read} problems: {dropped}; {pairs}")
        elif dropped:
            words = f"{sum(dropped.values())} of {report.read} problems will be dropped: {dropped}; {pairs}"
            yield Finding("overlap", name, "warn", words)
        elif report.duplicates:
            words = f"{report.duplicates} duplicates stay, a benchmark is taken whole; {pairs}"
            yield Finding("overlap", name, "warn", words)
        else:
            yield Finding("overlap", name, "ok", f"{report.read} problems, none twice, none in another set")
        if missing := [other for other in others if other not in scene.problems]:
            yield Finding("overlap", name, "not checked", f"against {', '.join(missing)}: not at hand")


def check_special_tokens(scene: Scene) -> Iterator[Finding]:
    """Problems that quote a special token, which reaches the models as text; most are remains of another's prompt."""
    own = {token for model in scene.at_hand.values() for token in model.tokenizer.all_special_tokens}
    special = SpecialTokens(own=frozenset(own))
    for name, found in scene.problems.items():
        rows = [(row["id"], tokens) for row in found if (tokens := special.found(row["problem"]))]
        if rows:
            words = "; ".join(f"{row} has {', '.join(sorted(tokens))}" for row, tokens in rows[:SHOWN])
            yield Finding("special tokens", name, "warn", f"in {len(rows)} of {len(found)} problems: {words}")
        else:
            yield Finding("special tokens", name, "ok", f"in none of {len(found)} problems")


def check_golds(scene: Scene) -> Iterator[Finding]:
    """The grader accepts every gold answer as its own: a benchmark's must be, a training problem's is else wasted."""
    grading = scene.study.config.grading
    with Judge(grading.workers, grading.timeout) as judge:
        for name, found in scene.problems.items():
            rejected = [(p, v) for p, v in rejected_golds(found, judge) if not misprint(p)]
            shown = "; ".join(f"{p['id']} ({p['answer']!r}: {verdict})" for p, verdict in rejected[:SHOWN])
            if not rejected:
                yield Finding("gold answers", name, "ok", f"all {len(found)} accepted, or known exceptions")
            elif name in scene.study.config.benchmarks:
                words = f"the grader rejects {len(rejected)} of {len(found)}: {shown}; correct them, or explain them"
                place = file_of(scene.study.config.datasets[name].loader)
                yield Finding("gold answers", name, "FAIL", f"{words} under MISPRINTS in {place}")
            else:
                words = f"the grader rejects {len(rejected)} of {len(found)}, no trace can solve these: {shown}"
                yield Finding("gold answers", name, "warn", words)


def check_licences(scene: Scene) -> Iterator[Finding]:
    """What the cards say; whether it allows what is meant is for a person to judge."""
    for name, model in scene.models.items():
        if not isinstance(scene.study.config.bases.get(name), ScratchBase):  # those are made here
            yield said_by(model.folder, f"model {name}", f"{name} is not at hand")
    for name in tasks.cleaned_datasets(scene.study):
        loader, source = scene.study.config.datasets[name].loader, read_from(scene.study, name)
        folder, why = None, f"{name} is not at hand"
        if source.repo and name in scene.problems:
            folder = snapshot("dataset", source.repo, str(source.revision), f"datasets.{name}.hub", ["README.md"])
        elif source.path:
            why = f"a local copy, without a card; look at the set's page, and at {file_of(loader)}"
        if loader != "arithmetic":  # those are made here
            yield said_by(folder, f"data set {name}", why)


def said_by(folder: Path | None, subject: str, why: str) -> Finding:
    """What the card in a folder says; `why` there is no folder."""
    found = licence(folder) if folder else None
    if found is None:
        words = "its card (README.md) names no licence; read its page" if folder else why
        return Finding("licence", subject, "not checked", words)
    if any(word in found.lower() for word in RESTRICTED):
        return Finding("licence", subject, "warn", f"{found}: read its terms")
    return Finding("licence", subject, "ok", found)
