"""Answers as Inspect's logs (.eval), by its own writer: a log a model and data set, for `inspect view`.

An epoch is a sample of a problem. The scorer `correct` is the primary verdict, with the grader's reason; the graders'
own verdicts are scorers under their names. inspect_ai is an optional package, in an environment beside .venv.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from micota.common.errors import EnvironmentFault
from micota.common.files import fresh, publish
from micota.common.records import Record
from micota.exports.answers import PRIMARY, Answers, mean, standard_error, verdict

STOPPED = {"stop": "stop", "length": "max_tokens"}
SHOWN = ("finish_reason", "n_tokens", "seed", "stop_string", "repeated_share", "boxed_answers", "reason")


def check_package() -> None:
    """Raise EnvironmentFault where inspect_ai is not installed."""
    try:
        import inspect_ai.log  # noqa: F401
    except ImportError as error:
        raise EnvironmentFault(
            f"inspect_ai: this environment lacks it ({error}): `make export FORMAT=inspect` installs it into"
            " .venv-viewers and writes there; or VENV=.venv-viewers bash envs/install.sh viewers"
        ) from None


def export(found: Iterable[Answers], out: Path) -> int:
    """Write all answers below a folder, whole or not at all; returns how many problems with their samples."""
    check_package()
    from inspect_ai.log import write_eval_log

    temporary, count = fresh(out), 0
    for one in found:
        stamp = one.graded_at.isoformat().replace(":", "-")
        name = f"{stamp}_{one.task.replace('@', '-at-')}_{one.model}.eval"
        write_eval_log(log_of(one), temporary / name, format="eval")
        count += len(one.traces)
    publish(temporary, out)
    return count


def identity(*words: str) -> str:
    """An id of Inspect's kind that the same results always get."""
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:22]


def log_of(found: Answers) -> Any:
    """Inspect's EvalLog of one model's answers to one data set."""
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalMetric, EvalResults, EvalScore, EvalSpec
    from inspect_ai.model import GenerateConfig

    how, epochs = found.decoding, max(map(len, found.traces.values()))
    metrics = {grader: found.scores(grader) for grader in found.graders}
    time = found.graded_at.isoformat()
    return EvalLog(
        status="success",
        eval=EvalSpec(
            eval_id=identity(found.study, found.model, found.task, time),
            run_id=identity(found.study, found.model),
            task_id=identity(found.study, found.task),
            created=time,
            task=found.task,
            dataset=EvalDataset(name=found.task, samples=len(found.traces), sample_ids=list(found.traces)),
            model=f"{found.study}/{found.model}",
            model_generate_config=GenerateConfig(
                **({} if how is None else {"temperature": how.temperature, "top_p": how.top_p, "seed": how.seed}),
                **({} if how is None else {"max_tokens": how.max_tokens, "stop_seqs": how.stop or None}),
            ),
            config=EvalConfig(epochs=epochs, epochs_reducer=["mean"]),
            metadata={"study": found.study, "made_by": "micota: graded traces, exported"},
        ),
        results=EvalResults(
            total_samples=sum(map(len, found.traces.values())),
            completed_samples=sum(map(len, found.traces.values())),
            scores=[
                EvalScore(
                    name=grader,
                    scorer=grader,
                    reducer="mean",
                    metrics={
                        "accuracy": EvalMetric(name="accuracy", value=mean(values)),
                        "stderr": EvalMetric(name="stderr", value=standard_error(values)),
                    },
                )
                for grader, values in metrics.items()
            ],
        ),
        samples=[sample_of(found, trace) for traces in found.traces.values() for trace in traces],
    )


def sample_of(found: Answers, trace: Record) -> Any:
    """Inspect's EvalSample of one trace: the prompt as it was given, the completion, every verdict."""
    from inspect_ai.log import EvalSample
    from inspect_ai.model import ChatMessageUser, ModelOutput
    from inspect_ai.scorer import Score

    problem = found.problems[trace["id"]]
    prompt = trace["prompt"] or problem["problem"]
    output = ModelOutput.from_content(
        f"{found.study}/{found.model}", trace["completion"], stop_reason=STOPPED[trace["finish_reason"]]
    )
    key = (found.study, found.model, found.task, trace["id"], str(trace["sample"]))
    asked = ChatMessageUser(id=identity(*key, "asked"), content=prompt)
    output.choices[0].message.id = identity(*key, "answered")
    return EvalSample(
        id=trace["id"],
        epoch=trace["sample"] + 1,
        uuid=identity(*key),
        input=prompt,
        target=trace["answer"],
        messages=[asked, output.choices[0].message],
        output=output,
        scores={
            grader: Score(
                value="C" if verdict(trace, grader) else "I",
                answer=trace["extracted"],
                explanation=trace["reason"] if grader == PRIMARY else None,
            )
            for grader in found.graders
        },
        metadata={"problem": problem["problem"]} | {name: trace[name] for name in SHOWN if name in trace},
    )
