"""How much a student cost: the tokens that it learned from, and all the arithmetic that went into it.

One formula (Kaplan et al. 2020, arXiv:2001.08361, section 2.1): a token takes 2 N floating-point operations in a
forward pass, and 4 N more in the backward pass, so sampling or scoring D tokens takes 2 N D, learning from them 6 N D.

N is the number of all parameters (results/{study}/sizes). Kaplan leaves the embeddings out; of small models the output
head, as large as they are, is much of the work, so it is counted (as in Hoffmann et al. 2022, arXiv:2203.15556). D are
the tokens of completions. Left out are attention over the context, prompts, activations computed again, merges, the
pre-training of bases, evaluation, and whatever made traces elsewhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum
from typing import Any, TypeVar

from micota.common.errors import DataError
from micota.corpora.kinds import Chosen
from micota.study.graph import Study

FORWARD, TRAINING = 2, 6  # operations a parameter and token
Sampled = tuple[str, str]  # model, data set
Key = TypeVar("Key", str, Sampled)
Bill = dict[str, Any]  # see `bill`


@dataclass(frozen=True)
class Measured:
    """What a finished run says, by names of the study."""

    parameters: Mapping[str, int]  # of bases
    tokens: Mapping[str, int]  # of all rows of a corpus: `tokens.total` of its counts file
    rows: Mapping[str, int]  # `kept` of the same
    sampled: Mapping[Sampled, int]  # tokens of a model's traces on a data set, whatever their verdict


@dataclass(frozen=True)
class Compute:
    """What went into one student; floating-point operations but for `tokens`."""

    tokens: int  # that it learned from, each epoch's
    own_training: float
    other_training: float  # of the models that wrote, or decided on, its corpus
    sampling: float  # of all traces that were written for it, kept or not, candidates included
    scoring: float  # of likelihoods that chose its corpus, and of a second model's that it was distilled from

    @property
    def total(self) -> float:
        return self.own_training + self.other_training + self.sampling + self.scoring


@dataclass
class Needs:
    """All that one student needs, each thing once, however often it is used.

    `controls`: whether that counts which only makes corpora comparable (`only_if_solved_by`, a matched corpus'
    `problems_of` and `to`): it went into the student of this study, and a user of the method would do without.
    """

    controls: bool = True
    corpora: dict[str, None] = field(default_factory=dict)  # in order of first mention
    models: dict[str, None] = field(default_factory=dict)
    sampled: dict[Sampled, None] = field(default_factory=dict)
    scored: dict[tuple[str, str], None] = field(default_factory=dict)  # untrained model, corpus


def needs(study: Study, student: str, chosen_on: Iterable[Sampled] = (), controls: bool = True) -> Needs:
    """What a student needs: its corpus and those that this is made of or compared with, their samplers, down to bases.

    `chosen_on`: further traces that decided on its corpus, such as a sweep's on the validation problems.
    """
    found = Needs(controls)
    add_tuned(study, tuned(study, student), found)
    for model, dataset in chosen_on:
        found.sampled[model, dataset] = None
        add_model(study, model, found)
    return found


def tuned(study: Study, model: str) -> str:
    """A trained model itself; of a merged one, the one that was trained."""
    return study.merges[model].tuned if model in study.merges else model


def add_tuned(study: Study, model: str, found: Needs) -> None:
    """Add what a tuned model learned from."""
    tune = study.tunes[model]
    add_corpus(study, tune.corpus, found)
    if tune.teacher:
        add_model(study, tune.teacher, found)


def add_model(study: Study, model: str, found: Needs) -> None:
    """Add a model that others hang on, with all that it was made from."""
    if model in found.models:
        return
    found.models[model] = None
    if model in study.merges:
        add_model(study, study.merges[model].tuned, found)
    elif model in study.tunes:
        add_tuned(study, model, found)


def add_corpus(study: Study, name: str, found: Needs) -> None:
    """Add a corpus, with all that it was made from or that decided on it."""
    if name in found.corpora:
        return
    found.corpora[name] = None
    block = study.corpus(name)
    for model in block.solved_by() if found.controls else block.written_by():
        found.sampled[model, study.config.training_problems] = None
        add_model(study, model, found)
    decides = found.controls or isinstance(block, Chosen)
    for other in [*block.made_of(), *(block.compared_with() if decides else [])]:
        add_corpus(study, other, found)
    if isinstance(block, Chosen) and block.by == "nll":
        found.scored |= {(str(block.base), candidate): None for candidate in block.candidates}


def bill(study: Study, student: str, chosen_on: Iterable[Sampled] = (), controls: bool = True) -> Bill:
    """All that one student, trained or merged, is to be charged for, as builtin values: what a table hangs on."""
    need, student = needs(study, student, chosen_on, controls), tuned(study, student)
    others = [model for model in need.models if model in study.tunes and model != student]
    distilled = [(study.tunes[model].teacher, model) for model in [student, *others]]
    return {
        "own": training(study, student),
        "trained": [training(study, model) for model in others],
        "sampled": [[base_of(study, model), model, dataset] for model, dataset in need.sampled],
        "scored": [[base_of(study, model), corpus] for model, corpus in need.scored],
        "distilled": [[base_of(study, teacher), training(study, model)] for teacher, model in distilled if teacher],
    }


def training(study: Study, model: str) -> dict[str, Any]:
    """What a tuned model's training hangs on, as far as it costs."""
    tune = study.tunes[model]
    recipe = study.recipe(tune.recipe)
    return {"base": tune.base, "corpus": tune.corpus, "epochs": recipe.epochs, "max_examples": recipe.max_examples}


