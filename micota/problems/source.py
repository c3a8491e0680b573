"""Where the rows of a data set are, and the rows as they stand there: a local file, or a data set on the Hub."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from micota.common.errors import DataError
from micota.common.hub import UNRESOLVED, reason, snapshot
from micota.common.records import Record
from micota.problems.files import place_in, rows_of
from micota.problems.settings import Dataset


@dataclass(frozen=True)
class Source:
    """A local file, or a data set on the Hub at one revision; of a file, `split` says which it should be."""

    path: Path | None = None
    repo: str | None = None
    config: str | None = None
    split: str | None = None
    revision: str | None = None

    def __str__(self) -> str:
        if self.path:
            return str(self.path)
        return f"{self.repo} (config {self.config}, split {self.split}) at revision {self.revision}"

    def place(self, index: int) -> str:
        """Where row number `index` stands, for error messages."""
        return place_in(self.path, index) if self.path else f"{self}, row {index}"


def source_of(block: Dataset, path: str | None) -> Source:
    """Where a study reads a data set: at `path`, its local copy, or if that is None on the Hub."""
    hub = block.hub
    if path or not hub:
        return Source(Path(path) if path else None, split=hub.split if hub else None)
    return Source(None, hub.repo, hub.config, hub.split, hub.revision)


def completed(dataset: str, source: Source, hub: Mapping[str, str | None]) -> Source:
    """Fill in what is known of the data set's home, `hub`; a download must name its revision."""
    if source.path:
        return source
    if source.repo is None:
        source = replace(source, repo=hub["repo"], config=source.config or hub["config"])
    source = replace(source, split=source.split or hub["split"])
    if not source.repo:
        raise DataError(f"data set {dataset}: give a local copy (`path:`) or a repository on the Hub (`hub:`)")
    if not source.revision or source.revision == UNRESOLVED:
        raise DataError(
            f"data set {dataset}: {source.repo} needs a pinned `revision:` (a commit of its page on the Hub; `make pin`"
            " looks it up), or a local copy: --config data_folder=FOLDER, with the file that `path:` names in the "
            "`datasets` block"
        )
    return source


def rows(dataset: str, source: Source) -> Iterator[Record]:
    """The raw rows of a data set."""
    if source.path:
        yield from rows_of(source.path)
        return
    folder = snapshot("dataset", str(source.repo), str(source.revision), f"datasets.{dataset}.hub")
    from datasets import load_dataset

    try:
        if files := data_files(folder, source):
            for path in files:
                yield from rows_of(path)
            return
        # Streamed, for the library's own cache knows a set by its folder's name: rows of a folder that was not whole
        # when it was first read would be taken for those of the whole one.
        yield from load_dataset(str(folder), source.config, split=source.split, streaming=True)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        # Unknown config or split, files that are not there or no data: the library's errors are all of these kinds.
        raise DataError(f"datasets.{dataset}.hub: could not read {source} in {folder}: {reason(error)}") from None


def data_files(folder: Path, source: Source) -> list[str]:
    """The files of a split that are read as they stand; none where the library must (a part of a split, other forms).

    The library would turn dates into times, `025` in a CSV into 25, and stop where two files' columns differ in type.
    """
    if not folder.is_dir():
        return []
    from datasets import load_dataset_builder

    builder = load_dataset_builder(str(folder), source.config)
    settings = builder.config
    special = getattr(settings, "field", None) or getattr(settings, "sep", ",") != ","
    kinds = {kind.__name__ for kind in type(builder).__mro__}  # the builder's own class is named after the folder
    if special or not kinds & {"Json", "Csv", "Parquet"}:
        return []
    files = [str(path) for path in (settings.data_files or {}).get(source.split, [])]
    return [] if any(path.endswith((".zip", ".zst", ".bz2", ".xz")) for path in files) else files
