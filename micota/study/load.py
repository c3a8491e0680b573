"""A study from its configuration: its graph is built, then checked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from micota.study.checks import check
from micota.study.config import parse_config
from micota.study.graph import Study
from micota.study.paths import located


def load_study(raw: dict[str, Any], typed: Mapping[str, Any] | None = None, project: Path | None = None) -> Study:
    """Check a raw configuration and resolve it.

    `typed` is what of it comes from Snakemake's command line, `project` the checkout, if the run may start elsewhere.
    """
    config = parse_config(raw, typed)
    study = Study(located(config, project) if project else config)
    check(study)
    return study
