"""The map: accuracy by student size and CoT length, the best length of each size, and whether it grows with the size.

- `map`: a row for each student base and corpus: accuracy, and the gain over the untrained base of the same chain;
- `map_best`: of each size the length that does best, chosen on half of the problems and valued on the other half, and
  where mid beats long, short and the untrained student;
- `map_trend`: is the best CoT longer for larger students?

A row of the arrays is a chain, its training seeds averaged; a study without chains has one a training seed. `weights`
and `oracle` are axes of length, `traces` is one of the number of traces. How is chosen: micota/results/best_length.py.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from micota.common.errors import DataError
from micota.common.files import by_name
from micota.common.records import read_json
from micota.common.tables import Column, Row, write_table
from micota.results.best_length import Best, as_factor, best, over_chains, page, rank_correlation, slopes
from micota.results.columns import PROBLEMS, STUDENT, interval
from micota.results.contrasts import Contrast, crossed
from micota.results.entries import UNTRAINED, Entry
from micota.results.estimates import Array
from micota.results.outcomes import Cell, read_models

BASE, CORPUS = STUDENT
PARAMETERS = Column("parameters", "Parameters", "{0:,}")
AXIS = Column("axis", "Axis")
CHAINS = Column("chains", "Chains")
FEWEST = 4  # problems of a benchmark: a half needs two
AGAINST = ("long", "short", "untrained")
P = "{0:.3g}"


@dataclass
class Student:
    """One base with all that it learned from, by corpus; `untrained` under the name of a corpus, too."""

    parameters: int = 0
    scores: dict[str, list[Array]] = field(default_factory=dict)  # percent, an array [chains, problems] a benchmark
    tokens: dict[str, list[float]] = field(default_factory=dict)  # mean length of a trace of its corpus, a chain each
    traces: dict[str, float] = field(default_factory=dict)  # rows of its corpus, mean over chains

    def minus(self, one: str, other: str) -> list[Array]:
        """The differences in points; a base that all chains share counts for each."""
        return [first - second for first, second in zip(self.scores[one], self.scores[other], strict=True)]

    def on(self, axis: str, corpora: Sequence[str]) -> list[str]:
        """Those of an axis that it learned from, by their length or their number of traces; a single one is no axis."""
        measure = self.traces if axis == "traces" else {name: fmean(tokens) for name, tokens in self.tokens.items()}
        found = sorted((name for name in corpora if name in self.scores), key=lambda name: measure[name])
        return found if len(found) > 1 else []


def make(
    files: dict[str, list[Path]],
    out: Path,
    *,
    entries: list[Entry],
    benchmarks: list[str],
    weights: dict[str, Any],
    oracle: dict[str, Any] | None,
    traces: list[str],
) -> None:
    cells = read_models(files, (entry["model"] for entry in entries), benchmarks)
    sizes = {size["model"]: size["parameters"] for size in map(read_json, files["sizes"])}
    counts = {name: read_json(path) for name, path in by_name(files["counts"]).items()}
    students = read_students(entries, benchmarks, cells, sizes, counts)
    axes = {name: axis for name, axis in (("weights", weights), ("oracle", oracle)) if axis}
    chosen = {
        (base, name): best({corpus: student.scores[corpus] for corpus in student.on(name, axis["corpora"])})
        for base, student in students.items()
        for name, axis in axes.items()
    }
    corpora = {name: axis["corpora"] for name, axis in axes.items()} | {"traces": traces}
    rows = [row for base, student in students.items() for row in map_rows(base, student, corpora, benchmarks, chosen)]
    found = [best_row(base, students[base], axis, axes[axis], made) for (base, axis), made in chosen.items()]
    write_table(out / "map", rows, map_columns(benchmarks), group="base")
    write_table(out / "map_best", found, BEST_COLUMNS, group="base")
    write_table(out / "map_trend", [trend_row(name, students, chosen) for name in axes], TREND_COLUMNS)


def read_students(
    entries: Sequence[Entry],
    benchmarks: Sequence[str],
    cells: Mapping[str, Mapping[str, Cell]],
    sizes: Mapping[str, int],
    counts: Mapping[str, Row],
) -> dict[str, Student]:
    """base -> what it scored and learned from; the smallest first."""
    students: dict[str, Student] = {}
    groups: dict[tuple[str, str], dict[int, list[Entry]]] = {}
    for entry in entries:
        unit = entry["seed"] if entry["chain"] is None else entry["chain"]
        groups.setdefault((entry["base"], entry["corpus"]), {}).setdefault(unit, []).append(entry)
    for (base, corpus), units in groups.items():
        student = students.setdefault(base, Student())
        models = [[cells[entry["model"]] for entry in unit] for _, unit in sorted(units.items())]
        student.scores[corpus] = [
            100 * np.array([np.mean([cell[name].accuracies() for cell in unit], axis=0) for unit in models])
            for name in benchmarks
        ]
        if corpus == UNTRAINED:
            student.parameters = sizes[next(iter(units.values()))[0]["model"]]
            continue
        learned = [counts[unit[0]["learned"]] for _, unit in sorted(units.items())]
        student.tokens[corpus] = [count["tokens"]["mean"] for count in learned]
        student.traces[corpus] = fmean(count["kept"] for count in learned)
    for name, score in zip(benchmarks, next(iter(students.values())).scores[UNTRAINED], strict=True):
        if score.shape[1] < FEWEST:
            raise DataError(
                f"{name} has {score.shape[1]} problems; a map needs {FEWEST}, two to choose and two to value"
            )
    return dict(sorted(students.items(), key=lambda item: (item[1].parameters, item[0])))


def over(scores: Sequence[Array]) -> Contrast:
    """The contrast over chains: one array [chains, problems] a benchmark."""
    return crossed([array[:, np.newaxis] for array in scores])


def map_rows(
    base: str,
    student: Student,
    axes: Mapping[str, Sequence[str]],
    benchmarks: Sequence[str],
    chosen: Mapping[tuple[str, str], Best],
) -> list[Row]:
    """One student: untrained, then each axis. A corpus that is on two axes stands there twice."""
    places = [(None, UNTRAINED), *((axis, name) for axis, names in axes.items() for name in student.on(axis, names))]
    rows = []
    for axis, corpus in places:
        score = student.scores[corpus]
        row: Row = {"base": base, "parameters": student.parameters, "axis": axis, "corpus": corpus}
        row |= {"mean_tokens": None, "traces": None, "chosen": None, "choices": None}
        row |= over(score).bounded().named("accuracy")
        row |= {f"accuracy_{name}": float(array.mean()) for name, array in zip(benchmarks, score, strict=True)}
        row |= dict.fromkeys(("gain", "gain_low", "gain_high", "gain_p", *(f"gain_{name}" for name in benchmarks)))
        if corpus != UNTRAINED:
            gains = student.minus(corpus, UNTRAINED)
            gain = over(gains)
            row |= {**gain.named("gain"), "gain_p": gain.p}
            row |= {f"gain_{name}": float(array.mean()) for name, array in zip(benchmarks, gains, strict=True)}
            row |= {"mean_tokens": fmean(student.tokens[corpus]), "traces": student.traces[corpus]}
        if axis and (made := chosen.get((base, axis))):
            row |= {"chosen": made.times(corpus), "choices": 2 * len(made.chosen)}
        rows.append(row | {"chains": len(score[0]), "problems": sum(array.shape[1] for array in score)})
    return rows


def map_columns(benchmarks: Sequence[str]) -> list[Column]:
    return [
        *(BASE, PARAMETERS, AXIS, CORPUS),
        Column("mean_tokens", "CoT length (tokens)", "{0:,.0f}"),
        Column("traces", "Traces", "{0:,.0f}"),
        Column("accuracy", "Accuracy (%)", "{0:.1f}"),
        *interval("accuracy", ".1f"),
        *(Column(f"accuracy_{name}") for name in benchmarks),
        Column("gain", "Gain (points)", "{0:+.1f}"),
        *interval("gain", "+.1f"),
        Column("gain_p"),
        *(Column(f"gain_{name}", f"Gain, {name}", "{0:+.1f}") for name in benchmarks),
        Column("chosen", "Chosen as best", "{0} of {choices}"),
        Column("choices"),
        *(CHAINS, PROBLEMS),
    ]


def best_row(base: str, student: Student, axis: str, names: Mapping[str, Any], made: Best) -> Row:
    """The best length of one student on one axis, what it is worth, and whom mid beats."""
    counted = Counter(corpus for pair in made.chosen for corpus in pair)
    row: Row = {"base": base, "parameters": student.parameters, "axis": axis}
    row["chosen"] = ", ".join(f"{corpus} ({times})" for corpus, times in counted.most_common())
    row |= as_factor(over_chains(made.logs(student.tokens)), "best_tokens")
    valued = [score - base for score, base in zip(made.scores, student.scores[UNTRAINED], strict=True)]
    gain = over(valued)
    row |= {**gain.named("best_gain"), "best_gain_p": gain.p}
    beaten = []
    for name in AGAINST:
        contrast = over(student.minus(names["mid"], UNTRAINED if name == "untrained" else names[name]))
        row |= {**contrast.named(f"mid_{name}"), f"mid_{name}_p": contrast.p}
        beaten += [name] if contrast.low > 0 else []
    row["mid_beats"] = ", ".join(beaten) or None
    return row | {"chains": len(made.chosen), "problems": gain.problems}


BEST_COLUMNS = (
    *(BASE, PARAMETERS, AXIS),
    Column("chosen", "Chosen (times)"),
    Column("best_tokens", "Best length (tokens)", "{0:,.0f}"),
    Column("best_tokens_low", "95% interval", "[{0:,.0f}, {best_tokens_high:,.0f}]"),
    Column("best_tokens_high"),
    Column("best_gain", "Its gain (points)", "{0:+.1f}"),
    *interval("best_gain", "+.1f"),
    Column("best_gain_p"),
    *(
        column
        for name in AGAINST
        for column in (
            Column(f"mid_{name}", f"Mid \N{MINUS SIGN} {name}", "{0:+.1f}"),
            *interval(f"mid_{name}", "+.1f"),
            Column(f"mid_{name}_p"),
        )
    ),
    Column("mid_beats", "Mid is above"),
    *(CHAINS, PROBLEMS),
)


def trend_row(axis: str, students: Mapping[str, Student], chosen: Mapping[tuple[str, str], Best]) -> Row:
    """Does the best length of an axis grow with the student's size?"""
    parameters = [student.parameters for student in students.values()]
    by_size = [chosen[base, axis].logs(student.tokens) for base, student in students.items()]
    logs = list(zip(*by_size, strict=True))
    row: Row = {"axis": axis, "sizes": len(parameters), "chains": len(logs)}
    row |= dict.fromkeys(("factor", "factor_low", "factor_high", "p", "rho", "p_page"))
    if len(set(parameters)) > 1:
        slope = over_chains(slopes(parameters, logs))
        row |= {**as_factor(slope, "factor"), "p": slope["p"]}
        row |= {"rho": rank_correlation(parameters, logs), "p_page": page(parameters, logs)}
    return row


TREND_COLUMNS = (
    AXIS,
    Column("sizes", "Sizes"),
    CHAINS,
    Column("factor", "Length x, parameters doubled", "{0:.2f}"),
    Column("factor_low", "95% interval", "[{0:.2f}, {factor_high:.2f}]"),
    Column("factor_high"),
    Column("p", "p (t over chains)", P),
    Column("rho", "Spearman's rho", "{0:+.2f}"),
    Column("p_page", "p (Page, sizes within chains)", P),
)
