"""What a pilot measured: how long its jobs took, how long its traces are, how much of a corpus is kept.

A pilot is a run of the same study on fewer problems (scripts/pilot.py). For every rule, `start` and `factor` are fitted
to its jobs, seconds = start + factor x work, by non-negative least squares, where the work is what the assumed device
would take for the tokens that the pilot really had.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil, fsum, sqrt
from pathlib import Path
from typing import Any

import yaml

from micota.common.contracts import corpus_rows
from micota.common.errors import ConfigurationError
from micota.common.records import read_json, read_jsonl
from micota.common.settings import laid_over
from micota.common.timings import read_timings, seconds
from micota.planning.assumptions import Assumption, assumed
from micota.planning.costs import Workload
from micota.planning.expected_lengths import Lengths, Measured, problem_count
from micota.planning.jobs import Job
from micota.study.graph import Study
from micota.study.load import load_study

WILDCARD = {
    "sample": "model",
    "grade": "model",
    "train": "tuned",
    "merge": "merged",
    "base_model": "base",
    "likelihood": "base",
}
UNSURE = 0.5  # of a fitted factor: how large its standard error may be


@dataclass(frozen=True)
class Pilot:
    """A pilot's records: what it laid over its study, seconds by rule and job, lengths by model and by corpus."""

    overlay: dict[str, Any]
    seconds: dict[str, dict[str, float]]
    traces: dict[str, dict[str, tuple[float, float]]]  # model -> data set -> mean and greatest number of tokens
    corpora: dict[str, tuple[int, float]]  # rows, mean number of tokens


def read_pilot(source: Path) -> Pilot:
    """From a pilot's results (with the configuration beside: results/S_pilot and results/S_pilot.yaml) or from JSON.

    UserError where there is nothing to calibrate with.
    """
    if source.suffix == ".json":
        return Pilot(**read_json(source))
    config = source.with_name(f"{source.name}.yaml")
    if not (source / "benchmarks").is_dir() or not config.is_file():
        raise ConfigurationError(
            f"{source}: not a pilot's results; `make pilot STUDY=...` makes them, and {config.name} beside"
        )
    return Pilot(
        overlay=yaml.safe_load(config.read_text(encoding="utf-8")),
        seconds=seconds(read_timings(source / "benchmarks")),
        traces=read_traces(source / "cot"),
        corpora={path.stem: read_corpus(path) for path in sorted(source.glob("corpora/*.jsonl"))},
    )


def read_traces(folder: Path) -> dict[str, dict[str, tuple[float, float]]]:
    """Model -> data set -> mean and greatest number of tokens."""
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for model in sorted(path for path in folder.glob("*") if path.is_dir()):
        tokens: dict[str, list[int]] = {}
        for shard in sorted(model.glob("shard-*.jsonl")):
            for trace in read_jsonl(shard):
                tokens.setdefault(trace["dataset"].partition("@")[0], []).append(trace["n_tokens"])
        found[model.name] = {name: (sum(all_) / len(all_), max(all_)) for name, all_ in tokens.items()}
    return found


def read_corpus(path: Path) -> tuple[int, float]:
    tokens = [row["n_tokens"] for row in corpus_rows(path)]
    return len(tokens), sum(tokens) / max(1, len(tokens))


def as_document(pilot: Pilot) -> dict[str, Any]:
    """For a JSON file, which `read_pilot` takes in place of the results."""
    return asdict(pilot)


def pilot_rates(
    raw: Mapping[str, Any], pilot: Pilot, gpu: bool, assumed: Mapping[str, Assumption]
) -> dict[str, tuple[float, float]]:
    """Rule -> seconds of its start and factor on its work, fitted to the pilot of the study configured by `raw`."""
    study = load_study(laid_over(dict(raw), pilot.overlay))
    workload = Workload(study, gpu, assumed, Measured(pilot.traces, pilot.corpora))
    rates = {}
    for rule, jobs in pilot.seconds.items():
        if rule in WILDCARD or rule == "judge":
            names = {name: name.rpartition("-")[0] if rule == "sample" else name for name in jobs}
            costs = {name: workload.cost(Job(0, rule, {WILDCARD.get(rule, ""): names[name]})) for name in jobs}
            rates[rule] = fit([(costs[name].work, seconds) for name, seconds in jobs.items()])
    return rates


def fit(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Non-negative start and factor of seconds = start + factor x work, by least squares.

    A pilot is mostly start-up, and what it says of the factor is multiplied a hundredfold: a factor of fewer than three
    jobs, or whose standard error is more than UNSURE of itself, is noise. It is then 1, the assumed speed.
    """
    count = len(points)
    work, second = fsum(w for w, _ in points) / count, fsum(s for _, s in points) / count
    spread = fsum((w - work) ** 2 for w, _ in points)
    factor = fsum((w - work) * (s - second) for w, s in points) / spread if spread else 0.0
    if count > 2 and factor > 0:
        left = fsum((s - second - factor * (w - work)) ** 2 for w, s in points)
        if sqrt(left / (count - 2) / spread) <= UNSURE * factor:
            if second < factor * work:  # a line that starts below zero: through zero instead
                return 0.0, fsum(w * s for w, s in points) / fsum(w * w for w, _ in points)
            return second - factor * work, factor
    return max(0.0, second - work), 1.0


def pilot_lengths(study: Study, pilot: Pilot) -> Measured:
    """What of a pilot's lengths holds for the whole study: those of models it did not train, procedural and
    imported corpora.

    A model trained on a hundredth of its corpus has not learned to write like it: its lengths are not taken.
    """
    problems = pilot.overlay["datasets"][study.config.training_problems]["limit"]
    asking = study.config.sampling.training
    expected = Lengths(study, assumed(gpu=False))
    corpora, kept = {}, {}
    for name in study.config.corpora:
        if name not in pilot.corpora:
            continue
        block, (rows, mean) = study.corpus(name), pilot.corpora[name]
        if block.procedural:
            corpora[name] = (expected.rows(name), mean)
        elif dataset := study.imports.get(name):
            drawn = pilot.overlay["datasets"][dataset]["limit"]
            corpora[name] = (ceil(rows / drawn * problem_count(study, dataset)), mean)
        elif block.solved_by() and set(block.solved_by()) <= set(study.bases):
            kept[name] = min(1.0, rows / problems / (asking.n if asking else 1))
    return Measured({model: pilot.traces[model] for model in study.bases if model in pilot.traces}, corpora, kept)


def share_of(study: Study, pilot: Pilot) -> float:
    """The pilot's share of the training problems."""
    train = study.config.training_problems
    return pilot.overlay["datasets"][train]["limit"] / problem_count(study, train)
