r"""Find duplicates within a set of problems and overlaps with others, so that no benchmark problem is trained on.

Texts are compared in the form of micota/problems/matching.py, which sees through spelling. Two problems are the same
when their forms are equal. They overlap when a run of N words, 13 by default as in Brown et al. (2020, "Language Models
are Few-Shot Learners", appendix C), stands in both, and what they share covers half of the benchmark's words or four
fifths of the other's; or when all of a shorter benchmark problem stands in the other. Runs that many problems hold are
no evidence (the same appendix ignores common ones): boilerplate of competitions, instructions. Near-duplicates are
those whose runs of three words have a Jaccard similarity of a threshold or more.

Two passes, linear in the text, and in the longest problem: the other sets' runs are hashed, the problems stream past.
What is held in memory is of the size of the other sets (benchmarks), whatever that of the training set, but for sixteen
bytes a problem. What is longer than `longest` characters is no problem: it is dropped, and counted.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from math import ceil, inf

from micota.common.errors import DataError
from micota.common.records import Record
from micota.problems.matching import Form, form

SHINGLE = 3  # words in a run that near-duplicates are told by
COMMON = 10  # problems to be cleaned from which on a run that they share is no evidence; fewer of a small set: `learn`
COMMON_HELD = 3  # the same, of the problems held
COVERED, COVERED_OTHER = 0.5, 0.8  # share of a held problem's words, or of the other's, that an overlap covers
SENTENCE = 8  # words from which on a short held problem counts wherever it stands, not as whole sentences only

DUPLICATE, CONTRADICTION = "duplicate", "duplicate_other_answer"
EXACT, NGRAM, NEAR = "overlap_exact", "overlap_ngram", "overlap_near"
REASONS = (DUPLICATE, CONTRADICTION, EXACT, NGRAM, NEAR)
TOO_LONG = "too_long"
DROPPED = (*REASONS, TOO_LONG)


def digest(text: str) -> bytes:
    """Sixteen bytes that stand for a text, so that the sets below stay small."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def runs_of(words: Sequence[str], length: int) -> Iterator[bytes]:
    """Every run of `length` words; none if `length` is 0 or there are fewer words."""
    for start in range(len(words) - length + 1 if length else 0):
        yield digest(" ".join(words[start : start + length]))


