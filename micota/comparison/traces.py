"""What differs in the answers of two studies' models: accuracy, paired where problems are equal, and verdicts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from micota.comparison.runs import Answers, Run
from micota.comparison.sections import Section, number
from micota.results.contrasts import crossed
from micota.results.estimates import Array
from micota.results.labels import corpus_label

Units = Mapping[tuple[int, int], str]  # (chain, seed) -> model
MORE = 10_000  # changed traces that are kept, over all models


@dataclass
class Changes:
    """Traces of a pair of models on one data set, by whether they are right."""

    one: str
    other: str
    dataset: str
    both: int = 0
    only_one: int = 0
    only_other: int = 0
    neither: int = 0
    changed: list[list[str]] = field(default_factory=list)

    @property
    def traces(self) -> int:
        return self.both + self.only_one + self.only_other + self.neither

    def cells(self) -> list[str]:
        models = self.one if self.one == self.other else f"{self.one} | {self.other}"
        counts = (self.both, self.only_one, self.only_other, self.neither)
        return [models, self.dataset, *(f"{count:,}" for count in counts)]


def pairs(one: Run, other: Run) -> Iterator[tuple[str, str]]:
    """Models to be held against each other, each once: students by chain and seed, else in order; others by name."""
    mine, theirs, taken = one.students(), other.students(), set()
    for student in mine.keys() & theirs.keys():
        for pair in units(mine[student], theirs[student]) or []:
            taken.add(pair[0])
            yield pair
    students = {model for run in (mine, theirs) for models in run.values() for model in models.values()}
    yield from ((model, model) for model in one.graded if model in other.graded and model not in {*taken, *students})


def units(one: Units, other: Units) -> list[tuple[str, str]] | None:
    """The runs of a student that belong together; None where the two studies have not as many."""
    if one.keys() == other.keys():
        return [(one[unit], other[unit]) for unit in sorted(one)]
    shape = [sorted(unit[0] for unit in each) for each in (one, other)]
    ranks = [[sorted(set(chains)).index(chain) for chain in chains] for chains in shape]
    if ranks[0] != ranks[1]:
        return None
    return list(zip(*([each[unit] for unit in sorted(each)] for each in (one, other)), strict=True))


class Read:
    """Answers of models, each file read once."""

    def __init__(self, run: Run) -> None:
        self.run, self.known = run, dict[str, Answers]()

    def __getitem__(self, model: str) -> Answers:
        if model not in self.known:
            self.known[model] = self.run.answers(model)
        return self.known[model]


def answers(one: Run, other: Run) -> list[Section]:
    """Students' accuracy side by side, models' traces by verdict, and the traces that changed theirs."""
    read = Read(one), Read(other)
    return [students(one, other, *read), *verdicts(one, other, *read)]


def students(one: Run, other: Run, mine: Read, theirs: Read) -> Section:
    """A row for each student of both: accuracy averaged over the benchmarks, and the paired difference."""
    own, others = one.students(), other.students()
    shared = [student for student in own if student in others]
    headings = ["student", "corpus", "A (%)", "B (%)", "B \N{MINUS SIGN} A (points)", "95% interval", "paired by"]
    rows = []
    for student in shared:
        row = [student[0], corpus_label(student[1]), *(average(run, student) for run in (one, other))]
        rows.append([*row, *difference(one, other, own[student], others[student], mine, theirs)])
    words = (
        "Averages over the benchmarks. The difference is paired where both answered the same problems (by name and gold"
        " answer); its interval is over problems and, with several runs of a student, over these."
        if rows
        else "The runs have no student in common."
    )
    return Section("Accuracy of students", words, headings, rows, (2, 3, 4))


def average(run: Run, student: tuple[str, str]) -> str:
    """As the run's own main table has it."""
    for row in run.tables.get("main", []):
        if (row["base"], row["corpus"]) == student:
            return number(row["accuracy_average"], "{:.1f}")
    return number(None)


