"""Nothing that a command line of Snakemake, or a profile, says is dropped without a word."""

from pathlib import Path

import pytest
from snakemake.cli import get_argument_parser, get_profile_dir
from snakemake.profiles import ProfileConfigFileParser

from micota.common.errors import UserError
from micota.workflow.commandline import LOOKING, PAIRS, checked_options, given_options
from tests.conftest import ROOT
from tests.project import output_of, snakemake

PARSER = get_argument_parser()


def options(*arguments: str, project: Path = ROOT) -> set[str]:
    return checked_options(PARSER, arguments, project, get_profile_dir, ProfileConfigFileParser())


def test_the_named_options_are_those_of_snakemake() -> None:
    assert {action.dest for action in PARSER._actions} >= LOOKING | PAIRS


@pytest.mark.parametrize(
    ("words", "joined"),
    [
        (["--config", "seeds=[5]", "--config", "study=other"], "--config 'seeds=[5]' study=other"),
        (["--config=seeds=[5]", "-C", "study=other"], "--config 'seeds=[5]' study=other"),
        (["-Cseeds=[5]", "--config", "study=other"], "--config 'seeds=[5]' study=other"),
        (["--configfile", "a.yaml", "--configfiles", "b.yaml"], "--configfile a.yaml b.yaml"),
        (["--configfile=a.yaml", "-n", "--configfile=b.yaml"], "--configfile a.yaml b.yaml"),
        (["--forcer", "train", "-R", "grade"], "--forcerun train grade"),
        (["--set-res", "a:gpu=1", "--set-resources", "b:gpu=2"], None),  # abbreviated, but of two options
        (["--set-resou", "a:gpu=1", "b:gpu=1", "--set-thr", "a=1", "--set-resou", "c:gpu=2"], None),
        (["--set-resources", "a:gpu=1", "--set-resources", "b:gpu=2"], "--set-resources a:gpu=1 b:gpu=2"),
        (["--allowed-rules", "a", "--until", "a", "--allowed-r", "b"], "--allowed-rules a b"),
    ],
)
def test_an_option_that_is_given_twice_is_refused_with_the_joined_form(words: list[str], joined: str | None) -> None:
    with pytest.raises(UserError, match="keeps the last one alone") as error:
        options("--cores", "2", *words)
    assert joined is None or str(error.value).endswith(f"Give it once: {joined}")


def test_a_key_that_is_given_twice_is_refused() -> None:
    with pytest.raises(UserError, match="--config: seeds stands there twice"):
        options("--config", "seeds=[5]", "study=x", "seeds=[6]")
    options("--config", "sizes={gaps: 1}", "sizes={more: 2}")  # blocks are merged


@pytest.mark.parametrize(
    "words",
    [
        ["--configfile", "a.yaml", "b.yaml", "--config", "seeds=[5]", "study=other"],
        ["--cores", "1", "--cores", "2", "-n", "--quiet"],
        ["--forcerun", "train", "--force", "--", "--config", "--config"],
        ["--resources", "gpu_job=4"],
        ["--rerun-triggers", "mtime"],
    ],
)
def test_what_loses_nothing_passes(words: list[str]) -> None:
    assert {"configfile", "cores", "forcerun", "resources", "rerun_triggers"} & options(*words)


def test_words_belong_to_the_option_before_them() -> None:
    given = given_options(PARSER, ["target", "--config", "a=1", "b=2", "-n", "--configfile=c.yaml"])
    assert given == {"config": [["a=1", "b=2"]], "dryrun": [[]], "configfile": [["c.yaml"]]}


@pytest.mark.parametrize(
    ("profile", "words", "said"),
    [
        ("config: ['seeds=[7]', study=x]", ["--config", "study=y"], "--config 'seeds=[7]' study=y"),
        ("config: {seeds: [7]}", ["--config", "study=y"], "study=y"),
        ("set-resources: {train: {gpu: 1}}", ["--set-resources", "sample:gpu=1"], "train:gpu=1 sample:gpu=1"),
        ("default-resources: {slurm_account: me}", ["--default-resources", "mem_mb=1"], "slurm_account=me mem_mb=1"),
        ("configfile: config/paper.yaml", [], "profiles/default/config.yaml sets --configfile too"),
        ("rerun-triggers: [mtime]", [], "sets --rerun-triggers too"),
        ("resources: {mem_mb: 9}", [], "--resources mem_mb=9"),
    ],
)
def test_a_profile_of_which_something_would_be_dropped_is_refused(
    tmp_path: Path, profile: str, words: list[str], said: str
) -> None:
    (tmp_path / "config.yaml").write_text(profile)
    arguments = ["--profile", str(tmp_path), *words]
    with pytest.raises(UserError, match="which Snakemake drops") as error:
        options(*arguments)
    assert said in str(error.value) and str(tmp_path) in str(error.value)


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("config: ['seeds=[7]']", []),
        ("config: ['seeds=[7]']", ["--config", "seeds=[8]", "study=y"]),
        ("configfile: config/paper.yaml", ["--configfile", "config/smoke.yaml"]),
        ("rerun-incomplete: true", []),
        ("printshellcmds: true", []),
    ],
)
def test_a_profile_that_is_taken_or_overruled_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str, words: list[str]
) -> None:
    (tmp_path / "config.yaml").write_text(profile)
    options("--profile", str(tmp_path), *words)
    monkeypatch.setenv("SNAKEMAKE_PROFILE", str(tmp_path))
    options(*words)


def test_the_profiles_own_cap_of_gpu_jobs_is_not_dropped_by_another_resource() -> None:
    with pytest.raises(UserError, match="--resources gpu_job=1 mem_mb=64000"):
        options("--resources", "mem_mb=64000")


def test_a_real_command_line_is_refused_in_one_line(project: Path) -> None:
    run = snakemake(project, "-n", "--config", "seeds=[5]", "--config", "study=other")
    assert run.returncode == 2
    (line,) = [line for line in output_of(run).splitlines() if line.startswith("error:")]
    assert line.endswith("--config 'seeds=[5]' study=other")
    assert "Traceback" not in output_of(run) and "Job stats" not in output_of(run)


def test_nested_values_of_the_command_line_have_types(project: Path) -> None:
    """Snakemake makes texts of everything in them; a text that the schema wants stays one.

    No --configfile is given: the default profile names the miniature.
    """
    sweep = "merges=[{tuned: ta_long, method: dare_ties, weights: [0.4, 0.175], densities: [0.5], mask_seeds: [0]}]"
    run = snakemake(
        project,
        "-n",
        "--config",
        "training={student: {learning_rate: 2.0e-3}}",
        "claims=null",
        "keep_merged=true",
        sweep,
    )
    assert run.returncode == 0, output_of(run)
    assert "ta_long-w0.4-d0.5-m0" in output_of(run)
    assert "results/mini/tables/main.csv" in output_of(run)
