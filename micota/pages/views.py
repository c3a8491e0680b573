"""The views of the page as plain data for its templates: verdicts, evidence, corpora, merges, tables, the run."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any
from urllib.parse import urlencode

from micota.common.tables import Row, read_csv
from micota.pages import charts, evidence
from micota.pages.gather import Gathered, labels_of
from micota.results import entries
from micota.results.labels import corpus_label
from micota.results.measures import Data
from micota.results.sides import (
    CONTRADICTED,
    EQUIVALENT,
    ESTIMATED,
    NOT_TESTABLE,
    REPRODUCED,
    UNDECIDED,
    in_words,
)
from micota.results.summary import sentences
from micota.results.tables.claims import readable
from micota.study.asked import SOLVED, UNDER_A_BASE

ORDER = (CONTRADICTED, REPRODUCED, EQUIVALENT, UNDECIDED, ESTIMATED, NOT_TESTABLE)  # the bad news first
SHOWN = {"both": "both right", "first": "only the first", "second": "only the second", "neither": "neither"}
MOST = 8  # columns of a comparison


def compare(data: Sequence[str], models: Sequence[str], **more: str) -> str:
    """The address of a comparison of traces."""
    query = {"data": ",".join(data), "models": ",".join(models[:MOST])} | more
    return "#compare?" + urlencode(query, safe=",@/")


def claims_view(found: Gathered, beside: Mapping[str, Row]) -> list[dict[str, Any]]:
    """Each claim with its parts, contradicted ones first; `beside`: the same claims in another study, by name."""
    if found.study.config.claims is None:
        return []
    family = found.study.config.claims.model_dump()["family"]
    data, labels = found.data, labels_of(found.study)
    shown = []
    for name, claim in family.items():
        rows = [row for row in found.claims if row["claim"] == name]
        parts = [
            part_view(found, data, labels, part, row, f"{name}-{number}")
            for number, (part, row) in enumerate(zip(claim["parts"], rows, strict=True), start=1)
        ]
        first = readable(rows[0])
        shown.append(
            {key: claim[key] for key in ("text", "whose", "kind", "published")}
            | {"name": name, "parts": parts, "verdict": rows[0]["verdict"], "reason": rows[0]["reason"]}
            | {"narrow": narrow(rows[0]), "p_holm": first["p_holm"]}
            | {"kind_of": rows[0]["verdict"].replace(" ", "-"), "unit": rows[0]["unit"]}
            | {"beside": other_view(beside.get(name), claim["text"])}
        )
    return sorted(shown, key=lambda claim: ORDER.index(claim["verdict"]))


def other_view(row: Row | None, text: str) -> dict[str, Any] | None:
    """The same claim in another study, if it is the same by its words."""
    if row is None or row["text"] != text:
        return None
    shown = readable(row)
    return {
        "verdict": row["verdict"],
        "kind_of": row["verdict"].replace(" ", "-"),
        **{k: shown[k] for k in ("effect", "interval")},
    }


def narrow(row: Row) -> str | None:
    """What a decided claim holds for, where that is one chain alone."""
    said = in_words(row["verdict"], row["about"])
    return str(row["about"]) if said != row["verdict"] else None


def part_view(
    found: Gathered, data: Data, labels: Mapping[str, str], part: dict[str, Any], row: Row, name: str
) -> dict[str, Any]:
    """One contrast: words, numbers, dots, pairs of models and ways to their traces."""
    shown = readable(row)
    kept = ("effect", "interval", "by_problem", "mde", "published", "power_at_published")
    view: dict[str, Any] = {key: shown[key] for key in kept}
    view |= {key: None if row[key] is None else f"{row[key]:g}" for key in ("chains", "seeds", "problems")}
    view |= {"words": evidence.contrast_in_words(part, labels), "claimed": evidence.claimed(part), "unit": row["unit"]}
    view |= {"dots": None, "several": False, "pairs": [], "terms": [], "links": []}
    if part["measure"] in (*UNDER_A_BASE, SOLVED):
        return view | {"links": corpora_links(found, data, part)}
    asked = list(part["benchmarks"] or data.benchmarks) if part["measure"] == "accuracy" else [str(data.validation)]
    if (known := evidence.units(part, data)) and row["effect"] is not None:
        own = [r for r in found.claim_benchmarks if (r["claim"], r["part"]) == (row["claim"], row["part"])]
        view["several"] = known[1][0].size > 1
        view["dots"] = charts.dots(f"dots-{name}", row, own, *known, evidence.average(part, known[1]))
    pairs = evidence.pairs(part, data, asked)
    for pair in pairs:
        links = {key: compare(asked, pair["models"], show=key) for key in SHOWN}
        view["pairs"].append(pair | {"label": evidence.seeds_of(pair["models"]) or "one run", "links": links})
    view["terms"] = [labels.get(term, term) for term in evidence.two_terms(part) or ()]
    models = evidence.models_of(part, data.runs)
    view["links"] = [("Their traces side by side", compare(asked, models))]
    if part["measure"].endswith("tokens") or not pairs:
        view["links"].append(("Where they differ", compare(asked, models, show="differ")))
    return view


def corpora_links(found: Gathered, data: Data, part: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Ways to the corpora of a contrast, and to what their samplers wrote."""
    corpora = {corpus["name"]: corpus for corpus in found.corpora}
    named = [corpora[name] for name in evidence.models_of(part, data.runs)]
    links = [(f"The corpus {corpus['label']}", f"#corpus/{corpus['name']}") for corpus in named]
    samplers = [name for corpus in named for name in corpus["samplers"] if name in found.models]
    if named and (samplers := list(dict.fromkeys(samplers))):
        links.insert(0, ("What their samplers wrote, side by side", compare([named[0]["data"]], samplers)))
    return links


