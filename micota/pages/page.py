"""All views of the page together."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from micota.common.tables import Row
from micota.pages import charts
from micota.pages.gather import Gathered
from micota.pages.tables import Table, caption, link_cells, read_table
from micota.pages.views import arms_of, claims_view, headline, known_names, merges_view, run_view, stages

Captioned = tuple[str, Path]  # a label, and the file of the caption


def views(
    found: Gathered,
    beside: Sequence[Row],
    tables: Mapping[str, Captioned],
    figures: Mapping[str, tuple[str, Mapping[str, Captioned]]],
    folder: Path,
) -> dict[str, Any]:
    """What the templates need.

    `beside`: the claims of the confirmation run; `tables`: file -> its label and caption; `figures`: name -> its table
    and images; `folder`: where the page will lie.
    """
    claims = claims_view(found, {row["claim"]: row for row in beside if row["part"] == 1})
    images = figures_view(found, figures, folder)
    shown = tables_view(found, tables, folder)
    return {
        "study": found.study.config.study,
        "sentences": headline(found, beside),
        "claims": claims,
        "chains": len(found.study.chains),
        "corpora": found.corpora,
        "merges": merges_view(found),
        "tables": shown,
        "figures": images,
        "stages": stages(found, len(shown), len(images)),
        "run": run_view(found),
        "counts": found.index["counts"],
        "all_texts": found.index["all"],
    }


def tables_view(found: Gathered, tables: Mapping[str, Captioned], folder: Path) -> list[Table]:
    """Every table that is shown, with links from its cells."""
    home, shown = found.results / "tables", []
    arms, known, data = arms_of(found), known_names(found), set(found.problems)
    for file, (label, words) in tables.items():
        table = read_table(home, file, label, caption(words))
        endings = [ending for ending in ("csv", "tex") if (home / f"{table.name}.{ending}").is_file()]
        table.files = {ending: os.path.relpath(home / f"{table.name}.{ending}", folder) for ending in endings}
        link_cells(table, arms, known, data)
        shown.append(table)
    return shown


def figures_view(
    found: Gathered, figures: Mapping[str, tuple[str, Mapping[str, Captioned]]], folder: Path
) -> list[dict[str, Any]]:
    """Every figure as SVG, with its caption and the way to the files that were drawn beside the page."""
    shown = []
    for name, (table, images) in figures.items():
        labels = {image: label for image, (label, _) in images.items()}
        made = charts.drawn(name, found.results / f"tables/{table}.csv", labels)
        for image, (label, words) in images.items():
            there = [ending for ending in ("png", "pdf") if (folder / f"{image}.{ending}").is_file()]
            files = {ending: f"{image}.{ending}" for ending in there}
            shown.append(
                {"name": image, "label": label, "svg": made[image], "caption": caption(words), "files": files}
                | {"table": table}
            )
    return shown
