"""Who may learn from what: no procedural text reaches students or assistants, but for an oracle that is named so."""

from micota.common.cli import known
from micota.common.errors import ConfigurationError
from micota.study import names
from micota.study.graph import Study


def check_no_demonstrations(study: Study) -> None:
    """Students and assistants learn from sampled traces only; a teacher may be merged without being an assistant.

    Students may learn from an oracle, which the study has to name as one.
    """
    oracle = study.config.students.oracle
    learners = {f"students ({tune.corpus})": tune.corpus for tune in study.students.values()}
    learners = {key: corpus for key, corpus in learners.items() if corpus not in oracle}
    assistants = [sweep.tuned for sweep in study.config.merges if sweep.tuned not in teachers(study)]
    learners |= {f"tuned.{name}": study.config.tuned[name].corpus for name in assistants}
    for key, corpus in learners.items():
        if any(study.corpus(part).procedural for part in study.parts(corpus)):
            raise ConfigurationError(
                f"{key}: corpus {corpus} holds procedural demonstrations; only a teacher may learn from them"
            )


def check_oracle(study: Study) -> None:
    """An oracle is procedural, known by its name, in no other list of corpora, and in no claim."""
    config, oracle = study.config, study.config.students.oracle
    for name in oracle:
        known(name, config.corpora, "students.oracle")
        if not any(study.corpus(part).procedural for part in study.parts(name)):
            raise ConfigurationError(f"students.oracle: no program wrote {name}; list it under students.corpora")
        if not name.startswith("oracle"):
            raise ConfigurationError(
                f"students.oracle: {name} must begin with `oracle`, so that every table and figure shows what it is"
            )
    more = [corpus for corpora in config.students.extra_corpora.values() for corpus in corpora]
    if twice := [name for name in oracle if name in (*config.students.corpora, *more)]:
        raise ConfigurationError(f"students.oracle: {twice[0]} is among the other corpora of the students too")
    for key, claim in (config.claims.family if config.claims else {}).items():
        for term in (term for part in claim.parts for term in part.contrast):
            if term in oracle or names.parts_of(term)[1] in oracle:
                raise ConfigurationError(
                    f"claims.family.{key}.contrast: {term} has read an oracle, which no method has; compare it in `map`"
                )


def check_map(study: Study) -> None:
    """The axes hold corpora of all student bases; the oracle's are oracles, no others are."""
    if study.config.map is None:
        return
    students = study.config.students
    learned = {base: {corpus for of, corpus in study.arms if of == base} for base in students.bases}
    for axis, corpora in study.config.map.axes.items():
        for name in corpora:
            known(name, set.union(*learned.values()), f"map.{axis}")
            if (name in students.oracle) != (axis == "oracle"):
                raise ConfigurationError(
                    f"map.{axis}: {name} belongs under map.{'weights' if axis == 'oracle' else 'oracle'}"
                )
            if lacks := [base for base in students.bases if name not in learned[base] and axis != "traces"]:
                raise ConfigurationError(f"map.{axis}: {lacks[0]} does not learn from {name}; a map has no holes")


def teachers(study: Study) -> set[str]:
    """The models whose traces a tuned model learns from."""
    learned = {part for tune in study.config.tuned.values() for part in study.parts(tune.corpus)}
    return {model for name in learned for model in study.corpus(name).written_by()}