def has_number(words: Iterable[str]) -> bool:
    return any(word[0].isdigit() for word in words)


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
    """The problems to stay clear of: their forms, and the runs of words that they hold."""

    ngram: int
    near: float = 0.0  # 0: no near-duplicates are looked for
    longest: float = inf  # characters; what is longer is no problem, here or among those to be cleaned
    too_long: list[Record] = field(default_factory=list)  # id and characters of those that are not held
    exact: dict[bytes, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    words: list[tuple[str, ...]] = field(default_factory=list)
    holders: dict[bytes, list[int]] = field(default_factory=dict)  # run -> the first problems that hold it
    short: dict[tuple[str, ...], str] = field(default_factory=dict)  # tokens of problems without a run -> name
    common: set[bytes] = field(default_factory=set)  # runs that are no evidence
    similar: Similar | None = None

    def add(self, problems: Iterable[Record]) -> None:
        for record in problems:
            if self.is_too_long(record):
                self.too_long.append(size_of(record))
                continue
            made = form(record["problem"])
            whole = digest(" ".join(made.tokens))
            if whole in self.exact:
                continue
            self.exact[whole] = record["id"]
            place = len(self.names)
            self.names.append(record["id"])
            self.words.append(made.words)
            for run in runs_of(made.words, self.ngram):
                holders = self.holders.setdefault(run, [])
                if place not in holders[-1:] and len(holders) < COMMON_HELD:
                    holders.append(place)
            long = len(made.words) >= SENTENCE
            if len(made.words) < self.ngram and (long or has_number(made.tokens)):
                self.short.setdefault(made.tokens, record["id"])
        self.common |= {run for run, holders in self.holders.items() if len(holders) >= COMMON_HELD}

    def is_too_long(self, problem: Record) -> bool:
        return len(problem["problem"]) > self.longest

    def learn(self, problems: Iterable[Record]) -> None:
        """Find the runs that many of the problems to be cleaned share: they are no evidence.

        Many is COMMON. Of a run without a number, as an instruction is, a tenth of a small set is enough, two at least.
        """
        seen: set[bytes] = set()
        found: Counter[bytes] = Counter()
        wordless: set[bytes] = set()
        for record in problems if self.holders else ():
            if self.is_too_long(record):
                continue
            words = form(record["problem"]).words
            if (whole := digest(" ".join(words))) in seen:
                continue
            seen.add(whole)
            runs = list(runs_of(words, self.ngram))
            known = {run for run in runs if run in self.holders}
            found.update(known)
            wordless |= {
                run
                for place, run in enumerate(runs)
                if run in known and not has_number(words[place : place + self.ngram])
            }
        few = min(COMMON, max(2, ceil(len(seen) / 10)))
        self.common |= {run for run, count in found.items() if count >= (few if run in wordless else COMMON)}

    def told(self, words: tuple[str, ...]) -> list[bool]:
        """Of each word, whether it stands outside all common runs."""
        outside = [True] * len(words)
        if self.common:
            for place, run in enumerate(runs_of(words, self.ngram)):
                if run in self.common:
                    outside[place : place + self.ngram] = [False] * self.ngram
        return outside

    def shingles(self, words: tuple[str, ...]) -> frozenset[bytes]:
        told = [word for word, outside in zip(words, self.told(words), strict=True) if outside]
        return frozenset(runs_of(told, SHINGLE))

    def overlap(self, made: Form) -> Record | None:
        """The reason, the held problem that a form overlaps with, what they share, for NEAR how similar; or None."""
        if (other := self.exact.get(digest(" ".join(made.tokens)))) is not None:
            return {"with": other, "reason": EXACT}
        if found := self.contained(made) or self.covered(made.words):
            return found
        if not self.near:
            return None
        if self.similar is None:  # not before the common runs are known
            self.similar = Similar(self.near)
            for name, words in zip(self.names, self.words, strict=True):
                self.similar.add(name, self.shingles(words))
        runs = self.shingles(made.words)
        if runs and (near := self.similar.nearest(runs)):
            return {"with": near[0], "reason": NEAR, "similarity": round(near[1], 4)}
        return None

    def contained(self, made: Form) -> Record | None:
        """A held problem too short for a run that stands in the other, as sentences of their own if very short."""
        for length in sorted({len(tokens) for tokens in self.short}):
            for start in range(len(made.tokens) - length + 1):
                tokens = made.tokens[start : start + length]
                if (other := self.short.get(tokens)) is None:
                    continue
                words = sum(token[0].isalnum() for token in tokens)
                if words >= SENTENCE or {start, start + length} <= made.ends:
                    return {"with": other, "reason": NGRAM, "shared": " ".join(tokens)}
        return None

    def covered(self, words: tuple[str, ...]) -> Record | None:
        """The first held problem that shares enough words in runs."""
        found: dict[int, list[int]] = {}
        for start, run in enumerate(runs_of(words, self.ngram)):
            for place in self.holders.get(run, ()):
                found.setdefault(place, []).append(start)
        told = self.told(words) if found else []
        all_told, whole = sum(told), f" {' '.join(words)} "
        for place, starts in found.items():
            mine = {at for start in starts for at in range(start, start + self.ngram)}
            own = self.told(self.words[place])
            # A run is evidence if half of it is not common: words beside a phrase, such as "what is", tell nothing.
            telling = [start for start in starts if 2 * sum(told[start : start + self.ngram]) >= self.ngram]
            shared = sum(told[at] for at in {at for start in telling for at in range(start, start + self.ngram)})
            enough = shared >= COVERED * sum(own) or shared >= COVERED_OTHER * all_told
            if f" {' '.join(self.words[place])} " in whole or (shared and enough):
                return {"with": self.names[place], "reason": NGRAM, "shared": longest(words, sorted(mine))}
        return None


def longest(words: tuple[str, ...], places: list[int]) -> str:
    """The longest run of words among sorted places, as a text."""
    best = start = 0
    for end in range(1, len(places) + 1):
        if end == len(places) or places[end] != places[end - 1] + 1:
            if end - start > best:
                best, first = end - start, places[start]
            start = end
    return " ".join(words[first : first + best])


def size_of(problem: Record) -> Record:
    """What is said of a problem that is too long."""
    return {"id": problem["id"], "characters": len(problem["problem"])}


@dataclass
class Report:
    """What became of the problems: every one read is kept or dropped for one reason."""

    read: int = 0
    kept: int = 0
    duplicates: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    pairs: list[Record] = field(default_factory=list)
    too_long: list[Record] = field(default_factory=list)  # id and characters


def clean(problems: Iterable[Record], held: Held, drop_duplicates: bool, report: Report) -> Iterator[Record]:
    """Yield the problems to keep, in order; `report` is filled as they pass. They are read twice.

    The first of several duplicates stays; one with another answer has a reason of its own, and both answers are shown,
    for one of them is wrong. Without `drop_duplicates` they are only counted: a benchmark must stay whole.
    """
    held.learn(problems)
    ids: set[str] = set()
    first: dict[bytes, tuple[str, str]] = {}
    for record in problems:
        if record["id"] in ids:
            raise DataError(f"duplicate id {record['id']!r} among the problems")
        ids.add(record["id"])
        report.read += 1
        if held.is_too_long(record):
            report.too_long.append(size_of(record))
            report.dropped[TOO_LONG] += 1
            continue
        made = form(record["problem"])
        found = held.overlap(made)
        if found is None:
            answer = str(record["answer"])
            original, other = first.setdefault(digest(" ".join(made.tokens)), (record["id"], answer))
            if original != record["id"]:
                report.duplicates += 1
                same = form(answer).tokens == form(other).tokens
                answers = {} if same else {"answer": answer, "with_answer": other}
                found = {"with": original, "reason": DUPLICATE if same else CONTRADICTION, **answers}
        if found:
            report.pairs.append({"id": record["id"], **found})
            if found["reason"] not in (DUPLICATE, CONTRADICTION) or drop_duplicates:
                report.dropped[found["reason"]] += 1
                continue
        report.kept += 1
        yield record


def with_texts(pairs: list[Record], problems: Iterable[Record]) -> list[Record]:
    """The pairs with the texts of both problems, looked up in a second pass: no text is held but those that matched."""
    wanted = {pair[key] for pair in pairs for key in ("id", "with")}
    texts = {record["id"]: record["problem"] for record in problems if record["id"] in wanted}
    return [{**pair, "text": texts[pair["id"]], "with_text": texts[pair["with"]]} for pair in pairs]