def difference(one: Run, other: Run, own: Units, others: Units, mine: Read, theirs: Read) -> list[str]:
    """B - A in points, its interval, and what was paired."""
    blank = [number(None)] * 2
    if not ({*own.values()} <= one.graded.keys() and {*others.values()} <= other.graded.keys()):
        return [*blank, "nothing: a run has no graded traces"]
    benchmarks = one.benchmarks()
    first, second = mine[next(iter(own.values()))], theirs[next(iter(others.values()))]
    if benchmarks != other.benchmarks() or not all(first.same_questions(second, name) for name in benchmarks):
        return [*blank, "nothing: other problems"]
    by_unit = units(own, others)
    sets = list(zip(*by_unit, strict=True)) if by_unit else [tuple(own.values()), tuple(others.values())]
    chains = len({unit[0] for unit in own}) if by_unit else 1
    arrays = []
    for name in benchmarks:
        left = shares(mine, sets[0], name)
        right = shares(theirs, sets[1], name)
        gap = right - left if by_unit else (right.mean(axis=0) - left.mean(axis=0))[np.newaxis]
        arrays.append(gap.reshape(chains, -1, gap.shape[-1]))
    paired = f"problems, {len(by_unit)} runs" if by_unit else "problems; mean of each study's runs"
    if not any(array.any() for array in arrays):
        return ["0.0", "no verdict differs", paired]
    found = crossed(arrays, bounds=(-1, 1)).points()
    return [f"{found.value:+.1f}", f"[{found.low:+.1f}, {found.high:+.1f}]", paired]


def shares(read: Read, models: Sequence[str], dataset: str) -> Array:
    """[models, problems]: the share of right samples of each problem, in the order of their names."""
    tables = []
    for model in models:
        given = read[model].given
        places = sorted(place for place in given if place[0] == dataset)
        tables.append([np.mean([answer.correct for answer in given[place].values()]) for place in places])
    return np.array(tables, dtype=np.float64)


def verdicts(one: Run, other: Run, mine: Read, theirs: Read) -> list[Section]:
    """Both right, only A, only B, neither, for each pair of models; then single traces that changed."""
    there = [pair for pair in pairs(one, other) if pair[0] in one.graded and pair[1] in other.graded]
    found = [changes for pair in there for changes in changes_of(*pair, mine[pair[0]], theirs[pair[1]])]
    found.sort(key=lambda each: -len(each.changed))
    if not found:
        return [
            Section("Verdicts on traces", "No model answered the same problems in both runs, or no traces are here.")
        ]
    rows = [changes.cells() for changes in found if changes.changed]
    total, moved = sum(changes.traces for changes in found), sum(len(changes.changed) for changes in found)
    headings = ["model", "data set", "both right", "only A", "only B", "neither"]
    words = (
        f"{moved:,} of {total:,} traces of {len(there)} pairs of models changed their verdict; a row where some did."
    )
    summary = Section("Verdicts on traces", words, headings, rows, range(2, 6))
    single = [cells for changes in found for cells in changes.changed][:MORE]
    named = ["model", "data set", "problem", "sample", "right", "gold", "answer A", "answer B"]
    words = "In the order of the table above. The traces stand in graded/ of each run, by model, problem and sample."
    return [summary, Section("Traces that changed their verdict", words, named, single, (3,))] if single else [summary]


def changes_of(one: str, other: str, mine: Answers, theirs: Answers) -> Iterator[Changes]:
    """Of each data set whose problems are the same."""
    for dataset in dict.fromkeys(place[0] for place in mine.given):
        if not mine.same_questions(theirs, dataset):
            continue
        found = Changes(one, other, dataset)
        for place, samples in mine.given.items():
            if place[0] != dataset:
                continue
            for sample in samples.keys() & theirs.given[place].keys():
                left, right = samples[sample], theirs.given[place][sample]
                found.both += left.correct and right.correct
                found.neither += not left.correct and not right.correct
                found.only_one += left.correct and not right.correct
                found.only_other += right.correct and not left.correct
                if left.correct != right.correct:
                    which = "A" if left.correct else "B"
                    cells = [found.cells()[0], dataset, place[1], str(sample), which, mine.gold[place]]
                    found.changed.append([*cells, number(left.extracted), number(right.extracted)])
        yield found
