"""The method as a study has it: the steps from the problems to the students, by its own names."""

from micota.common.tables import Row
from micota.results.entries import proposed
from micota.study.graph import Study


def steps(study: Study) -> list[Row]:
    """A row a step: `step`, `name` (of a model, data set or corpus), `source` and `detail`; in the order of the method.

    Empty where the proposed corpus comes from no merged model. With chains those of the first one, by the names of the
    configuration.
    """
    (chain, *_) = study.chains
    called = {own: name for name, own in chain.names.items()}
    merged = [model for model in wrote(study, proposed(study)[0]) if model in study.merges]
    if not merged:
        return []
    first = study.merges[merged[0]]
    long = study.learned(first.tuned) or ""
    (teacher, *_) = wrote(study, long) or [""]
    taught = study.tunes.get(teacher)
    given = study.given
    learners = [base for base, corpus in study.arms if corpus == given.students.proposed]
    found = [
        ("problems", given.training_problems, None, None),
        ("teacher", teacher, taught.base if taught else None, taught.corpus if taught else None),
        ("long CoT", long, teacher, None),
        ("base", first.base, None, None),
        ("assistant", first.tuned, first.base, long),
        ("merge", first.merge.method, first.tuned, weights(study, merged)),
        ("proposed CoT", given.students.proposed, first.tuned, None),
        ("students", ", ".join(learners), None, given.students.proposed),
        ("evaluation", ", ".join(given.benchmarks), None, None),
    ]
    return [
        {"step": step, "name": called.get(name, name), "source": source and called.get(source, source)}
        | {"detail": detail and called.get(detail, detail)}
        for step, name, source, detail in found
    ]


def wrote(study: Study, corpus: str) -> list[str]:
    """The models that wrote what a corpus holds or is chosen from, each once."""
    samplers = (getattr(study.corpus(part), "sampler", None) for part in study.parts(corpus))
    return [model for model in dict.fromkeys(samplers) if model]


def weights(study: Study, merged: list[str]) -> str:
    """The weight of the merge, or of how many the study chooses one."""
    found = sorted({study.merges[model].merge.weight for model in merged})
    if len(found) == 1:
        return f"weight {found[0]:g}"
    return f"weight chosen of {len(found)}, {found[0]:g} to {found[-1]:g}"
