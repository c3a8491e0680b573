"""Whether a study's results are what they were: each file by its seal and the manifest, each record by its contract."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from micota.common import contracts
from micota.common.errors import UserError
from micota.common.records import read_json
from micota.common.seals import SEALS, SETTINGS, check_seal, file_hash
from micota.common.tables import read_csv
from micota.models.folders import MADE, check_folder
from micota.study.graph import Study
from micota.study.load import study_of
from micota.study.tasks import asked_for, tasks

MANIFEST = "manifest.json"


@dataclass
class Checked:
    """What was looked at, and every fault that was found, a line each."""

    counts: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def look(self, what: str, looks: Iterable[Callable[[], object]]) -> None:
        """Run looks, each of which raises UserError for a fault; count them as `what`."""
        for look in looks:
            self.counts[what] = self.counts.get(what, 0) + 1
            try:
                look()
            except UserError as error:
                if str(error) not in self.faults:
                    self.faults.append(str(error))


def check_results(home: Path, figures: Path) -> Checked:
    """Look at all that lies in a study's folder of results; one unpacked from a log archive has records alone."""
    checked = Checked()
    study = study_of([home / SETTINGS]) if (home / SETTINGS).is_file() else None
    checked.look("files by their seal", sealed(home))
    checked.look("files by the manifest", in_manifest(home, figures))
    checked.look("models", models(home))
    checked.look("files of records", records(home, study))
    checked.look("tables", tables(home))
    return checked


def sealed(home: Path) -> Iterator[Callable[[], object]]:
    """Every file that has a seal: there, and as it was written."""

    def look(path: Path) -> None:
        if not path.is_file():
            raise UserError(f"{path}: not there any more; run again")
        check_seal(path)

    for seal in sorted((home / SEALS).rglob("*")):
        path = home / seal.relative_to(home / SEALS)
        # Traces of a merged model that is not kept go with it, and what is sampled again takes their place.
        if seal.is_file() and (path.is_file() or path.parent.is_dir()):
            yield lambda path=path: look(path)  # type: ignore[misc]


def in_manifest(home: Path, figures: Path) -> Iterator[Callable[[], object]]:
    """Every output that the manifest names: there, and with the hash that it had."""
    if not (home / MANIFEST).is_file():
        return

    def look(path: Path, digest: str) -> None:
        if not path.is_file():
            raise UserError(f"{path}: not there, and the manifest names it; run again")
        if file_hash(path) != digest:
            raise UserError(f"{path}: not as the manifest has it (SHA-256); remove it and run again")

    for name, digest in read_json(home / MANIFEST)["outputs"].items():
        path = figures / name.removeprefix("figures/") if name.startswith("figures/") else home / name
        yield lambda path=path, digest=digest: look(path, digest)  # type: ignore[misc]


def models(home: Path) -> Iterator[Callable[[], object]]:
    """Every model that was finished, and is still there."""
    for folder in sorted((home / "models").glob("[!.]*")):
        if folder.is_dir():
            yield lambda folder=folder: check_folder(folder)  # type: ignore[misc]
    for made in sorted((home / "models").glob(f"[!.]*/{MADE}")):
        yield lambda made=made: read_json(made)  # type: ignore[misc]


def records(home: Path, study: Study | None) -> Iterator[Callable[[], object]]:
    """Every file of records, by its contract; with the study also by what was asked for."""

    def files(folder: str) -> list[Path]:
        return sorted((home / folder).glob("[!.]*.jsonl"))

    counts = contracts.kept_counts((home / "problems").glob("*.report.json"))
    kept = contracts.kept_counts((home / "corpora").glob("*.counts.json"))
    looks: list[Iterable[object]] = [contracts.problems(path) for path in files("problems")]
    looks += [contracts.corpus_rows(path) for path in files("corpora")]
    for path in files("likelihood"):
        asked = study.likely(path.stem) if study else []
        looks.append(contracts.likelihoods(path, {name: n for name, n in kept.items() if name in asked}))
    for path in files("graded"):
        names = [task.dataset for task in tasks(study, path.stem)] if study and path.stem in study.models else []
        looks.append(contracts.graded(path, names, counts))
    looks += [contracts.records(path, contracts.TRACE) for path in files("imported")]
    if (home / "judged.jsonl").is_file():
        looks.append(contracts.judged(home / "judged.jsonl"))
    for folder in sorted((home / "cot").glob("[!.]*")) if study else []:
        problems = {path.stem: path for path in files("problems")}
        shards = [folder / f"shard-{shard}.jsonl" for shard in range(study.config.sampling.shards)] if study else []
        if study and folder.name in study.models and all(path.is_file() for path in shards):
            pairs = zip(shards, asked_for(study, folder.name, problems), strict=True)
            looks += [contracts.traces(path, folder.name, wanted) for path, wanted in pairs]
    for look in looks:
        yield lambda look=look: sum(1 for _ in look)  # type: ignore[misc]


def tables(home: Path) -> Iterator[Callable[[], object]]:
    """Every table: whole, and the numbers of each column finite (an answer in a table may be the text `inf`)."""

    def look(path: Path) -> None:
        rows = read_csv(path)
        numeric = [key for key in rows[0] if all(isinstance(row[key], float | None) for row in rows)]
        for number, row in enumerate(rows, start=2):
            for key in numeric:
                if row[key] is not None and not isfinite(row[key]):
                    raise UserError(f"{path}:{number}: `{key}` is {row[key]}; remove it and run again")

    for path in sorted((home / "tables").glob("[!.]*.csv")):
        if path.read_bytes().count(b"\n") > 1:  # a table of pairs may have none
            yield lambda path=path: look(path)  # type: ignore[misc]
