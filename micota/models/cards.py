"""The card of a model, README.md in its folder, as the Hub shows it: what it is, from what, data, numbers, licence.

All of it comes from micota.json, the weights' headers and the study's tables, so that it can be made again at any time.
It is no part of the model: no hash covers it (micota/models/folders.py).
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import fill
from typing import Any

from micota.common.records import Record, read_json

CARD = "README.md"
OURS = {"license": "mit"}  # of what this project makes from nothing but its own programs
PROJECT = "the MiCoTA reproduction"
RELATIONS = {"tuned": "finetune", "merged": "merge"}
SCORES = ("benchmark", "problems", "n", "accuracy", "accuracy_low", "accuracy_high", "mean_tokens", "truncated_percent")
HEADINGS = ("benchmark", "problems", "traces", "accuracy, %", "95 % interval", "tokens a trace", "cut off, %")


def inherited(made: Mapping[str, Any]) -> Record:
    """What a model's micota.json hands on to those made from it: `licence` by the Hub's fields, `hub` repositories."""
    told = origin(made)
    own = made.get("licence") or told.get("licence") or (OURS if told.get("source") == "scratch" else {})
    hub = [f"{told['repo']}@{told['revision']}"] if told.get("repo") else told.get("hub") or []
    return {"licence": dict(own), "hub": hub}


def kind_of(made: Mapping[str, Any]) -> str:
    """The kind of a model, a key of SAID; "" where its micota.json is not, or no longer, as this project writes it."""
    kind = str(made.get("source") if made.get("kind") == "base" else made.get("kind"))
    return kind if kind in NEEDS and made.keys() >= NEEDS[kind] else ""


def origin(made: Mapping[str, Any]) -> Mapping[str, Any]:
    """How a model was made: of a copy of a folder that this project made, what that folder says."""
    told = made.get("origin") or {}
    return origin(told) if kind_of(told) else made


def inherited_from(folder: Path) -> Record:
    """The same of a model's folder; nothing is known of one without micota.json."""
    made = folder / "micota.json"
    return inherited(read_json(made) if made.is_file() else {})


def card(name: str, made: Mapping[str, Any], parameters: int, scores: Iterable[Mapping[str, Any]] = ()) -> str:
    """The card of a model; `made` is its micota.json, `scores` its rows of tables/main_cells."""
    told = origin(made)
    what, source, data, unfit = SAID[kind_of(told)](told)
    parts = [
        front(made),
        f"# {name}",
        f"{what} It has {parameters:,} parameters (tied ones counted once). Made by {PROJECT} (arXiv:2507.01887, not by"
        " the paper's authors); this card is made from `micota.json`, which has every setting and the files' hashes.",
        "## From what",
        source,
        "## Data",
        data,
        "## Numbers",
        numbers(told),
        scored(list(scores)),
        "## Licence",
        licence(made),
        "## Not for",
        unfit,
    ]
    return "\n\n".join(map(wrapped, parts)) + "\n"


def wrapped(part: str) -> str:
    """A paragraph in lines of 120 characters; front matter and tables as they are."""
    if part.startswith(("---", "|")):
        return part
    return fill(part, 120, break_long_words=False, break_on_hyphens=False)


def front(made: Mapping[str, Any]) -> str:
    """The Hub's fields."""
    import yaml

    told, handed = origin(made), inherited(made)
    fields: Record = {
        **(handed["licence"] or {"license": "unknown"}),
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["micota", "chain-of-thought", told["kind"]],
    }
    if repositories := [name.partition("@")[0] for name in handed["hub"]]:
        fields["base_model"] = repositories
        if relation := RELATIONS.get(told["kind"]):
            fields["base_model_relation"] = relation
    return f"---\n{yaml.safe_dump(fields, sort_keys=False, allow_unicode=True)}---"


