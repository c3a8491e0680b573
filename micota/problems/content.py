"""Is a data set the one it is known by? Its number of rows, and a hash over its problems and answers."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from micota.common.errors import DataError
from micota.common.records import Record
from micota.problems.source import Source

Fact = TypeVar("Fact", int, str)


def check_count(dataset: str, source: Source, found: int, expected: Mapping[str, int]) -> None:
    """A data set read whole must have as many rows as published: of its split if that is known, else of any."""
    counts = of_split(source, expected)
    if counts and found not in counts:
        raise DataError(
            f"data set {dataset}: {source} has {found} rows, expected {' or '.join(map(str, counts))}: "
            "the copy is not whole, or the revision is not the one meant"
        )


SPACING = re.compile(r"\\[ ,;:!>]|\\q?quad(?![a-zA-Z])|~|\s")


def normalise(text: str) -> str:
    """The text in lower case, with every run of spaces (LaTeX's too) as one space: the known hashes were taken so."""
    return " ".join(SPACING.sub(" ", text).lower().split())


def content_hash(found: Iterable[Record]) -> str:
    """A hash over problems and answers: spacing, case and order do not count, nor what else the records hold."""
    lines = sorted(f"{normalise(record['problem'])}\0{record['answer']}" for record in found)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def check_content(dataset: str, source: Source, found: Sequence[Record], expected: Mapping[str, str]) -> None:
    """A data set read whole must hold the problems and answers it is known by: of its split if known, else of any."""
    hashes = of_split(source, expected)
    content = content_hash(found)
    if hashes and content not in hashes:
        raise DataError(
            f"data set {dataset}: the problems or answers of {source} are not those known (content {content}, expected"
            f" {' or '.join(hashes)}): a revised or damaged copy. Compare it with another one; to use it all the same,"
            f" set `sha256: {content}` under datasets.{dataset}"
        )


def of_split(source: Source, expected: Mapping[str, Fact]) -> list[Fact]:
    """What is expected of the source's split if that is known, else of any split."""
    split = source.split or ""
    return [expected[split]] if split in expected else sorted(set(expected.values()))
