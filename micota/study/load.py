"""A study from its configuration, or from the settings that a run wrote down: its graph is built, then checked."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from micota.common.errors import ConfigurationError, MissingFile
from micota.common.records import read_json
from micota.common.settings import laid_over
from micota.study.chains import unchained
from micota.study.checks import check
from micota.study.config import parse_config
from micota.study.graph import Study
from micota.study.paths import located

FLAG_HELP = (
    "the study: a YAML configuration, several of which a later one is laid over the earlier, or the study.json that a"
    " run of Snakemake writes beside its results"
)


def add_study_flag(parser: argparse.ArgumentParser, required: bool = False) -> None:
    parser.add_argument("--study", type=Path, nargs="+", required=required, metavar="FILE", help=FLAG_HELP)


def load_study(raw: dict[str, Any], typed: Mapping[str, Any] | None = None, project: Path | None = None) -> Study:
    """Check a raw configuration and resolve it.

    `typed` is what of it comes from Snakemake's command line, `project` the checkout, if the run may start elsewhere.
    """
    config = parse_config(raw, typed)
    given = located(config, project) if project else config
    check(Study(unchained(given)))  # its names are those that the configuration has
    return Study(given)


def study_of(paths: Sequence[Path]) -> Study:
    """The study of a program's `--study`: see FLAG_HELP."""
    if not paths[0].exists() and paths[0].name == "study.json":
        raise MissingFile(f"{paths[0]}: no such file; a run of Snakemake writes it. Give the study's YAML instead")
    return load_study(read_config(paths))


def read_config(paths: Sequence[Path]) -> dict[str, Any]:
    """The raw configuration of several files, each laid over those before it."""
    raw: dict[str, Any] = {}
    for path in paths:
        document = read_json(path) if path.suffix == ".json" else read_yaml(path)
        if not isinstance(document, dict):
            raise ConfigurationError(
                f"{path}: it holds no keys, but {type(document).__name__}: a configuration has keys"
            )
        raw = laid_over(raw, document)
    return raw


def read_yaml(path: Path) -> Any:
    import yaml

    if not path.is_file():
        raise MissingFile(f"{path}: no such file")
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
