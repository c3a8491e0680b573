"""The workflow as the Snakemake Workflow Catalog wants it, and as a module that snakedeploy deploys from a git host."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.project import copy_project, output_of, snakemake
from tests.provenance.test_manifest import git, needs_git

# What snakedeploy 0.17.1 writes of a repository on GitHub.
DEPLOYED = """
configfile: "config/config.yml"


module micota:
    snakefile:
        github("owner/micota", path="workflow/Snakefile", branch="main")
    config:
        config


use rule * from micota
"""


def test_the_catalogs_files_are_there() -> None:
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment"}
    assert (ROOT / "workflow" / "Snakefile").is_file()
    assert (ROOT / "config" / "README.md").is_file()
    words = (ROOT / "README.md").read_text(encoding="utf-8").lower()
    assert "snakemake" in words and "workflow" in words  # or the catalog does not find it


def test_what_every_deployed_study_is_laid_over_is_empty() -> None:
    """Else a study would inherit another one's models."""
    assert yaml.safe_load((ROOT / "config" / "config.yml").read_text(encoding="utf-8")) == {}


def test_the_page_of_the_configuration_names_every_study() -> None:
    page = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in (ROOT / "config").glob("*.yaml") if f"`{path.name}`" not in page] == []


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as snakedeploy leaves it, of a host that is a folder here."""
    place = tmp_path_factory.mktemp("deployed")
    source = place / "host" / "owner" / "micota"
    source.mkdir(parents=True)
    copy_project(source)
    git(source, "init", "-q", "-b", "main")
    git(source, "add", "-A")
    git(source, "commit", "-qm", "one")
    (place / "gitconfig").write_text(
        f'[url "file://{place}/host/"]\n\tinsteadOf = https://github.com/\n[safe]\n\tdirectory = *\n', encoding="utf-8"
    )
    study = place / "study"
    for part in ("config", "profiles"):
        shutil.copytree(ROOT / part, study / part)
    (study / "workflow").mkdir()
    (study / "workflow" / "Snakefile").write_text(DEPLOYED, encoding="utf-8")
    return study


@needs_git
def test_a_deployed_workflow_finds_its_programs_and_runs(deployed: Path) -> None:
    settings = {
        "GIT_CONFIG_GLOBAL": str(deployed.parent / "gitconfig"),
        "XDG_CACHE_HOME": str(deployed.parent / "cache"),
    }
    run = snakemake(deployed, "--until", "load_problems", settings=settings)
    assert run.returncode == 0, output_of(run)
    datasets = yaml.safe_load((ROOT / "config" / "mini.yaml").read_text(encoding="utf-8"))["datasets"]
    assert [name for name in datasets if not (deployed / f"results/mini/problems/loaded/{name}.jsonl").is_file()] == []
    (checkout,) = (deployed / ".snakemake").glob("micota-*")
    assert git(checkout, "rev-parse", "HEAD") == git(deployed.parent / "host/owner/micota", "rev-parse", "HEAD")
