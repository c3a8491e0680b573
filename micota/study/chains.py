"""Chains: several whole draws of the method in one study, each with its own teacher, assistant, mask and students.

A configuration names each model and corpus once. `spread` writes them down once a chain: whatever was drawn with a
seed, and all that was made from it, gets the mark of the chain behind its name (`teacher-c301`) and seeds of its own.
What is the same in every chain (a base that all share, its traces) stays as it is and is made once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from micota.common.cli import known
from micota.common.errors import ConfigurationError
from micota.common.settings import Closed
from micota.models.merge_methods import MergeSweep
from micota.models.settings import ScratchBase
from micota.study.config import SEEDS, Config


@dataclass
class Chain:
    """One chain of a study, or all of a study without chains (`number` None)."""

    number: int | None = None
    place: int = 0  # among all chains of the configuration, run or not: by it a base has its seed
    names: dict[str, str] = field(default_factory=dict)  # of a model or corpus in the configuration -> in this chain

    def name(self, name: str) -> str:
        """What a model or corpus of the configuration is called in this chain."""
        return self.names.get(name, name)

    def seed(self, seed: int) -> int:
        """The seed that is drawn with, where the configuration says `seed`: no two chains have one in common."""
        return seed if self.number is None else SEEDS * self.number + seed

    def mark(self, name: str) -> None:
        """This chain has one of its own."""
        self.names[name] = f"{name}-c{self.number}"


def chains(config: Config) -> list[Chain]:
    """The chains of a study, with the names that each gives to its own models and corpora."""
    check(config)
    run = config.only_chains or config.chains
    return [named(config, Chain(number, place)) for place, number in enumerate(config.chains) if number in run] or [
        Chain()
    ]


def check(config: Config) -> None:
    """Seeds that no other chain has; of a base by chain, a seed each; and nothing that is made for one chain only."""
    if config.chains and config.variance:
        raise ConfigurationError(
            "variance: the budget is of one chain's masks and seeds, and this study has `chains`; set `variance: null`"
            " (tables/claims has the variance between chains)"
        )
    if config.chains and (twice := [name for name in config.corpora if name in config.bases | config.tuned]):
        raise ConfigurationError(
            f"corpora.{twice[0]}: a model is called so too, and with `chains` one may be of each chain, the other of"
            " all; choose another name"
        )
    judge = config.grading.judge and config.bases.get(config.grading.judge.model)
    if isinstance(judge, ScratchBase) and judge.seeds:
        raise ConfigurationError("grading.judge.model: each chain has its own (`seeds`), and there is one judge")
    for number in config.only_chains:
        known(str(number), [*map(str, config.chains)], "only_chains")
    seeds = {f"tuned.{name}.seed": [tuned.seed] for name, tuned in config.tuned.items()}
    seeds |= {f"corpora.{name}.seed": [block.seed] for name, block in config.corpora.items() if hasattr(block, "seed")}
    seeds |= {f"merges.{place}.mask_seeds": sweep.mask_seeds for place, sweep in enumerate(config.merges)}
    for key, values in ({"seeds": config.seeds} | seeds).items():
        if config.chains and max(values, default=0) >= SEEDS:
            raise ConfigurationError(
                f"{key}: {max(values)} is too large: in a study with `chains` a seed counts within its chain, which has"
                f" {SEEDS} (0 to {SEEDS - 1})"
            )
    for name, base in config.bases.items():
        if isinstance(base, ScratchBase) and base.seeds and len(base.seeds) != max(1, len(config.chains)):
            raise ConfigurationError(
                f"bases.{name}.seeds: {len(base.seeds)} for {len(config.chains) or 'no'} chains; give each chain one"
            )


def unchained(config: Config) -> Config:
    """The study as it is within any of its chains."""
    if not config.chains:
        return config
    bases = {name: of_chain(base, 0) if isinstance(base, ScratchBase) else base for name, base in config.bases.items()}
    return config.model_copy(update={"chains": [], "only_chains": [], "bases": bases})


def named(config: Config, chain: Chain) -> Chain:
    """The chain, with a name for all that it has of its own."""
    for name, base in config.bases.items():
        if isinstance(base, ScratchBase) and base.seeds:
            chain.mark(name)
    for name in config.tuned:
        chain.mark(name)
    for sweep in config.merges:
        own = in_chain(sweep, chain)
        for merge, drawn in zip(sweep.merges(), own.merges(), strict=True):
            chain.names[merge.name(sweep.tuned)] = drawn.name(own.tuned)
    while new := [name for name, block in config.corpora.items() if name not in chain.names and drawn_in(block, chain)]:
        for name in new:
            chain.mark(name)
    return chain


def drawn_in(block: Any, chain: Chain) -> bool:
    """Whether a corpus is another one in each chain: procedural text is, and what comes from the chain's own."""
    sources = [*block.made_of(), *block.compared_with(), *block.solved_by(), getattr(block, "base", None)]
    return block.procedural or any(source in chain.names for source in sources)


def spread(config: Config, drawn: Iterable[Chain]) -> Config:
    """The configuration with every model and corpus of every chain written down; it names no chains any more."""
    found: dict[str, dict[str, Any]] = {"bases": {}, "tuned": {}, "corpora": {}}
    merges: list[MergeSweep] = []
    bases: list[str] = []
    likely: list[str] = []
    for chain in drawn:
        for name, base in config.bases.items():
            found["bases"][chain.name(name)] = of_chain(base, chain.place) if isinstance(base, ScratchBase) else base
        for part in ("tuned", "corpora"):
            blocks = getattr(config, part).items()
            # What all chains share keeps the seed that it has, whichever chains are run.
            found[part] |= {
                chain.name(name): in_chain(block, chain) if name in chain.names else block for name, block in blocks
            }
        merges += [in_chain(sweep, chain) for sweep in config.merges]
        bases += map(chain.name, config.students.bases)
        likely += map(chain.name, config.likelihood.corpora)
    students = config.students.model_copy(update={"bases": list(dict.fromkeys(bases))})
    likelihood = config.likelihood.model_copy(update={"corpora": list(dict.fromkeys(likely))})
    return config.model_copy(update={**found, "merges": merges, "students": students, "likelihood": likelihood})


def of_chain(base: ScratchBase, place: int) -> ScratchBase:
    """The base in the chain at this place: with a seed of its own where each has one, and that seed in its path."""
    seed = base.seeds[place] if base.seeds else base.seed
    pretrained = base.pretrained and base.pretrained.replace("{seed}", str(seed))
    return base.model_copy(update={"seed": seed, "seeds": [], "pretrained": pretrained})


def in_chain(block: Any, chain: Chain) -> Any:
    """A block of settings with the chain's names and seeds; what is a word of the schema stays."""
    if chain.number is None:
        return block
    update: dict[str, Any] = {}
    for key, value in block:
        if key in ("seed", "mask_seeds"):
            update[key] = [*map(chain.seed, value)] if isinstance(value, list) else chain.seed(value)
        elif is_name(type(block), key):
            update[key] = renamed(value, chain.names)
    return block.model_copy(update=update)


def is_name(kind: type[Closed], key: str) -> bool:
    """Whether a field may hold names of models and corpora: one of a fixed choice of words does not."""
    return key not in ("recipe", "prompt") and "Literal" not in str(kind.model_fields[key].annotation)


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Names for names, in lists and as keys too; all else as it is."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    return {names.get(key, key): item for key, item in value.items()} if isinstance(value, dict) else value