def base_of(study: Study, model: str) -> str:
    """The base that a model began as, which says how large it is."""
    if model in study.merges:
        return study.merges[model].base
    return study.tunes[model].base if model in study.tunes else model


def charged(asked: Bill, measured: Measured) -> Compute:
    """What a bill comes to; UserError names a size or a count that is not measured."""

    def size(base: str) -> int:
        return of(measured.parameters, base, "number of parameters of this base")

    def of_corpus(corpus: str) -> int:
        return of(measured.tokens, corpus, "number of tokens of this corpus")

    def trained(tune: Mapping[str, Any]) -> float:
        return float(TRAINING * size(tune["base"]) * learned_tokens(tune, measured))

    sampled = [
        size(base) * of(measured.sampled, (model, dataset), "number of sampled tokens")
        for base, model, dataset in asked["sampled"]
    ]
    scored = [size(base) * of_corpus(corpus) for base, corpus in asked["scored"]]
    scored += [size(base) * learned_tokens(tune, measured) for base, tune in asked["distilled"]]
    return Compute(
        tokens=learned_tokens(asked["own"], measured),
        own_training=trained(asked["own"]),
        other_training=fsum(map(trained, asked["trained"])),
        sampling=float(FORWARD * sum(sampled)),
        scoring=float(FORWARD * sum(scored)),
    )


def compute(
    study: Study, student: str, measured: Measured, chosen_on: Iterable[Sampled] = (), controls: bool = True
) -> Compute:
    """What went into one student, trained or merged; UserError names a size or a count that is not measured."""
    return charged(bill(study, student, chosen_on, controls), measured)


def learned_tokens(tune: Mapping[str, Any], measured: Measured) -> int:
    """The tokens that a training read (`training`), each as often as it was.

    A recipe with `max_examples` takes a random part of a corpus; its tokens are taken to be that part of all.
    """
    corpus, most = tune["corpus"], tune["max_examples"]
    rows = of(measured.rows, corpus, "number of rows of this corpus")
    share = min(1.0, most / rows) if most else 1.0
    return round(tune["epochs"] * share * of(measured.tokens, corpus, "number of tokens of this corpus"))


def of(numbers: Mapping[Key, int], key: Key, what: str) -> int:
    """A measured number; UserError if there is none."""
    if key not in numbers:
        told = key if isinstance(key, str) else " on ".join(key)
        raise DataError(f"{told}: no {what} is known; run the study to its end, or leave this student out")
    return numbers[key]
