"""A study's graph of models and corpora, resolved from its configuration.

Snakemake's rules ask this module which models exist, what each is made from, and what each has to sample; it knows
nothing of files or jobs.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from micota.common.cli import known, once
from micota.common.records import Record
from micota.study.config import Chosen, Config, Decoding, Matched, Mixed, Sampled, ScratchBase
from micota.training.settings import TrainingSettings


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
        self.bases = [*config.bases, *config.scored]
        self.students: dict[str, Tune] = {
            f"{base}-{corpus}-s{seed}": Tune(base, corpus, config.students.recipe, seed)
            for base in config.students.bases
            for corpus in [*config.students.corpora, *config.students.more.get(base, [])]
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
        """The sweep of each tuned model: its base as weight 0, itself as weight None, then every merge of the two."""
        entries: list[dict[str, Any]] = []
        for tuned in dict.fromkeys(sweep.tuned for sweep in self.config.merges):
            for model, weight in ((self._base_of(tuned), 0.0), (tuned, None)):
                entries.append({"model": model, "tuned": tuned, "weight": weight, "density": None, "mask_seed": None})
            for name, merge in self.merges.items():
                if merge.tuned == tuned:
                    place = {"weight": merge.weight, "density": merge.density, "mask_seed": merge.seed}
                    entries.append({"model": name, "tuned": tuned, **place})
        return entries

    @property
    def evaluated(self) -> list[str]:
        """Models that are scored on the benchmarks: the untrained students, all trained ones, those from elsewhere."""
        return [*self.config.students.bases, *self.students, *self.config.scored]

    @property
    def main_entries(self) -> list[dict[str, Any]]:
        """Rows of the main table: per student size the untrained base, then each corpus, each seed; then `scored`."""
        entries: list[dict[str, Any]] = []
        for base in self.config.students.bases:
            entries.append({"model": base, "base": base, "corpus": "base", "seed": 0})
            entries += [
                {"model": name, "base": base, "corpus": tune.corpus, "seed": tune.seed}
                for name, tune in self.students.items()
                if tune.base == base
            ]
        entries += [{"model": n, "base": "elsewhere", "corpus": n, "seed": 0} for n in self.config.scored]
        return entries

    @property
    def claimed_models(self) -> list[str]:
        """Models whose graded traces the claims need: every seed of a student, untrained ones, models of the sweep."""
        claims = self.config.claims.family.values() if self.config.claims else []
        parts = [part for claim in claims for part in claim.parts if not part.measure.startswith("nll")]
        terms = {term for part in parts for term in part.contrast}
        return [
            model
            for model in self.models
            if model in terms or (model in self.students and model.rpartition("-s")[0] in terms)
        ]

    @property
    def size_entries(self) -> list[dict[str, Any]]:
        """Rows of the main table that the gap by student size needs: its corpora, and the untrained bases."""
        gaps = self.config.sizes.gaps if self.config.sizes else []
        wanted = {"base", *(corpus for gap in gaps for corpus in gap)}
        return [entry for entry in self.main_entries if entry["corpus"] in wanted]

    @property
    def variance_entries(self) -> list[dict[str, Any]]:
        """The students whose variance is budgeted, by corpus (a mask seed each) and training seed."""
        variance = self.config.variance
        if variance is None:
            return []
        return [
            {"model": f"{variance.base}-{corpus}-s{seed}", "corpus": corpus, "seed": seed}
            for corpus in variance.corpora
            for seed in self.config.seeds
        ]

    @property
    def rules(self) -> dict[str, str]:
        """The paper's rule for each benchmark."""
        return {name: self.config.datasets[name].rule for name in self.config.benchmarks}

    @property
    def judged_benchmarks(self) -> list[str]:
        """The benchmarks whose boxes the judge model sees where the rule rejects them."""
        return [name for name, rule in self.rules.items() if rule == "string"]

    def sampled_datasets(self, model: str) -> list[str]:
        """The data sets a model samples, training problems first."""
        names: list[str] = []
        if model in self.corpus_samplers:
            names.append(self.config.training_problems)
        if self.config.validation_problems and model in [entry["model"] for entry in self.assistants]:
            names.append(self.config.validation_problems)
        if model in self.evaluated:
            names += self.config.benchmarks
        if self.config.variance and model in [entry["model"] for entry in self.variance_entries]:
            names.append(self.config.variance.dataset)
        return names

    @property
    def cleaned_datasets(self) -> list[str]:
        """The data sets whose duplicates and overlaps are counted: the training problems first, the benchmarks last."""
        others = [self.config.validation_problems, self.config.variance.dataset if self.config.variance else None]
        return [self.config.training_problems, *filter(None, others), *self.config.benchmarks]

    def kept_apart(self, dataset: str) -> list[str]:
        """The data sets a data set may share no problem with: benchmarks stay whole, all else gives way to them."""
        variance = self.config.variance
        if dataset in self.config.benchmarks or (variance and dataset == variance.dataset):
            return []
        tests = [*self.config.benchmarks, *([variance.dataset] if variance else [])]
        validation = self.config.validation_problems
        apart = [validation] if validation and dataset == self.config.training_problems else []
        return [*dict.fromkeys(tests), *apart]

    def use(self, dataset: str) -> Literal["sampling", "validation", "evaluation"]:
        """What the traces of a data set are for: a corpus, the sweep, or a score."""
        if dataset == self.config.training_problems:
            return "sampling"
        return "validation" if dataset == self.config.validation_problems else "evaluation"

    def local_copy(self, dataset: str) -> str | None:
        """The file a data set is read from, or None where it comes from the hub or from a generator."""
        block = self.config.datasets[dataset]
        if block.path is None or (block.hub and self.config.data_folder is None):
            return None
        return str(Path(self.config.data_folder or "") / block.path)

    def sampling_task(self, dataset: str) -> Record:
        """Prompt and decoding for one data set, as the sampler's command line takes them."""
        sampling = self.config.sampling
        variance = self.config.variance
        if dataset == self.config.training_problems:
            decoding = sampling.training
        elif variance and dataset == variance.dataset:
            assert sampling.repeated is not None  # checked on loading
            decoding = sampling.repeated
        elif dataset == self.config.validation_problems:
            assert sampling.validation is not None  # checked on loading
            decoding = sampling.validation
        else:
            decoding = sampling.evaluation
        return self._task(dataset, decoding)

    def _task(self, dataset: str, decoding: Decoding) -> Record:
        block = self.config.datasets[dataset]
        task = decoding.model_dump(exclude={"prompt", "stop"})
        task["prompt"] = self.prompt(block.prompt or decoding.prompt)
        task["stop"] = decoding.stop if block.stop is None else block.stop
        task["deviation"] = self.config.prompt_deviations.get(self.use(dataset))
        return {"dataset": dataset, **task}

    def tasks(self, model: str) -> list[Record]:
        """All that a model samples: its data sets (`problems` names the file), and the benchmarks by `protocols`."""
        tasks = [self.sampling_task(name) | {"problems": name} for name in self.sampled_datasets(model)]
        if (protocols := self.config.sampling.protocols) and model in self.evaluated:
            labels = self.protocol_labels.items()
            tasks += [self._task(name, protocols) | {"dataset": label, "problems": name} for label, name in labels]
        return tasks

    @property
    def protocol_labels(self) -> dict[str, str]:
        """Name in the traces -> benchmark, of the decoding with several samples a problem; none if there is no such."""
        sampling = self.config.sampling
        if sampling.protocols:
            return {f"{name}@{sampling.protocols.n}": name for name in self.config.benchmarks}
        return {name: name for name in self.config.benchmarks} if sampling.evaluation.n > 1 else {}

    def learner_base(self, corpus: str) -> str:
        """The base of the first model trained on a corpus: its tokenizer counts a procedural corpus' tokens."""
        return next((tune.base for tune in self.tunes.values() if tune.corpus == corpus), self.bases[0])

    def parts(self, corpus: str) -> list[str]:
        """A corpus and every corpus that its rows come from, however deep."""
        found = [corpus]
        for name in found:
            found += [part for part in self.made_of(name) if part not in found]
        return found

    def made_of(self, corpus: str) -> list[str]:
        """The corpora that a corpus takes its rows from; none for one that is sampled or procedural."""
        match self.config.corpora[corpus]:
            case Mixed(shares=shares):
                return list(shares)
            case Matched(of=of):
                return [of]
            case Chosen(candidates=candidates):
                return candidates
        return []

    def compared_with(self, corpus: str) -> list[str]:
        """The corpora that decide which rows a corpus takes, without giving any."""
        match self.config.corpora[corpus]:
            case Matched(problems_of=problems_of, to=to):
                return list(dict.fromkeys([*problems_of, *([to] if to else [])]))
            case Chosen(between=between):
                return between
        return []

    def learned(self, model: str) -> str | None:
        """The corpus that a model, or the tuned half of a merged one, was trained on; None for a base."""
        tune = self.tunes.get(self.merges[model].tuned if model in self.merges else model)
        return tune.corpus if tune else None

    def prompt(self, name: str) -> Record:
        return self.config.prompts[name].model_dump()

    def recipe(self, name: str) -> Record:
        """A training recipe's settings: what shapes the weights, save its prompt (see `recipe_prompt`)."""
        return self.config.training[name].model_dump(include=set(TrainingSettings.model_fields))

    def training_threads(self, name: str) -> int:
        """CPU threads of all processes of one training job."""
        return self.config.training[name].processes * self.config.training[name].threads

    def recipe_prompt(self, name: str) -> Record:
        return self.prompt(self.config.training[name].prompt)

    @property
    def engine(self) -> Record:
        """The engine's settings; one that is not set is left out, so that a setting added later re-runs nothing."""
        return self.config.sampling.engine.model_dump(exclude_none=True)

    @property
    def sampling_gpus(self) -> int:
        """GPUs of one sampling job."""
        engine = self.config.sampling.engine
        return engine.tensor_parallel * engine.data_parallel if self.config.device == "cuda" else 0

    @property
    def judging_gpus(self) -> int:
        """GPUs of the judge model: one copy of it."""
        return self.config.sampling.engine.tensor_parallel if self.config.device == "cuda" else 0

    def training_gpus(self, recipe: str) -> int:
        """GPUs of one training job."""
        return self.config.training[recipe].processes if self.config.device == "cuda" else 0

    @property
    def alignment_gpus(self) -> int:
        """GPUs of one job of the alignment."""
        return int(self.config.device == "cuda")

    def base_gpus(self, name: str) -> int:
        """GPUs of the job that provides a base: none unless it is pre-trained there."""
        block = self.config.bases.get(name)
        return self.training_gpus(block.recipe) if isinstance(block, ScratchBase) and self._pretrained(name) else 0

    def _pretrained(self, name: str) -> bool:
        block = self.base_block(name)
        return block["source"] == "scratch" and not block["pretrained"]

    @property
    def pretrained_here(self) -> bool:
        """Whether a base is trained in this study; all others are downloaded or copied."""
        return any(self._pretrained(name) for name in self.bases)

    def base_block(self, name: str) -> Record:
        """A base's block for scripts/base.py; a from-scratch base carries its recipe and prompt."""
        block = (self.config.bases | self.config.scored)[name].model_dump()
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

    def measured(self, measure: str) -> list[str]:
        """What the contrasts of a measure may be made of."""
        if measure == "accuracy":
            return list(dict.fromkeys([*self.config.students.bases, *(n.rpartition("-s")[0] for n in self.students)]))
        if measure.startswith("validation"):
            return list(dict.fromkeys(entry["model"] for entry in self.assistants))
        return self.config.alignment.corpora
