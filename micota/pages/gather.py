"""Everything that the page shows, as plain data, read from a study's results: one pass over every file of traces."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from micota.common import contracts
from micota.common.records import Record, read_json
from micota.common.tables import Row, read_csv
from micota.grading.reasons import REASONS
from micota.pages import spans
from micota.pages.corpora import counts_of, read_corpus
from micota.pages.sample import Chooser, chooser
from micota.pages.traces import Model, Problems, read_model
from micota.results import entries
from micota.results.labels import corpus_label
from micota.results.measures import Data
from micota.results.readings import KINDS
from micota.study import names, tasks
from micota.study.graph import Study

Keep = Callable[[str, Any], None]  # a name, and what is kept under it for the page: texts, so that none stay in memory


@dataclass
class Gathered:
    """What was read: `index` is for the page's script; texts are with the writer already."""

    study: Study
    results: Path
    problems: dict[str, Problems]
    models: dict[str, Model] = field(default_factory=dict)
    index: dict[str, Any] = field(default_factory=dict)
    corpora: list[dict[str, Any]] = field(default_factory=list)
    claims: list[Row] = field(default_factory=list)
    claim_benchmarks: list[Row] = field(default_factory=list)
    manifest: Record = field(default_factory=dict)

    @property
    def data(self) -> Data:
        """What the contrasts of claims on models are computed from."""
        config = self.study.config
        cells = {name: model.cells for name, model in self.models.items()}
        return Data(entries.runs(self.study), config.benchmarks, config.validation_problems, cells, {})


def labels_of(study: Study) -> dict[str, str]:
    """Every model, and every arm that claims name, in words."""
    found: dict[str, str] = {}
    for entry in entries.main(study):
        arm = "untrained" if entry["corpus"] == entries.UNTRAINED else f"trained on {corpus_label(entry['corpus'])}"
        words = [entry["model"]] if entry["base"] == entries.ELSEWHERE else [entry["base"], arm]
        if entry["corpus"] != entries.UNTRAINED and entry["base"] != entries.ELSEWHERE:
            found[names.arm(entry["base"], entry["corpus"])] = f"{entry['base']} {arm}"
            words += [f"seed {entry['seed']}"] if len(study.given.seeds) > 1 else []
        words += [f"chain {entry['chain']}"] if entry.get("chain") is not None else []
        found[entry["model"]] = " ".join(words[:2]) + "".join(f", {word}" for word in words[2:])
    for entry in entries.assistants(study):
        if entry["weight"] != 0 and entry["model"] not in found:
            kind = "un-merged" if entry["weight"] is None else f"merged, weight {entry['weight']:g}"
            mask = f", mask seed {entry['mask_seed']}" if entry.get("mask_seed") is not None else ""
            found[entry["model"]] = f"{entry['tuned']} {kind}{mask}"
    return found


def problems_of(study: Study, results: Path) -> dict[str, Problems]:
    """The problems of every data set that graded traces answer, by what the traces call it."""
    asked = {task.dataset: task.problems for model in study.models for task in tasks.tasks(study, model)}
    asked |= {name: name for name in study.imports.values()}
    read: dict[str, list[Record]] = {}
    found = {}
    for label, name in asked.items():
        if name not in read:
            read[name] = list(contracts.problems(results / f"problems/{name}.jsonl"))
        use = "sampling" if name in tasks.training_datasets(study) else tasks.use(study, name)
        found[label] = Problems(label, name, use, study.config.datasets[name].loader, read[name])
    return found


def gather(study: Study, results: Path, keep: Keep, choose: Chooser | None = None) -> Gathered:
    """Read a study's results; texts go to `keep` as soon as a file is read."""
    problems = problems_of(study, results)
    found = Gathered(study, results, problems)
    paths = {name: results / f"graded/{name}.jsonl" for name in entries.traced(study)}
    rows = {name: results / f"corpora/{name}.jsonl" for name in study.config.corpora}
    if choose is None:
        known = {each.name: each.places for each in problems.values()}
        choose = chooser([*paths.values(), *rows.values()], known)
    room = choose.room / max(1, len(paths))
    labels = labels_of(study)
    shown = []
    for name, path in paths.items():
        choose.room = room
        model = read_model(path, problems, choose)
        keep(f"texts/{name}", model.texts)
        model.texts = {}
        found.models[name] = model
        columns = {label: column.plain() for label, column in model.columns.items()}
        shown.append({"name": name, "label": labels.get(name, name), "data": columns})
    found.corpora = list(read_corpora(found, rows, choose, keep))
    keep("problems", {label: [each.texts, each.golds] for label, each in problems.items()})
    found.index = {
        "study": study.config.study,
        "data": [{"name": label, "use": each.use, "ids": list(each.places)} for label, each in problems.items()],
        "models": shown,
        "corpora": [{key: corpus[key] for key in ("name", "label", "samplers", "data")} for corpus in found.corpora],
        "reasons": [reason.replace("_", " ") for reason in REASONS],
        "kinds": [kind.replace("_", " ") for kind in KINDS],
        "spans": spans.KINDS,
        "start": start(study),
        "all": choose.share == 1,
    }
    found.index["counts"] = choose.counts
    read_tables(found)
    return found


def read_corpora(found: Gathered, paths: Mapping[str, Path], choose: Chooser, keep: Keep) -> Iterable[dict[str, Any]]:
    """Each corpus' counts, with its rows given to `keep`."""
    study = found.study
    for entry in entries.named(study, paths):
        name = entry["own"]
        data = study.imports.get(name, study.config.training_problems)
        known = found.problems.get(data)
        if known is None:  # nobody answers the training problems: all corpora are demonstrations
            known = Problems(data, data, "sampling", study.config.datasets[data].loader, [])
        columns, samplers = read_corpus(paths[name], known, found.models, choose)
        keep(f"rows/{name}", columns)
        chain = "" if entry["chain"] is None else f", chain {entry['chain']}"
        label = corpus_label(entry["name"]) + chain
        counts = counts_of(paths[name].with_suffix(".counts.json"))
        yield {"name": name, "label": label, "samplers": samplers, "data": data, "counts": counts}


def read_tables(found: Gathered) -> None:
    """The claims' numbers and the manifest, where there are such."""
    tables, manifest = found.results / "tables", found.results / "manifest.json"
    if found.study.config.claims:
        found.claims = read_csv(tables / "claims.csv")
        if any(row["measure"] == "accuracy" and row["effect"] is not None for row in found.claims):
            found.claim_benchmarks = read_csv(tables / "claims_benchmarks.csv")
    if manifest.is_file():
        found.manifest = read_json(manifest)


def start(study: Study) -> dict[str, Any]:
    """What the comparison of traces begins with: a benchmark, and the first student, untrained and on each corpus."""
    main = entries.main(study)
    base = main[0]["base"]
    models: dict[str, str] = {}
    for entry in main:
        if entry["base"] == base:
            models.setdefault(entry["corpus"], entry["model"])
    return {"data": study.config.benchmarks[len(study.config.benchmarks) // 2], "models": list(models.values())[:4]}
