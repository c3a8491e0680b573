"""A study's graph of models and corpora, resolved from its configuration: which there are, what each is made from.

It knows nothing of files, jobs or machines. What each model samples is in micota/study/tasks.py.
"""

from dataclasses import dataclass
from functools import cached_property

from micota.common.cli import known, once
from micota.corpora.kinds import CorpusKind, Surroundings
from micota.models.merge_methods import Merge
from micota.models.prompts import Prompt
from micota.models.settings import HubBase, LocalBase, ScratchBase
from micota.problems.datasets import card
from micota.problems.settings import Rule
from micota.study import names
from micota.study.asked import SOLVED, UNDER_A_BASE
from micota.study.chains import chains, spread
from micota.study.config import Config, Training
from micota.study.rivals import Candidate, candidates, models_of


@dataclass(frozen=True)
class Tune:
    """A fine-tuned model: the teacher, the assistant or a student."""

    base: str
    corpus: str
    recipe: str
    seed: int
    chain: int | None = None  # of a study that draws several: teacher, assistant, mask and students of their own
    teacher: str | None = None  # a second model, for a trainer that distils from one


@dataclass(frozen=True)
class Merged:
    """A tuned model merged with its base."""

    base: str
    tuned: str
    merge: Merge


class Study:
    """The resolved graph: `bases`, `tunes` and `merges` by model name, and what depends on what."""

    def __init__(self, given: Config) -> None:
        self.given = given  # as the configuration has it; `config` has the models and corpora of every chain
        self.chains = chains(given)
        self.config = config = spread(given, self.chains)
        self.bases = [*config.bases, *config.external_models]
        self.students: dict[str, Tune] = {
            names.student(base, corpus, seed, chain.number): Tune(
                chain.name(base), chain.name(corpus), given.students.recipe, chain.seed(seed), chain.number
            )
            for base, corpus in self.arms
            for chain in self.chains
            for seed in given.seeds
        }
        self.tunes = {n: Tune(t.base, t.corpus, t.recipe, t.seed) for n, t in config.tuned.items()} | self.students
        merges = [
            (merge.name(sweep.tuned), Merged(self.base_of(sweep.tuned), sweep.tuned, merge))
            for sweep in config.merges
            for merge in sweep.merges()
        ]
        once([name for name, _ in merges], "merges", "two merges would have one name")
        self.merges: dict[str, Merged] = dict(merges)
        self.models = [*self.bases, *config.tuned, *self.merges, *self.students]

    def base_of(self, tuned: str) -> str:
        known(tuned, self.config.tuned, "merges.tuned")
        return self.config.tuned[tuned].base

    # --- models ------------------------------------------------------------------------------------------------

    def base_block(self, name: str) -> LocalBase | HubBase | ScratchBase:
        """Where a base comes from; `from_scratch` leaves no finished model to a base that can be pre-trained."""
        block = self.config.bases.get(name) or self.config.external_models[name]
        if isinstance(block, ScratchBase) and self.config.from_scratch:
            return block.but(pretrained=None)
        return block

    def pretrained(self, name: str) -> bool:
        """Whether a base is pre-trained in this study; all others are downloaded or copied."""
        block = self.base_block(name)
        return isinstance(block, ScratchBase) and block.pretrained is None

    def base_files(self, name: str) -> list[str]:
        """The file of a local model whose change makes the base anew; none for a download or a model trained here."""
        block = self.base_block(name)
        if isinstance(block, LocalBase):
            return [f"{block.path}/config.json"]
        return [f"{block.pretrained}/micota.json"] if isinstance(block, ScratchBase) and block.pretrained else []

    def recipe(self, name: str) -> Training:
        return self.config.training[name]

    def prompt(self, name: str) -> Prompt:
        return self.config.prompts[name]

    def recipe_prompt(self, name: str) -> Prompt:
        """The prompt that a recipe's models are trained with."""
        return self.prompt(self.recipe(name).prompt)

    def learned(self, model: str) -> str | None:
        """The corpus that a model, or the tuned half of a merged one, was trained on; None for a base."""
        tune = self.tunes.get(self.merges[model].tuned if model in self.merges else model)
        return tune.corpus if tune else None

    # --- corpora -----------------------------------------------------------------------------------------------

    def corpus(self, name: str) -> CorpusKind:
        return self.config.corpora[name]

    def likely(self, base: str) -> list[str]:
        """The corpora whose likelihood is taken under an untrained student: all, or its chain's where it is of one."""
        corpora = self.config.likelihood.corpora
        own = [chain for chain in self.chains if base in chain.names.values()]
        others = {name for chain in self.chains if chain not in own for name in chain.names.values()}
        return [name for name in corpora if name not in others] if own else corpora

    def around(self, corpus: str) -> Surroundings:
        """What a corpus must know of the study: with the base of the first model that learns from it.

        That is one trained on it, else one trained on a corpus that takes rows from it.
        """
        tunes = self.tunes.values()
        learners = [tune.base for tune in tunes if tune.corpus == corpus]
        learners += [tune.base for tune in tunes if corpus in self.parts(tune.corpus)]
        return Surroundings(self.config.training_problems, next(iter(learners), self.bases[0]), corpus, whole=True)

    def parts(self, corpus: str) -> list[str]:
        """A corpus and every corpus that its rows come from, however deep."""
        found = [corpus]
        for name in found:
            found += [part for part in self.corpus(name).made_of() if part not in found]
        return found

    @cached_property
    def imports(self) -> dict[str, str]:
        """Corpus of traces that were made elsewhere -> the data set whose rows hold them."""
        found = {name: self.corpus(name).imported_from(self.around(name)) for name in self.config.corpora}
        return {name: dataset for name, dataset in found.items() if dataset}

    @cached_property
    def corpus_samplers(self) -> list[str]:
        """Models whose traces on the training problems are needed, in order of first mention."""
        return list(dict.fromkeys(model for name in self.config.corpora for model in self.corpus(name).solved_by()))

    # --- what is compared --------------------------------------------------------------------------------------

    @cached_property
    def sweeps(self) -> dict[str, list[str]]:
        """Tuned model -> its sweep: its base, itself, and every merge of the two."""
        tuned = dict.fromkeys(sweep.tuned for sweep in self.config.merges)
        return {
            name: [self.base_of(name), name, *(merge for merge, made in self.merges.items() if made.tuned == name)]
            for name in tuned
        }

    @cached_property
    def assistants(self) -> list[str]:
        """Every model of the sweeps, once."""
        return list(dict.fromkeys(model for models in self.sweeps.values() for model in models))

    @cached_property
    def rivals(self) -> list[Candidate]:
        """The proposed corpus and the candidates of its rivals."""
        return candidates(self.given, self.chains)

    @cached_property
    def validated(self) -> list[str]:
        """Models that answer the validation problems: those of the sweeps, and what a rule chooses from."""
        return list(dict.fromkeys([*self.assistants, *models_of(self.rivals)]))

    @cached_property
    def evaluated(self) -> list[str]:
        """Models that are scored on the benchmarks.

        The untrained students, all trained ones, those from elsewhere, and merges that compete with them.
        """
        scored = [*self.config.students.bases, *self.students, *self.config.external_models]
        return list(dict.fromkeys([*scored, *models_of(self.rivals)]))

    @property
    def rules(self) -> dict[str, Rule]:
        """The paper's rule for each benchmark."""
        blocks = {name: self.config.datasets[name] for name in self.config.benchmarks}
        return {name: block.rule or card(block.loader).rule for name, block in blocks.items()}

    @property
    def judged_benchmarks(self) -> list[str]:
        """The benchmarks whose boxes the judge model sees where the rule rejects them."""
        return [name for name, rule in self.rules.items() if rule == "string"]

    @property
    def arms(self) -> list[tuple[str, str]]:
        """Each student base with each corpus that it learns from, as the configuration names them."""
        students = self.given.students
        return [
            (base, corpus)
            for base in students.bases
            for corpus in [*students.corpora, *students.oracle, *students.extra_corpora.get(base, [])]
        ]

    def measured(self, measure: str) -> list[str]:
        """What the contrasts of a measure may be made of, as the configuration names it."""
        if measure == "accuracy":
            return [*self.given.students.bases, *(names.arm(base, corpus) for base, corpus in self.arms)]
        if measure == SOLVED:
            return [*self.given.corpora]
        if measure in UNDER_A_BASE:
            return self.given.likelihood.corpora
        swept = [
            [self.given.tuned[sweep.tuned].base, sweep.tuned, *(merge.name(sweep.tuned) for merge in sweep.merges())]
            for sweep in self.given.merges
        ]
        return list(dict.fromkeys(model for models in swept for model in models))
