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
from typing import TypeVar

from micota.common.errors import DataError
from micota.corpora.kinds import Chosen
from micota.study.graph import Study

FORWARD, TRAINING = 2, 6  # operations a parameter and token
Sampled = tuple[str, str]  # model, data set
Key = TypeVar("Key", str, Sampled)


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


def compute(
    study: Study, student: str, measured: Measured, chosen_on: Iterable[Sampled] = (), controls: bool = True
) -> Compute:
    """What went into one student, trained or merged; UserError names a size or a count that is not measured."""
    need, student = needs(study, student, chosen_on, controls), tuned(study, student)
    own = study.tunes[student]
    learned = learned_tokens(study, student, measured)
    others = [model for model in need.models if model in study.tunes and model != student]
    distilled = [(model, study.tunes[model].teacher) for model in [student, *others]]
    scoring = [(base, of(measured.tokens, corpus, "number of tokens of this corpus")) for base, corpus in need.scored]
    scoring += [(teacher, learned_tokens(study, model, measured)) for model, teacher in distilled if teacher]
    return Compute(
        tokens=learned,
        own_training=float(TRAINING * size(study, own.base, measured) * learned),
        other_training=float(
            sum(TRAINING * size(study, model, measured) * learned_tokens(study, model, measured) for model in others)
        ),
        sampling=float(
            sum(
                FORWARD
                * size(study, model, measured)
                * of(measured.sampled, (model, dataset), "number of sampled tokens")
                for model, dataset in need.sampled
            )
        ),
        scoring=float(sum(FORWARD * size(study, model, measured) * tokens for model, tokens in scoring)),
    )


def learned_tokens(study: Study, model: str, measured: Measured) -> int:
    """The tokens that a tuned model learned from, each as often as it was read.

    A recipe with `max_examples` takes a random part of a corpus; its tokens are taken to be that part of all.
    """
    tune = study.tunes[model]
    recipe = study.recipe(tune.recipe)
    rows = of(measured.rows, tune.corpus, "number of rows of this corpus")
    share = min(1.0, recipe.max_examples / rows) if recipe.max_examples else 1.0
    return round(recipe.epochs * share * of(measured.tokens, tune.corpus, "number of tokens of this corpus"))


def size(study: Study, model: str, measured: Measured) -> int:
    """Parameters of a model: those of the base that it began as."""
    if model in study.merges:
        model = study.merges[model].base
    base = study.tunes[model].base if model in study.tunes else model
    return of(measured.parameters, base, "number of parameters of this base")


def of(numbers: Mapping[Key, int], key: Key, what: str) -> int:
    """A measured number; UserError if there is none."""
    if key not in numbers:
        told = key if isinstance(key, str) else " on ".join(key)
        raise DataError(f"{told}: no {what} is known; run the study to its end, or leave this student out")
    return numbers[key]