def scratch(made: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return (
        "A small Qwen2 language model that solves chains of arithmetic by writing their steps (CoT), pre-trained from"
        " nothing.",
        f"Random weights (seed {made['seed']}) of this shape: {listed(made['shape'])}. {recipe(made['training'])}",
        f"{made['counts']['kept']:,} demonstrations that a program wrote (docs/data-card.md); no text of people. "
        f"Their settings: {listed(made['demonstrations'])}.",
        "Anything but such arithmetic: it has read nothing else, knows no language, and is wrong on much of what is"
        " longer than its demonstrations. It exists to study distillation.",
    )


def hub(made: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return (
        "A copy of a model of the Hugging Face Hub, unchanged: configuration, tokenizer and weights.",
        f"`{made['repo']}`, revision `{made['revision']}`.",
        "What its own card says.",
        "What its own card says. This folder leaves out what runs code, and that card.",
    )


def local(made: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return (
        "A copy of a local model's folder, unchanged: configuration, tokenizer and weights.",
        f"The folder `{Path(made['path']).name}`.",
        "Not known to this project.",
        "What whoever made it says.",
    )


def tuned(made: Mapping[str, Any]) -> tuple[str, str, str, str]:
    corpus = Path(made["corpus"]).stem
    return (
        f"A model fine-tuned on the chain-of-thought corpus `{corpus}`.",
        f"`{Path(made['base']).name}`{whence(made)}. {recipe(made['recipe'])} Seed {made['seed']}.",
        f"The corpus `{corpus}`: {made['counts']['kept']:,} traces were learned from, of {made['counts']['read']:,}"
        f" read. Models wrote them, a grader kept some (the study's tables/corpora): their mistakes and the licences of"
        " problems and samplers come with them (docs/licences.md).",
        UNFIT,
    )


def merged(made: Mapping[str, Any]) -> tuple[str, str, str, str]:
    how = made["mergekit"]
    names = [f"`{Path(model['model']).name}`" for model in how["models"]]
    return (
        f"A merge of models by mergekit ({how['merge_method']}).",
        f"{' and '.join(names)}{whence(made)}; mask seed {made['seed']}. mergekit's configuration is in `micota.json`.",
        "None of its own: that of the models it was merged from.",
        UNFIT,
    )


UNFIT = (
    "Anything but problems of the kind that its study asks. Nothing else was measured, least of all safety; it inherits"
    " what its base and its corpus lack. It exists to study distillation."
)
SAID = {"scratch": scratch, "hub": hub, "local": local, "tuned": tuned, "merged": merged}
NEEDS = {  # of micota.json, to be told from it
    "scratch": {"seed", "shape", "demonstrations", "training", "counts", "steps"},
    "hub": {"repo", "revision"},
    "local": {"path"},
    "tuned": {"base", "corpus", "recipe", "seed", "counts", "steps"},
    "merged": {"mergekit", "seed"},
}


def whence(made: Mapping[str, Any]) -> str:
    """The repositories of the hub that it goes back to, if any."""
    names = ", ".join(f"`{name}`" for name in inherited(made)["hub"])
    return f", which goes back to {names}" if names else ""


def listed(block: Mapping[str, Any]) -> str:
    """Settings in a line."""
    return ", ".join(f"{key} {value}" for key, value in block.items() if value is not None)


def recipe(settings: Mapping[str, Any]) -> str:
    shown = ("epochs", "learning_rate", "batch_size", "accumulation", "processes", "max_length")
    return f"Trained with {listed({key: settings.get(key) for key in shown})}."


def numbers(made: Mapping[str, Any]) -> str:
    """What the training's end said; a merge has none."""
    if "steps" not in made:
        return "No training of its own."
    loss = made.get("loss")
    said = "" if loss is None else f", mean training loss {loss:.4f}"
    return f"{made['steps']:,} steps{said}."


def scored(scores: list[Mapping[str, Any]]) -> str:
    """The study's scores as a table; how to have them, where there are none."""
    if not scores:
        return "Scores are not in this card: `make cards STUDY=...` adds those of a study that has run."
    rows = []
    for row in scores:
        benchmark, problems, n, accuracy, low, high, tokens, cut = (row[key] for key in SCORES)
        interval = f"{low:.1f} to {high:.1f}"
        shown = (f"{accuracy:.1f}", interval, f"{tokens:.0f}", f"{cut:.1f}")
        rows.append((benchmark, int(problems), int(n), *shown))
    lines = [HEADINGS, ("---",) * len(HEADINGS), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def licence(made: Mapping[str, Any]) -> str:
    """In words."""
    handed = inherited(made)
    fields = handed["licence"]
    if not fields:
        return "Not known: no card of what it was made from names one. Find out before you share it."
    named = " ".join(str(fields[key]) for key in ("license", "license_name", "license_link") if fields.get(key))
    if origin(made).get("source") == "scratch":
        return f"{named}, that of the project (LICENSE)."
    return f"{named}: that of the weights it was made from, by its card. It binds what is made from them."
