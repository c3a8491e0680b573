"""Answers as lm-evaluation-harness logs them with --log_samples (0.4.12: lm_eval/loggers/evaluation_tracker.py).

`{model}/samples_{task}_{time}.jsonl` has a line a problem, `{model}/results_{time}.json` the means and what its viewers
ask for. The metric `correct` is the primary verdict; the graders' own verdicts stand beside it under their names.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from micota.common.files import fresh, publish
from micota.common.records import Record, write_json, write_jsonl
from micota.exports.answers import Answers, mean, standard_error, verdict

FILTER = "box"  # of a completion, what its last box holds
NO_BOX = "[invalid]"  # as lm-eval's own filters say it
DOC = ("id", "problem", "answer", "source")


def export(found: Iterable[Answers], out: Path) -> int:
    """Write all answers below a folder, whole or not at all; returns how many problems with their samples."""
    temporary, count = fresh(out), 0
    times: dict[str, str] = {}
    results: dict[str, list[Answers]] = {}
    for one in found:
        time = times[one.model] = one.graded_at.isoformat().replace(":", "-").replace("+00-00", ".000000")
        path = temporary / one.model / f"samples_{task_name(one)}_{time}.jsonl"
        count += write_jsonl(path, samples(one))
        results.setdefault(one.model, []).append(one)
    for model, all_of_it in results.items():
        write_json(temporary / model / f"results_{times[model]}.json", summary(all_of_it))
    publish(temporary, out)
    return count


def task_name(found: Answers) -> str:
    """As lm-eval's own, of letters, digits and underscores: `aime24@8` is `aime24_8`."""
    return re.sub(r"\W", "_", found.task)


def samples(found: Answers) -> Iterable[Record]:
    """lm-eval's record of each problem: lm_eval.result_schema.SampleResult."""
    for number, (name, traces) in enumerate(found.traces.items()):
        doc = {key: found.problems[name][key] for key in DOC}
        prompt = traces[0]["prompt"] or ""
        boxes = [NO_BOX if trace["extracted"] is None else trace["extracted"] for trace in traces]
        yield {
            "doc_id": number,
            "doc": doc,
            "target": traces[0]["answer"],
            "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": generation(found)}},
            "resps": [[trace["completion"] for trace in traces]],
            "filtered_resps": boxes if len(boxes) == 1 else [boxes],
            "filter": FILTER,
            "metrics": found.graders,
            "doc_hash": digest(json.dumps(doc, indent=2, ensure_ascii=False)),
            "prompt_hash": digest(prompt),
            "target_hash": digest(traces[0]["answer"]),
            **{grader: mean([float(verdict(trace, grader)) for trace in traces]) for grader in found.graders},
            "n_tokens": mean([float(trace["n_tokens"]) for trace in traces]),
            "truncated": mean([float(trace["finish_reason"] == "length") for trace in traces]),
        }


def generation(found: Answers) -> dict[str, Any]:
    """How the completions were drawn, by lm-eval's names; nothing of traces that were made elsewhere."""
    if (how := found.decoding) is None:
        return {"until": []}
    drawn = {"temperature": how.temperature, "top_p": how.top_p, "do_sample": how.temperature > 0}
    return {"until": how.stop, "max_gen_toks": how.max_tokens, **drawn}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def summary(found: list[Answers]) -> Record:
    """lm-eval's results of a model: means over problems, with standard errors, and each task's configuration."""
    results: dict[str, Any] = {}
    for one in found:
        own = results[task_name(one)] = {"alias": task_name(one), "sample_len": len(one.traces)}
        for grader in one.graders:
            scores = one.scores(grader)
            own |= {f"{grader},{FILTER}": mean(scores), f"{grader}_stderr,{FILTER}": standard_error(scores)}
    repeats = {task_name(one): max(map(len, one.traces.values())) for one in found}
    return {
        "results": results,
        "configs": {
            task_name(one): {
                "task": task_name(one),
                "output_type": "generate_until",
                "num_fewshot": 0,
                "repeats": repeats[task_name(one)],
                "generation_kwargs": generation(one),
                "metric_list": [
                    {"metric": grader, "aggregation": "mean", "higher_is_better": True} for grader in one.graders
                ],
            }
            for one in found
        },
        "versions": {task_name(one): 1 for one in found},
        "n-shot": {task_name(one): 0 for one in found},
        "higher_is_better": {task_name(one): dict.fromkeys(one.graders, True) for one in found},
        "n-samples": {task_name(one): {"original": len(one.problems), "effective": len(one.traces)} for one in found},
        "config": {"model": "micota", "model_args": f"study={found[0].study},model={found[0].model}"},
        "model_name": found[0].model,
        "date": found[0].graded_at.timestamp(),
    }
