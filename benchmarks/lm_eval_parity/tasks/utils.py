r"""The functions that the tasks in this folder name; lm-eval loads this file by itself.

The rule is the evaluation script's that the paper adopts: the last box of the completion against the gold answer as the
source writes it, by the `is_equiv` that lm-eval ships for MATH. Box and rule are lm-eval's own functions.
"""

import json
from pathlib import Path
from typing import Any

import datasets
from lm_eval.tasks.hendrycks_math.utils import is_equiv, last_boxed_only_string, remove_boxed, strip_string  # noqa: F401


def load(data: str, file: str, fields: list[str], **_: Any) -> dict[str, datasets.Dataset]:
    """Rows of a local JSON Lines file, the same that our loaders read; `data` is the folder, given by --metadata."""
    with (Path(data) / file).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    return {"test": datasets.Dataset.from_list([{field: row[field] for field in fields} for row in rows])}


def gold(doc: dict[str, Any]) -> Any:
    """The gold answer, from where the paper's evaluation takes it; AMC's is a float and stays one."""
    if "final_answer" in doc:
        return doc["final_answer"][0]
    if "solution" in doc:
        return remove_boxed(last_boxed_only_string(doc["solution"]))
    return doc["answer"]


def with_gold(dataset: datasets.Dataset) -> datasets.Dataset:
    """Rows with their gold answer."""
    return dataset.map(lambda doc: {"gold": gold(doc)})


def last_box(completion: str) -> str | None:
    r"""What lm-eval finds in the last box; its `remove_boxed` fails on `\fbox`, which the paper's script takes too."""
    found = last_boxed_only_string(completion)
    if found is None:
        return None
    if found.startswith(r"\fbox{"):
        return str(found[len(r"\fbox{") : -1])
    try:
        return str(remove_boxed(found))
    except AssertionError:
        return None


def process_results(doc: dict[str, Any], results: list[str]) -> dict[str, int]:
    """The paper's rule on one completion; without a box it is wrong."""
    box = last_box(results[0])
    return {"exact_match": int(box is not None and is_equiv(box, doc["gold"]))}
