"""How many tokens and rows the stages of a study will have: expected from its configuration, or measured by a pilot.

A model that the study trains writes what it was taught, so its length follows from its corpus; a merged one lies
between its base and its tuned half. Only base models and procedural corpora have lengths of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import fsum

from micota.models.settings import HubBase, LocalBase
from micota.planning.assumptions import LONG_COT_NAMES, Assumption
from micota.problems.datasets import card
from micota.problems.settings import Demonstrations
from micota.study.graph import Study


@dataclass(frozen=True)
class Measured:
    """What the records of a run say: mean and greatest length by model and data set, rows and mean length by corpus."""

    traces: Mapping[str, Mapping[str, tuple[float, float]]] = field(default_factory=dict)
    corpora: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    kept: Mapping[str, float] = field(default_factory=dict)  # share of the problems in a sampled corpus


def problem_count(study: Study, dataset: str) -> int:
    """Problems of a data set; its `limit` where its file does not know how many rows there are, else 1,000."""
    block = study.config.datasets[dataset]
    if block.options:
        whole = block.options.count
    else:
        rows = card(block.loader).rows
        unknown = block.limit or 1000
        whole = rows.get(block.hub.split if block.hub else "") or max(rows.values(), default=unknown)
    return min(whole, block.limit or whole)


class Lengths:
    """Expected tokens of traces, corpora and prompts."""

    def __init__(self, study: Study, assumed: Mapping[str, Assumption], measured: Measured | None = None) -> None:
        self.study = study
        self.assumed = {name: assumption.value for name, assumption in assumed.items()}
        self.measured = measured or Measured()

    def prompt(self, dataset: str) -> float:
        """Tokens of a prompt."""
        procedural = self.study.config.datasets[dataset].options
        return self.assumed["procedural_prompt" if procedural else "prompt_tokens"]

    def trace(self, model: str, dataset: str) -> float:
        """Mean tokens of a completion, the context's end not reckoned with."""
        if found := self.measured.traces.get(model, {}).get(dataset):
            return found[0]
        study = self.study
        if made := study.merges.get(model):
            share = min(1.0, made.merge.weight)
            return self.trace(made.base, dataset) ** (1 - share) * self.trace(made.tuned, dataset) ** share
        harder = self.difficulty(dataset) / self.difficulty(study.config.training_problems)
        if tune := study.tunes.get(model):
            return self.corpus(tune.corpus) * harder
        known = self.measured.traces.get(model, {}).values()
        if known:
            return fsum(mean for mean, _ in known) / len(known)
        return self.assumed[self.style(model)] * self.difficulty(dataset)

    def longest(self, model: str, dataset: str, traces: float, room: float) -> float:
        """Tokens of the longest of so many completions, each with room for `room`."""
        if found := self.measured.traces.get(model, {}).get(dataset):
            return min(room, found[1])
        if not self.study.config.datasets[dataset].options and traces >= self.assumed["sure_to_run_on"]:
            return room
        return min(room, self.assumed["longest"] * self.trace(model, dataset))

    def difficulty(self, dataset: str) -> float:
        return card(self.study.config.datasets[dataset].loader).difficulty

    def style(self, base: str) -> str:
        """Which assumption says how much a base model writes, by its name on the hub or its folder's."""
        block = (self.study.config.bases | self.study.config.external_models)[base]
        match block:
            case HubBase(repo=name) | LocalBase(path=name):
                long = any(mark in name.rpartition("/")[2].lower() for mark in LONG_COT_NAMES)
                return "long_cot" if long else "short_cot"
        return "procedural_short"

    def demonstration(self, demonstrations: Demonstrations) -> float:
        """Mean tokens of a demonstration: verbosity is uniform in its range, for the verbose share."""
        verbosity = demonstrations.verbose_share * fsum(demonstrations.verbosity) / 2
        short, long = self.assumed["procedural_short"], self.assumed["procedural_long"]
        return short + verbosity * (long - short)

    def sampled(self, model: str) -> float:
        """Mean tokens of a model's traces on the training problems."""
        config = self.study.config
        written = self.trace(model, config.training_problems)
        return min(written, config.sampling.training.max_tokens) if config.sampling.training else written

    def written(self) -> int:
        """How many traces each sampler of corpora writes on the training problems."""
        asking = self.study.config.sampling.training
        return self.problems(None) * (asking.n if asking else 1)

    def problems(self, dataset: str | None) -> int:
        """How many problems a data set has (None: the training problems)."""
        return problem_count(self.study, dataset or self.study.config.training_problems)

    def share_kept(self, corpus: str, assumed: float) -> float:
        """The share of its sampler's traces that a corpus keeps: as measured, or as is assumed."""
        return self.measured.kept.get(corpus, assumed)

    def corpus(self, name: str) -> float:
        """Mean tokens of a corpus' traces."""
        if name in self.measured.corpora:
            return self.measured.corpora[name][1]
        return self.study.corpus(name).expected_tokens(name, self)

    def rows(self, name: str) -> int:
        """Rows of a corpus; of one that is cut or chosen, the most it can have."""
        if name in self.measured.corpora:
            return self.measured.corpora[name][0]
        return self.study.corpus(name).expected_rows(name, self)
