"""What a configuration's blocks must agree on, checked before anything runs: every name leads somewhere.

The schema (micota/study/config.py) checks each key by itself; these functions check a resolved study.
"""

from os.path import normpath

from micota.common.cli import known, once
from micota.common.errors import ConfigurationError
from micota.models.places import JUDGE_PLACES, places_of
from micota.models.prompts import Prompt
from micota.models.settings import ScratchBase
from micota.problems.datasets import LOADERS, card, file_of
from micota.study import rivals, tasks
from micota.study.asked import SOLVED
from micota.study.graph import Study
from micota.study.learners import check_map, check_no_demonstrations, check_oracle


def check(study: Study) -> None:
    """Raise UserError, which names the key and says what to do, for the first fault across blocks."""
    check_names(study)
    rivals.check(study.given, study.measured("accuracy"))
    check_training(study)
    check_corpora(study)
    check_no_demonstrations(study)
    check_oracle(study)
    check_map(study)
    check_variance(study)
    check_prompts(study)
    check_claims(study)
    check_sizes(study)
    check_judge(study)


def check_names(study: Study) -> None:
    """Every name of a block must be that of another, and stand for one thing."""
    config = study.config
    for name in [config.training_problems, *config.benchmarks]:
        known(name, config.datasets, "training_problems / benchmarks")
    for name, dataset in config.datasets.items():
        known(dataset.loader, LOADERS, f"datasets.{name}.loader")
    check_benchmarks(study)
    repeated = config.variance.dataset if config.variance else None
    purposes = [config.training_problems, config.validation_problems, *config.benchmarks, repeated]
    once(
        [p for p in purposes if p],
        "training_problems, validation_problems, benchmarks, variance.dataset",
        "a data set serves one purpose",
    )
    if "base" in config.corpora:
        raise ConfigurationError("corpora.base: in the tables `base` is the untrained student; choose another name")
    once(config.seeds, "seeds", "a seed is one run")
    once(study.models, "bases, tuned, external_models", "a model needs a name of its own")
    for name in config.external_models:
        if name in config.corpora or "elsewhere" in config.bases:
            raise ConfigurationError(
                f"external_models.{name}: the tables show it as a corpus of `elsewhere`; name neither so"
            )
    if config.merges and not (config.validation_problems and config.sampling.validation):
        raise ConfigurationError("merges: a sweep needs `validation_problems` and `sampling.validation`")
    if config.validation_problems:
        known(config.validation_problems, config.datasets, "validation_problems")
    for key, tune in [(f"tuned.{n}", t) for n, t in config.tuned.items()]:
        known(tune.base, config.bases, f"{key}.base")
        known(tune.corpus, config.corpora, f"{key}.corpus")
        known(tune.recipe, config.training, f"{key}.recipe")
    for key, base in config.bases.items():
        if isinstance(base, ScratchBase):
            known(base.recipe, config.training, f"bases.{key}.recipe")
    check_students(study)


def check_benchmarks(study: Study) -> None:
    """Two benchmarks are other problems, or the same ones asked in another way; else a score would count twice."""
    seen: dict[str, str] = {}
    for name in study.config.benchmarks:
        dataset = study.config.datasets[name]
        own = card(dataset.loader)
        asked = (dataset.prompt or own.prompt, own.stop if dataset.stop is None else dataset.stop, study.rules[name])
        home = {"path": normpath(dataset.path)} if dataset.path else {"hub": dataset.hub and dataset.hub.model_dump()}
        same = repr((dataset.loader, dataset.options, home, asked))
        if (other := seen.setdefault(same, name)) != name:
            raise ConfigurationError(
                f"benchmarks: {other} and {name} are the same problems, asked alike; leave one of them out"
            )


def check_training(study: Study) -> None:
    """Weights are sharded over several processes, on GPUs; a from-scratch base is trained in one."""
    config = study.config
    for name, recipe in config.training.items():
        if recipe.sharding != "none" and config.device == "cpu":
            raise ConfigurationError(
                f"training.{name}.sharding: it needs GPUs, and `device` is cpu; set one or the other"
            )
    for name, base in config.bases.items():
        if isinstance(base, ScratchBase) and config.training[base.recipe].processes > 1:
            raise ConfigurationError(
                f"bases.{name}.recipe: {base.recipe!r} has several processes; a scratch base takes one"
            )


