"""The texts of a study's records apart from the records: each text once a problem, however many records hold it.

What models write on one problem is much alike, and a corpus repeats graded traces. Side by side such texts pack well,
and in place of a text its record has the text's number among those of its problem.
"""

from collections.abc import Iterable, Iterator

from micota.common.errors import DataError
from micota.common.records import Record

FIELDS = ("prompt", "problem", "completion")  # most of a log's size


class Texts:
    """Problem -> its texts, in the order in which they were first met."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        """From what `records` gave."""
        self.found: dict[str, dict[str, int]] = {
            record["id"]: {text: number for number, text in enumerate(record["texts"])} for record in records
        }
        self.numbered: dict[str, list[str]] = {}

    def take(self, record: Record) -> Record:
        """The record, its texts taken out; a text that is null stays null."""
        return record | {
            name: self.number(record["id"], record[name]) for name in FIELDS if isinstance(record.get(name), str)
        }

    def number(self, problem: str, text: str) -> int:
        own = self.found.setdefault(problem, {})
        return own.setdefault(text, len(own))

    def put(self, record: Record) -> Record:
        """The record with its texts; DataError for a number that no text has."""
        return record | {
            name: self.text(record["id"], record[name]) for name in FIELDS if isinstance(record.get(name), int)
        }

    def text(self, problem: str, number: int) -> str:
        own = self.numbered.get(problem)
        if own is None:
            own = self.numbered[problem] = list(self.found.get(problem, ()))
        if not 0 <= number < len(own):
            raise DataError(f"{problem}: the archive has no text {number} of it")
        return own[number]

    def records(self) -> Iterator[Record]:
        """All texts, a record a problem."""
        return ({"id": problem, "texts": list(own)} for problem, own in self.found.items())
