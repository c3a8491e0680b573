"""Where a study's files lie, said once: results/{study}/... and figures/{study}/..."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Paths:
    """The folders of a study; `home` is that of its results."""

    home: str
    figures: str

    @classmethod
    def of_study(cls, study: str) -> "Paths":
        return cls(f"results/{study}", f"figures/{study}")

    @property
    def settings(self) -> str:
        """The study's settings as they are in effect: every program reads them from here."""
        return f"{self.home}/study.json"

    def of(self, folder: str, names: Iterable[str], ending: str = ".jsonl") -> list[str]:
        """`{home}/{folder}/{name}{ending}` of each name once."""
        return [f"{self.home}/{folder}/{name}{ending}" for name in dict.fromkeys(names)]

    def below(self, files: dict[str, list[str]]) -> dict[str, list[str]]:
        """Files that are named relative to the results."""
        return {key: [f"{self.home}/{name}" for name in names] for key, names in files.items()}