def check_students(study: Study) -> None:
    """The students' bases, corpora and recipe."""
    config = study.config
    for name in config.students.bases:
        known(name, config.bases, "students.bases")
    for base, corpora in config.students.extra_corpora.items():
        if corpora:
            known(base, config.students.bases, "students.extra_corpora")
    more = [corpus for corpora in config.students.extra_corpora.values() for corpus in corpora]
    for corpus in [*config.students.corpora, *more, *config.likelihood.corpora]:
        known(corpus, config.corpora, "students.corpora / students.extra_corpora / likelihood.corpora")
    known(config.students.recipe, config.training, "students.recipe")
    known(config.students.proposed, [*config.students.corpora, *more], "students.proposed")


def check_corpora(study: Study) -> None:
    """What the kinds need of each other, and that no corpus waits for itself."""
    config = study.config
    for name in config.corpora:
        block = study.corpus(name)
        for model in block.solved_by():
            known(model, study.models, f"corpora.{name}.{block.key_of(model)}")
        for part in [*block.made_of(), *block.compared_with()]:
            known(part, config.corpora, f"corpora.{name}.{block.key_of(part)}")
        block.check(name, study)
    if study.corpus_samplers and not config.sampling.training:
        raise ConfigurationError(
            f"sampling.training: {study.corpus_samplers[0]} writes a corpus; say how it is asked the training problems"
        )
    for name in config.likelihood.corpora:
        for part in [name, *before(study, name)]:
            if study.corpus(part).waits_for_likelihoods():
                raise ConfigurationError(
                    f"likelihood.corpora: {name} {'is' if part == name else f'is made with {part}, which is'} chosen by"
                    " NLL, so it waits for the likelihood, which can not wait for it; leave it out"
                )
    for name in config.corpora:
        if name in before(study, name):
            raise ConfigurationError(f"corpora.{name}: it is made from itself")


def before(study: Study, corpus: str) -> list[str]:
    """Every corpus that must be there before this one: its parts, and what its samplers were trained on."""
    found: list[str] = []
    waiting = [corpus]
    for name in waiting:
        block = study.corpus(name)
        needed = [*block.made_of(), *block.compared_with()]
        needed += [taught for model in block.solved_by() if (taught := study.learned(model))]
        if block.waits_for_likelihoods():
            needed += study.config.likelihood.corpora
        new = [part for part in dict.fromkeys(needed) if part not in found]
        found += new
        waiting += new
    return found


def check_prompts(study: Study) -> None:
    """A prompt that differs from the one the students are trained with needs a deviation id."""
    config = study.config
    sampling = config.sampling
    decodings = (sampling.training, sampling.validation, sampling.repeated, sampling.evaluation, sampling.protocols)
    for name in {
        *(t.prompt for t in config.training.values()),
        *(d.prompt for d in decodings if d),
        *(d.prompt for d in config.datasets.values() if d.prompt),
        config.likelihood.prompt,
    }:
        known(name, config.prompts, "prompt")
        check_filled(f"prompts.{name}.user", config.prompts[name])
    for dataset in config.datasets.values():
        if own := tasks.own_prompt(dataset.loader):
            check_filled(f"{file_of(dataset.loader)}: PROMPT", own)
    recipes = {"the students": config.students.recipe} | {name: t.recipe for name, t in config.tuned.items()}
    repeated = [config.variance.dataset] if config.variance else []
    for who, recipe in recipes.items():
        trained = study.recipe_prompt(recipe)
        # What students are trained on may not differ from what the corpora were sampled with, whoever sampled them.
        written = [config.training_problems] if study.corpus_samplers else []
        validated = [config.validation_problems] if config.rivals and config.validation_problems else []
        asked = [*written, *validated, *config.benchmarks, *repeated] if who == "the students" else []
        swept = [name for name, merge in study.merges.items() if merge.tuned == who]
        asked += [
            name for model in [who, *swept] if model in study.models for name in tasks.sampled_datasets(study, model)
        ]
        for use in ("sampling", "validation", "evaluation"):
            mine = [name for name in dict.fromkeys(asked) if tasks.use(study, name) == use]
            different = [name for name in mine if tasks.sampling_task(study, name).prompt != trained]
            if use == "evaluation" and who == "the students" and sampling.protocols:
                asked_so = config.prompts[sampling.protocols.prompt]
                different += ["sampling.protocols"] if asked_so != trained else []
            if different and use not in config.prompt_deviations:
                raise ConfigurationError(
                    f"prompts: {use} of {', '.join(different)} differs from the training prompt of {who};"
                    f" if that is meant, name a deviation id under prompt_deviations.{use}"
                )