def merges_view(found: Gathered) -> list[dict[str, Any]]:
    """Each sweep: its models by weight, how they did on the validation problems, and the way to one problem of all."""
    study, labels = found.study, labels_of(found.study)
    data = str(study.config.validation_problems)
    sweeps: dict[tuple[str, Any], list[dict[str, Any]]] = {}
    for entry in entries.assistants(study):
        cell = found.models[entry["model"]].cells.get(data) if entry["model"] in found.models else None
        if cell is None:
            continue
        tokens = cell.tokens
        row = {
            "model": entry["model"],
            "label": labels.get(entry["model"], entry["model"]),
            "weight": 1.0 if entry["weight"] is None else entry["weight"],
            "density": entry["density"],
            "accuracy": f"{100 * cell.correct / len(tokens):.1f}",
            "tokens": f"{fmean(tokens):.0f}",
        }
        sweeps.setdefault((entry["tuned"], entry["chain"]), []).append(row)
    shown = []
    for (tuned, chain), rows in sweeps.items():
        own = sorted(rows, key=lambda row: (row["weight"], row["density"] or 0))
        name = tuned if chain is None else f"{tuned}-c{chain}"
        title = tuned if chain is None else f"{tuned}, chain {chain}"
        link = compare([data], [row["model"] for row in own])
        shown.append({"name": name, "title": title, "rows": own, "data": data, "link": link, "most": MOST})
    return shown


def arms_of(found: Gathered) -> dict[tuple[str, str], str]:
    """Student and corpus, as tables write them -> the model of the first chain and seed."""
    arms: dict[tuple[str, str], str] = {}
    for entry in entries.main(found.study):
        arms.setdefault((entry["base"], corpus_label(entry["corpus"])), entry["model"])
        arms.setdefault((entry["base"], entry["corpus"]), entry["model"])
    return arms


def stages(found: Gathered, tables: int, figures: int) -> list[tuple[str, str]]:
    """The method in steps, and how many things each made here."""
    study = found.study
    counts = found.index["counts"]
    return [
        (
            "problems",
            f"{sum(len(each.texts) for each in found.problems.values()):,} of {len(found.problems)} data sets",
        ),
        ("bases", f"{len(study.bases)} models"),
        ("teacher and assistant", f"{len(study.config.tuned)} trainings"),
        ("merges", f"{len(study.merges)} models"),
        ("traces, graded", f"{counts['traces']:,} of {len(found.models)} models"),
        ("corpora", f"{len(study.config.corpora)} with {counts['rows']:,} rows"),
        ("students", f"{len(study.students)} trainings"),
        ("tables and figures", f"{tables} and {figures}"),
    ]


def run_view(found: Gathered) -> dict[str, Any]:
    """The manifest in short, and what of the configuration is not its default."""
    manifest = found.manifest
    if not manifest:
        return {}
    asked = found.study.given.model_dump(mode="json", exclude_defaults=True)
    return {
        "manifest": manifest,
        "config": only(manifest["config"], asked),
        "costs": sorted(manifest["costs"].items(), key=lambda item: -item[1]["wall_seconds"]),
    }


def only(whole: Any, part: Any) -> Any:
    """Of a tree what another one has the keys of."""
    if isinstance(whole, Mapping) and isinstance(part, Mapping):
        return {key: only(value, part[key]) for key, value in whole.items() if key in part}
    return whole


def headline(found: Gathered, confirmed: Sequence[Row]) -> list[str]:
    """Three plain sentences; `confirmed`: the claims of the confirmation run."""
    if not found.claims:
        return ["This study states no claims, so it has no verdicts."]
    main = read_csv(found.results / "tables/main.csv")
    return sentences(main, found.claims, confirmed or None, found.study.given.students.proposed)


def known_names(found: Gathered) -> dict[str, str]:
    """Model or corpus -> its address, for cells of tables that name it."""
    known = {model: f"#model/{model}" for model in found.models}
    return known | {
        corpus["name"]: f"#corpus/{corpus['name']}" for corpus in found.corpora if corpus["name"] not in known
    }
