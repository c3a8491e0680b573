"""The rivals of the proposed corpus: families of candidates, and the models that each candidate is in every chain.

A candidate is a corpus that students are trained on, or a merge that is scored as it is: a tuned model with its own
base, without another training.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from micota.common.cli import known
from micota.common.errors import ConfigurationError
from micota.study import names
from micota.study.asked import Family, Rivals
from micota.study.chains import Chain
from micota.study.config import Config


@dataclass(frozen=True)
class Candidate:
    """A corpus or a merge, as the configuration names it, for one student base."""

    base: str
    family: str | None  # None: it is proposed
    name: str
    models: tuple[tuple[int | None, tuple[str, ...]], ...]  # of each chain: its number, a model a training seed


def candidates(config: Config, chains: Sequence[Chain]) -> list[Candidate]:
    """By base: the proposed corpus, then each family's candidates; a merge is one model a chain, whatever the seeds.

    `config` is the configuration as it was given: its names are those of no chain.
    """
    asked = config.rivals
    if asked is None:
        return []
    found: list[Candidate] = []
    for base in asked.bases:
        proposed = None, Family(label="MiCoTA", corpora=[asked.proposed])
        for name, family in [proposed, *asked.families.items()]:
            for corpus in family.corpora:
                trained = [
                    (c.number, tuple(names.student(base, corpus, seed, c.number) for seed in config.seeds))
                    for c in chains
                ]
                found.append(Candidate(base, name, corpus, tuple(trained)))
            if family.merges_of and config.tuned[family.merges_of].base == base:
                for merge in merges_of(config, family.merges_of):
                    found.append(Candidate(base, name, merge, tuple((c.number, (c.name(merge),)) for c in chains)))
    return found


def merges_of(config: Config, tuned: str) -> list[str]:
    """Every merge of a tuned model with its base."""
    return [merge.name(tuned) for sweep in config.merges if sweep.tuned == tuned for merge in sweep.merges()]


def models_of(found: Iterable[Candidate]) -> list[str]:
    """All models that candidates are, each once."""
    return list(dict.fromkeys(model for candidate in found for _, models in candidate.models for model in models))


def check(config: Config, arms: Collection[str]) -> None:
    """Every name leads to what is trained or merged; `arms`: each base with each corpus that it learns from."""
    asked = config.rivals
    if asked is None:
        return
    if not (config.validation_problems and config.sampling.validation):
        raise ConfigurationError("rivals: candidates are chosen on `validation_problems`, by `sampling.validation`")
    for base in asked.bases:
        known(base, config.students.bases, "rivals.bases")
        learned = [arm.removeprefix(f"{base}-") for arm in arms if arm.startswith(f"{base}-")]
        for key, corpora in corpora_of(asked).items():
            for corpus in corpora:
                known(corpus, learned, f"{key} (corpora that students of {base} learn from)")
    for name, family in asked.families.items():
        if (tuned := family.merges_of) is None:
            continue
        key = f"rivals.families.{name}.merges_of"
        known(tuned, dict.fromkeys(sweep.tuned for sweep in config.merges), key)
        if (base := config.tuned[tuned].base) not in asked.bases:
            raise ConfigurationError(f"{key}: {tuned} is a {base}, which is not one of rivals.bases; add it there")


def corpora_of(asked: Rivals) -> dict[str, list[str]]:
    """The corpora that the block names, by key."""
    found = {"rivals.proposed": [asked.proposed]}
    found |= {f"rivals.families.{name}.corpora": family.corpora for name, family in asked.families.items()}
    return found | {"rivals.unfiltered": [name for pair in asked.unfiltered.items() for name in pair]}
