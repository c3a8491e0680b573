"""The paper's study on models of 0.1 M parameters and made-up problems, all of them in a hub's cache: no network."""

import json
from pathlib import Path
from typing import Any

import yaml

from tests.hub_cache import commit_of, put, write_dataset
from tests.tiny import raw_config, write_model

MODELS = ["r1_32b", "qwen32b", "qwen14b", "qwen7b", "qwen3b"]
WORDS = ["apples", "boxes", "cats", "dogs", "eggs", "figs", "geese", "hats", "inks", "jars", "kites", "lamps"]
SMALL = {"dtype": "float32", "gradient_checkpointing": False, "batch_size": 4, "accumulation": 1, "epochs": 1}
SMALL |= {"processes": 1, "sharding": "none"}


def question(dataset: str, number: int) -> str:
    """A problem that shares no run of words with another."""
    things = " and ".join(f"{number * (place + 2)} {word} of {dataset}" for place, word in enumerate(WORDS))
    return f"In {dataset} {number}, somebody counts {things}. How many in all?"


def rows(dataset: str, loader: str, count: int) -> list[dict[str, Any]]:
    """Rows as the loader's source has them."""
    if loader == "gsm8k":
        return [{"question": question(dataset, n), "answer": f"So.\n#### {n}"} for n in range(count)]
    if loader == "olympiadbench":
        return [{"question": question(dataset, n), "final_answer": [str(n)]} for n in range(count)]
    return [{"problem": question(dataset, n), "answer": str(n)} for n in range(count)]


def fill_cache(home: Path, folder: Path) -> None:
    """Every repository of config/paper.yaml, in small, in the cache under `home`."""
    raw = raw_config("paper")
    for seed, name in enumerate(MODELS):
        model = write_model(folder / name, seed)
        (model / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
        put(home, "model", raw["bases"][name]["repo"], model)
    sets = {block["hub"]["repo"]: (name, block) for name, block in raw["datasets"].items() if name != "validation"}
    for repo, (name, block) in sets.items():
        hub = block["hub"]
        source = write_dataset(
            folder / name, rows(name, block["loader"], 12), hub.get("config", "default"), hub["split"]
        )
        put(home, "dataset", repo, source)


def overlay() -> dict[str, Any]:
    """What is laid over config/paper.yaml: commits, fewer problems, short answers on a CPU, one student, one merge."""
    raw = raw_config("paper")
    greedy = {"max_tokens": 12}
    kept = {"keep": "all", "special_tokens": "keep", "max_tokens": 4000}
    return {
        "study": "offline",
        "device": "cpu",
        "seeds": [0],
        "datasets": {
            name: {"hub": {"revision": commit_of(block["hub"]["repo"])}, "limit": 4 if name == "validation" else 8}
            for name, block in raw["datasets"].items()
        },
        "bases": {name: {"revision": commit_of(raw["bases"][name]["repo"])} for name in MODELS},
        "merges": [{"tuned": "ta_long", "weights": [0.4], "densities": [0.5], "mask_seeds": [0]}],
        "merge_dtype": "float32",
        "corpora": dict.fromkeys(("long", "short", "unmerged", "mid"), kept),
        "students": {"bases": ["qwen3b"]},
        "sampling": {
            "engine": {
                "name": "transformers", "dtype": "float32", "batch_size": 8, "max_model_len": 4096, "tensor_parallel": 1
            },
            "shards": 1,
            "training": greedy,
            "validation": greedy,
            "evaluation": greedy,
        },
        "training": {"student": SMALL, "assistant": SMALL},
        "grading": {"workers": 1},
        "claims": None,
        "check_disk": False,  # by its name each of these pico models takes as much disk as the real one
    }  # fmt: skip


def write_overlay(path: Path, changes: dict[str, Any] | None = None) -> Path:
    path.write_text(yaml.safe_dump(json.loads(json.dumps(overlay() | (changes or {})))))
    return path
