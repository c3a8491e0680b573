"""A study's graph of models and corpora, resolved from its configuration.

Snakemake's rules ask this module which models exist, what each is made from, and what each has to sample; it knows
nothing of files or jobs.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from micota.cli import UserError
from micota.config import Config, Mixed, Procedural, Sampled, ScratchBase, parse_config
from micota.datasets import LOADERS
from micota.records import Record


@dataclass(frozen=True)
class Tune:
    """A fine-tuned model: the teacher, the assistant or a student."""

    base: str
    corpus: str
    recipe: str
    seed: int


@dataclass(frozen=True)
class Merge:
    """A tuned model merged with its base."""

    base: str
    tuned: str
    method: str
    weight: float
    density: float
    seed: int


class Study:
    """The resolved graph: `bases`, `tunes` and `merges` by model name, and what depends on what."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.bases = list(config.bases)
        self.students: dict[str, Tune] = {
            f"{base}-{corpus}-s{seed}": Tune(base, corpus, config.students.recipe, seed)
            for base in config.students.bases
            for corpus in config.students.corpora
            for seed in config.seeds
        }
        self.tunes = {n: Tune(t.base, t.corpus, t.recipe, t.seed) for n, t in config.tuned.items()} | self.students
        merges = [
            (
                f"{sweep.tuned}-w{weight}-d{density}-m{seed}",
                Merge(self._base_of(sweep.tuned), sweep.tuned, sweep.method, weight, density, seed),
            )
            for sweep in config.merges
            for weight in sweep.weights
            for density in sweep.densities
            for seed in sweep.seeds
        ]
        once([name for name, _ in merges], "merges", "two merges would have one name")
        self.merges: dict[str, Merge] = dict(merges)
        self.models = [*self.bases, *config.tuned, *self.merges, *self.students]
        self._check()

    def _base_of(self, tuned: str) -> str:
        known(tuned, self.config.tuned, "merges.tuned")
        return self.config.tuned[tuned].base

    # --- what is sampled by whom -------------------------------------------------------------------------------

    @property
    def corpus_samplers(self) -> list[str]:
        """Models whose traces on the training problems are needed, in order of first mention."""
        wanted: dict[str, None] = {}
        for corpus in self.config.corpora.values():
            if isinstance(corpus, Sampled):
                wanted.update(dict.fromkeys([corpus.sampler, *corpus.only_if_solved_by]))
        return list(wanted)

    @property
    def assistants(self) -> list[dict[str, Any]]:
        """Every merged model, with its base as weight 0 and its un-merged parent as weight None, for the sweep."""
        entries: list[dict[str, Any]] = []
        for sweep in self.config.merges:
            for model in (self._base_of(sweep.tuned), sweep.tuned):
                if model not in [entry["model"] for entry in entries]:
                    weight = 0.0 if model in self.bases else None
                    entries.append({"model": model, "weight": weight, "density": None, "mask_seed": None})
        for name, merge in self.merges.items():
            entries.append({"model": name, "weight": merge.weight, "density": merge.density, "mask_seed": merge.seed})
        return entries

    @property
    def evaluated(self) -> list[str]:
        """Models that are scored on the benchmarks: the untrained students and all trained ones."""
        return [*self.config.students.bases, *self.students]

    @property
    def main_entries(self) -> list[dict[str, Any]]:
        """Rows of the main table: per student size the untrained base, then each corpus, each seed."""
        entries: list[dict[str, Any]] = []
        for base in self.config.students.bases:
            entries.append({"model": base, "base": base, "corpus": "base", "seed": 0})
            entries += [
                {"model": name, "base": base, "corpus": tune.corpus, "seed": tune.seed}
                for name, tune in self.students.items()
                if tune.base == base
            ]
        return entries

    def sampled_datasets(self, model: str) -> list[str]:
        """The data sets a model samples, training problems first."""
        names: list[str] = []
        if model in self.corpus_samplers:
            names.append(self.config.training_problems)
        if self.config.validation_problems and model in [entry["model"] for entry in self.assistants]:
            names.append(self.config.validation_problems)
        if model in self.evaluated:
            names += self.config.benchmarks
        return names

    def kept_apart(self, dataset: str) -> list[str]:
        """The data sets a data set may share no problem with: benchmarks stay whole, all else gives way to them."""
        if dataset in self.config.benchmarks:
            return []
        validation = self.config.validation_problems
        apart = [validation] if validation and dataset == self.config.training_problems else []
        return [*self.config.benchmarks, *apart]

    def local_copy(self, dataset: str) -> str | None:
        """The file a data set is read from, or None where it comes from the hub or from a generator."""
        block = self.config.datasets[dataset]
        if block.path is None or (block.hub and self.config.data_folder is None):
            return None
        return str(Path(self.config.data_folder or "") / block.path)

    def sampling_task(self, dataset: str) -> Record:
        """Prompt and decoding for one data set, as the sampler's command line takes them."""
        sampling = self.config.sampling
        if dataset == self.config.training_problems:
            decoding = sampling.training
        elif dataset == self.config.validation_problems:
            assert sampling.validation is not None  # _check has made sure
            decoding = sampling.validation
        else:
            decoding = sampling.evaluation
        block = self.config.datasets[dataset]
        task = decoding.model_dump(exclude={"prompt", "stop"})
        task["prompt"] = self.prompt(block.prompt or decoding.prompt)
        task["stop"] = decoding.stop if block.stop is None else block.stop
        return {"dataset": dataset, **task}

    def learner_base(self, corpus: str) -> str:
        """The base of the first model trained on a corpus: its tokenizer counts a procedural corpus' tokens."""
        return next((tune.base for tune in self.tunes.values() if tune.corpus == corpus), self.bases[0])

    def parts(self, corpus: str) -> list[str]:
        """A corpus and, if it is mixed, every corpus that it is made of, however deep."""
        found = [corpus]
        for name in found:
            block = self.config.corpora[name]
            found += [part for part in block.shares if part not in found] if isinstance(block, Mixed) else []
        return found

    def prompt(self, name: str) -> Record:
        return self.config.prompts[name].model_dump()

    def recipe(self, name: str) -> Record:
        """A training recipe's settings, without its prompt (see `recipe_prompt`)."""
        return self.config.training[name].model_dump(exclude={"prompt"})

    def recipe_prompt(self, name: str) -> Record:
        return self.prompt(self.config.training[name].prompt)

    def base_block(self, name: str) -> Record:
        """A base's block for scripts/base.py; a from-scratch base carries its recipe and prompt."""
        block = self.config.bases[name].model_dump()
        if "recipe" in block:
            # Without defaults: a key that is added later does not make a finished model another recipe's.
            block["demonstrations"] = self.config.bases[name].model_dump(exclude_defaults=True)["demonstrations"]
            recipe = block.pop("recipe")
            block |= {"training": self.recipe(recipe), "prompt": self.recipe_prompt(recipe)}
            if self.config.from_scratch:
                block["pretrained"] = None
        return block

    def base_files(self, name: str) -> list[str]:
        """The file of a local model whose change makes the base anew; none for a download or a model trained here."""
        block = self.base_block(name)
        if block["source"] == "local":
            return [f"{block['path']}/config.json"]
        return [f"{block['pretrained']}/micota.json"] if block.get("pretrained") else []

    # --- checks across blocks ----------------------------------------------------------------------------------

    def _check(self) -> None:
        config = self.config
        for name in [config.training_problems, *config.benchmarks]:
            known(name, config.datasets, "training_problems / benchmarks")
        for name, dataset in config.datasets.items():
            known(dataset.loader, LOADERS, f"datasets.{name}.loader")
            if (dataset.loader == "arithmetic") != (dataset.options is not None):
                raise UserError(f"datasets.{name}.options: the arithmetic loader needs them, no other takes them")
        purposes = [config.training_problems, config.validation_problems, *config.benchmarks]
        once(purposes, "training_problems, validation_problems, benchmarks", "a data set serves one purpose")
        if "base" in config.corpora:
            raise UserError("corpora.base: in the tables `base` is the untrained student; choose another name")
        once(config.seeds, "seeds", "a seed is one run")
        once(self.models, "bases, tuned", "a model needs a name of its own")
        if config.merges and not (config.validation_problems and config.sampling.validation):
            raise UserError("merges: a sweep needs `validation_problems` and `sampling.validation`")
        if config.validation_problems:
            known(config.validation_problems, config.datasets, "validation_problems")
        for key, tune in [(f"tuned.{n}", t) for n, t in config.tuned.items()]:
            known(tune.base, config.bases, f"{key}.base")
            known(tune.corpus, config.corpora, f"{key}.corpus")
            known(tune.recipe, config.training, f"{key}.recipe")
        for key, base in config.bases.items():
            if isinstance(base, ScratchBase):
                known(base.recipe, config.training, f"bases.{key}.recipe")
        for name in config.students.bases:
            known(name, config.bases, "students.bases")
        for corpus in [*config.students.corpora, *config.alignment.corpora]:
            known(corpus, config.corpora, "students.corpora / alignment.corpora")
        known(config.students.recipe, config.training, "students.recipe")
        known(config.students.proposed, config.students.corpora, "students.proposed")
        for name, block in config.corpora.items():
            if isinstance(block, Sampled):
                for model in [block.sampler, *block.only_if_solved_by]:
                    known(model, self.models, f"corpora.{name}")
            elif isinstance(block, Mixed):
                for part in block.shares:
                    known(part, config.corpora, f"corpora.{name}.shares")
        self._check_no_demonstrations()
        self._check_prompts()

    def _check_no_demonstrations(self) -> None:
        """Students and the assistant learn from sampled traces only."""
        learners = {f"students ({c})": c for c in self.config.students.corpora}
        learners |= {f"tuned.{s.tuned}": self.config.tuned[s.tuned].corpus for s in self.config.merges}
        for key, corpus in learners.items():
            if any(isinstance(self.config.corpora[part], Procedural) for part in self.parts(corpus)):
                raise UserError(
                    f"{key}: corpus {corpus} holds procedural demonstrations; only a teacher may learn from them"
                )

    def _check_prompts(self) -> None:
        """A prompt that differs from the one the students are trained with needs a deviation id."""
        config = self.config
        for name in {
            *(t.prompt for t in config.training.values()),
            *(
                d.prompt
                for d in (config.sampling.training, config.sampling.validation, config.sampling.evaluation)
                if d
            ),
            *(d.prompt for d in config.datasets.values() if d.prompt),
            config.alignment.prompt,
        }:
            known(name, config.prompts, "prompt")
        trained = self.recipe_prompt(config.students.recipe)
        uses = {
            "sampling": [config.training_problems],
            "evaluation": config.benchmarks,
        }
        for use, datasets in uses.items():
            different = [d for d in datasets if self.sampling_task(d)["prompt"] != trained]
            if different and use not in config.prompt_deviations:
                raise UserError(
                    f"prompts: {use} of {', '.join(different)} differs from the students' training prompt;"
                    f" if that is meant, name a deviation id under prompt_deviations.{use}"
                )


def known(name: str, names: Any, key: str) -> None:
    """Raise UserError, with the names there are, if `name` is none of them."""
    if name not in names:
        raise UserError(f"{key}: there is no {name!r}; there are: {', '.join(names)}")


def once(names: list[Any], key: str, why: str) -> None:
    """Raise UserError for a name that stands twice."""
    twice = {str(name) for name in names if names.count(name) > 1}
    if twice:
        raise UserError(f"{key}: {', '.join(sorted(twice))} stands there more than once; {why}")


def load_study(raw: dict[str, Any]) -> Study:
    """Check a raw configuration and resolve it."""
    return Study(parse_config(raw))