def check_filled(key: str, prompt: Prompt) -> None:
    """A prompt for a problem has a place for it, and for nothing else."""
    if unfilled := [place for place in places_of(prompt.user) if place != "{problem}"]:
        raise ConfigurationError(f"{key}: {unfilled[0]} is filled in for a judge model only; leave it out")


def check_claims(study: Study) -> None:
    """Every contrast must name models and corpora that the study measures."""
    if not study.config.claims:
        return
    for name, claim in study.config.claims.family.items():
        for part in claim.parts:
            key = f"claims.family.{name}.contrast"
            if part.base is not None:
                known(str(part.base), study.config.students.bases, f"claims.family.{name}.base")
            for term in part.contrast:
                known(term, study.measured(part.measure), key)
                if part.measure == SOLVED and (why := study.corpus(term).not_solved_alone(study.config.corpora)):
                    raise ConfigurationError(
                        f"{key}: {term}: {why}; `solved` needs a row of each problem that was solved"
                    )
            for benchmark in part.benchmarks or {}:
                known(benchmark, study.config.benchmarks, f"claims.family.{name}.benchmarks")


def check_sizes(study: Study) -> None:
    """Each gap must be there on one student base at least."""
    gaps = study.config.sizes.gaps if study.config.sizes else []
    for corpus, against in gaps:
        for name in (corpus, against):
            known(name, list(dict.fromkeys(tune.corpus for tune in study.students.values())), "sizes.gaps")
        trained = [{tune.corpus for tune in study.students.values() if tune.base == base} for base in study.bases]
        if not any({corpus, against} <= corpora for corpora in trained):
            raise ConfigurationError(f"sizes.gaps: no student base is trained on both {corpus} and {against}")


def check_variance(study: Study) -> None:
    """The budget needs several masks, seeds and samples, else a source could not be told from another."""
    variance, repeated = study.config.variance, study.config.sampling.repeated
    if variance is None:
        return
    if repeated is None:
        raise ConfigurationError("variance: it needs `sampling.repeated`")
    if repeated.n < 2:
        raise ConfigurationError(
            "sampling.repeated: the variance budget needs n of 2 or more, at a temperature above 0"
        )
    known(variance.dataset, study.config.datasets, "variance.dataset")
    for corpus in variance.corpora:
        known(f"{variance.base}-{corpus}", study.measured("accuracy"), "variance.corpora")


def check_judge(study: Study) -> None:
    """The judge model is a base, its prompt shows it all that it has to compare, and it has something to judge."""
    judge = study.config.grading.judge
    if judge is None:
        return
    known(judge.model, study.config.bases, "grading.judge.model")
    known(judge.prompt, study.config.prompts, "grading.judge.prompt")
    missing = [part for part in JUDGE_PLACES if part not in study.config.prompts[judge.prompt].user]
    if missing:
        raise ConfigurationError(
            f"prompts.{judge.prompt}.user: a judge must see {', '.join(JUDGE_PLACES)}; add {', '.join(missing)}"
        )
    if not study.judged_benchmarks:
        raise ConfigurationError(
            "grading.judge: it judges what the string rule rejects, and no benchmark has `rule: string`"
        )
