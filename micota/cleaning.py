r"""Find duplicates within a set of problems and overlaps with others, so that no benchmark problem is trained on.

Two problems are the same when their texts are equal after normalisation (case, whitespace, LaTeX spacing). Two problems
overlap when they share any run of N words, 13 by default as in Brown et al. (2020, "Language Models are Few-Shot
Learners", appendix C), and are near-duplicates when the Jaccard similarity of their runs of three words reaches a
threshold: a reworded sentence or another number leaves most runs as they are.

One pass, linear in the text: the other sets' runs are hashed, the problems stream past. What is held in memory is of
the size of the other sets (benchmarks), whatever that of the training set.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from math import ceil

from micota.cli import UserError
from micota.records import Record

SPACING = re.compile(r"\\[ ,;:!>]|\\q?quad(?![a-zA-Z])|~|\s")
WORD = re.compile(r"\w+")
SHINGLE = 3  # words in a run that near-duplicates are told by

DUPLICATE, EXACT, NGRAM, NEAR = "duplicate", "overlap_exact", "overlap_ngram", "overlap_near"
REASONS = (DUPLICATE, EXACT, NGRAM, NEAR)


def normalise(text: str) -> str:
    """The text in lower case, with every run of spaces (LaTeX's too) as one space."""
    return " ".join(SPACING.sub(" ", text).lower().split())


def digest(text: str) -> bytes:
    """Sixteen bytes that stand for a text, so that the sets below stay small."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def ngrams(text: str, length: int) -> Iterator[bytes]:
    """Every run of `length` words of a normalised text; none if `length` is 0 or the text is shorter."""
    words = WORD.findall(text)
    for start in range(len(words) - length + 1 if length else 0):
        yield digest(" ".join(words[start : start + length]))


@dataclass
class Similar:
    """Sets of runs, and which of them a further set is most similar to, by Jaccard similarity: exact, not estimated.

    Two sets x and y of similarity t share at least t |x| runs, so one of any |x| - ceil(t |x|) + 1 runs of x is in y
    (prefix filter: Chaudhuri et al. 2006, doi:10.1109/ICDE.2006.9). The runs that fewest sets hold are looked up, so
    that a phrase which all problems share costs nothing. No library for this is among the locked packages.
    """

    threshold: float
    names: list[str] = field(default_factory=list)
    sets: list[frozenset[bytes]] = field(default_factory=list)
    holders: dict[bytes, list[int]] = field(default_factory=dict)  # run -> the sets that hold it

    def add(self, name: str, runs: frozenset[bytes]) -> None:
        for run in runs:
            self.holders.setdefault(run, []).append(len(self.sets))
        self.names.append(name)
        self.sets.append(runs)

    def nearest(self, runs: frozenset[bytes]) -> tuple[str, float] | None:
        """Name and similarity of the most similar set (of equals the first), or None if none reaches the threshold."""
        # Rounded, for 0.55 * 20 is a little more than 11: a pair right at the threshold must not be passed over.
        prefix = len(runs) - ceil(round(self.threshold * len(runs), 9)) + 1
        rarest = sorted(runs, key=lambda run: (len(self.holders.get(run, ())), run))[:prefix]
        places = {place for run in rarest for place in self.holders.get(run, ())}
        best: tuple[float, int] | None = None
        for place in places:
            shared = len(runs & self.sets[place])
            similarity = shared / (len(runs) + len(self.sets[place]) - shared)
            if similarity >= self.threshold and (best is None or (similarity, -place) > best):
                best = (similarity, -place)
        return (self.names[-best[1]], best[0]) if best else None


@dataclass
class Held:
    """The texts to stay clear of: each whole text and its runs of words, with the id of a problem that has it."""

    ngram: int
    near: float = 0.0  # 0: no near-duplicates are looked for
    exact: dict[bytes, str] = field(default_factory=dict)
    runs: dict[bytes, str] = field(default_factory=dict)
    similar: Similar = field(init=False)

    def __post_init__(self) -> None:
        self.similar = Similar(self.near)

    def add(self, problems: Iterable[Record]) -> None:
        for record in problems:
            text = normalise(record["problem"])
            self.exact.setdefault(digest(text), record["id"])
            for run in ngrams(text, self.ngram):
                self.runs.setdefault(run, record["id"])
            if self.near:
                self.similar.add(record["id"], frozenset(ngrams(text, SHINGLE)))

    def overlap(self, text: str) -> Record | None:
        """The reason, the held problem that a normalised text overlaps with, and for NEAR how similar; or None."""
        if (other := self.exact.get(digest(text))) is not None:
            return {"with": other, "reason": EXACT}
        for run in ngrams(text, self.ngram):
            if (other := self.runs.get(run)) is not None:
                return {"with": other, "reason": NGRAM}
        runs = frozenset(ngrams(text, SHINGLE)) if self.near else frozenset()
        if runs and (found := self.similar.nearest(runs)):
            return {"with": found[0], "reason": NEAR, "similarity": round(found[1], 4)}
        return None


@dataclass
class Report:
    """What became of the problems: every one read is kept or dropped for one reason."""

    read: int = 0
    kept: int = 0
    duplicates: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    pairs: list[Record] = field(default_factory=list)


def clean(problems: Iterable[Record], held: Held, drop_duplicates: bool, report: Report) -> Iterator[Record]:
    """Yield the problems to keep, in order; `report` is filled as they pass.

    The first of several duplicates stays. Without `drop_duplicates` they are only counted: a benchmark must stay whole.
    """
    ids: set[str] = set()
    first: dict[bytes, str] = {}
    for record in problems:
        if record["id"] in ids:
            raise UserError(f"duplicate id {record['id']!r} among the problems")
        ids.add(record["id"])
        report.read += 1
        text = normalise(record["problem"])
        found = held.overlap(text)
        if found is None:
            original = first.setdefault(digest(text), record["id"])
            if original != record["id"]:
                report.duplicates += 1
                found = {"with": original, "reason": DUPLICATE}
        if found:
            report.pairs.append({"id": record["id"], **found})
            if found["reason"] != DUPLICATE or drop_duplicates:
                report.dropped[found["reason"]] += 1
                continue
        report.kept += 1
        yield record


def with_texts(pairs: list[Record], problems: Iterable[Record]) -> list[Record]:
    """The pairs with the texts of both problems, looked up in a second pass: no text is held but those that matched."""
    wanted = {pair[key] for pair in pairs for key in ("id", "with")}
    texts = {record["id"]: record["problem"] for record in problems if record["id"] in wanted}
    return [{**pair, "text": texts[pair["id"]], "with_text": texts[pair["with"]]} for pair in pairs]
