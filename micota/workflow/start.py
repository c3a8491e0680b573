"""What happens when Snakemake starts: its command line and profile are checked, the study is loaded and written down.

Every process of a run reads the Snakefile, the jobs' own included; only the first one may refuse or write anything.
"""

import os
import shutil
import sys
from pathlib import Path
from shlex import quote
from typing import Any

from micota.common.errors import ConfigurationError, MissingFile
from micota.common.faults import in_one_line
from micota.common.files import whole
from micota.common.interpreter import exports, kept_out
from micota.common.orphans import SNAKEMAKE, process_mark
from micota.common.peak import PEAK
from micota.common.records import write_json
from micota.models.fingerprint import PORTABLE
from micota.planning.disk import check_room
from micota.planning.jobs import Job
from micota.study.graph import Study
from micota.study.load import load_study
from micota.study.paths import check_paths
from micota.workflow.commandline import LOOKING, checked_options
from micota.workflow.future import dated_in_future
from micota.workflow.kept import made_otherwise
from micota.workflow.paths import Paths
from micota.workflow.resources import Profile, check_filled
from micota.workflow.running import RUNS, check_unlock, start_run

IMAGE = "envs/micota.sif"  # what `apptainer build` makes of envs/container.def, or a link to where that lies


def say(text: str) -> None:
    """Tell the user something that Snakemake does not; scripts/follow.py lets it through."""
    print(f"micota: {text}", file=sys.stderr, flush=True)


def of_project(project: Path, path: str) -> str:
    """A file of the project, also where the run starts in another folder."""
    return path if project == Path.cwd() else str(project / path)


def told_when_killed(project: Path) -> str:
    """Shell commands that say of a job whose program is killed that it was, by what, and how much memory it took."""
    script = quote(of_project(project, "rules/killed.sh"))
    return f"""export MICOTA_KILLED={script} {PEAK}="$(mktemp || true)"; trap '. "$MICOTA_KILLED"' EXIT; """


def deployed(workflow: Any) -> set[str]:
    """How Snakemake provides the jobs' software (--sdm)."""
    return {method.name for method in workflow.deployment_settings.deployment_method}


def job_environment(workflow: Any, study: Study, project: Path) -> str:
    """Shell commands before that of each job: its Python, its devices, and whose job it is; braces doubled."""
    python = exports(project, sys.executable, bool({"CONDA", "APPTAINER"} & deployed(workflow)))
    # A GPU that is there is not used.
    devices = "export CUDA_VISIBLE_DEVICES=; " if study.config.device == "cpu" else ""
    portable = study.config.arithmetic != "native"
    vectors = "".join(f"export {name}={value}; " for name, value in PORTABLE.items()) if portable else ""
    text = f"set -euo pipefail; {python}{devices}{vectors}export {SNAKEMAKE}='{process_mark()}'; "
    text += told_when_killed(project)
    return text.replace("{", "{{").replace("}", "}}")


def enter(workflow: Any, config: dict[str, Any], profile: Profile, project: Path) -> Study:
    """The study of this run; the first process checks what it can and holds the study until it ends.

    Raises UserError for what the user can mend, and SystemExit where nothing is left to do.
    """
    given = options(project) if workflow.is_main_process else set()
    study = load_study(config, workflow.config_settings.config, project)
    check_filled(profile, sys.argv)
    looking = workflow.output_settings.dryrun or bool(given & LOOKING)
    if "unlock" in given:
        check_unlock()
    elif workflow.is_main_process:
        check_paths(study)
        if "APPTAINER" in deployed(workflow) and not Path(of_project(project, IMAGE)).is_file():
            raise MissingFile(
                f"{IMAGE}: no such image, which --sdm apptainer runs the jobs in; docs/setup.md builds it"
            )
        if out := kept_out(os.environ):
            say(f"{', '.join(out)}: the environment sets it; kept out of the jobs, and noted in the manifest")
        # Of an executor that submits jobs, --jobs says how many; on one machine it is another word for --cores.
        submits = workflow.resource_settings.nodes is not None
        held = not looking and "nolock" not in given
        if held and (cut_short := start_run(study.config.study, submits)):
            say(cut_short)
        for line in made_otherwise(study, Paths.of_study(study.config.study)):
            say(line)
        if told := dated_in_future(study, Paths.of_study(study.config.study)):
            say(told)
    if not looking:
        write_settings(study, anew=workflow.is_main_process)
    return study


def options(project: Path) -> set[str]:
    """The options of Snakemake's command line; UserError where one of them would be dropped."""
    from snakemake.cli import get_argument_parser, get_profile_dir
    from snakemake.profiles import ProfileConfigFileParser

    return checked_options(get_argument_parser(), sys.argv[1:], project, get_profile_dir, ProfileConfigFileParser())


def write_settings(study: Study, anew: bool) -> None:
    """Write down the study as it is in effect: the programs read their settings from there.

    No rule makes the file. What each output hangs on is in its rule's params, which re-run it; a rule's output that is
    declared ancient() would swallow such a change. A job writes it only where it is not there (a disk of its own).
    """
    path = Path(Paths.of_study(study.config.study).settings)
    text = study.given.model_dump_json(indent=2) + "\n"
    if not path.is_file() or (anew and path.read_text(encoding="utf-8", errors="replace") != text):
        with whole(path) as handle:
            handle.write(text)


def before_first_job(workflow: Any, study: Study) -> None:
    """Called by Snakemake when its jobs are known and none is started: its WorkflowError refuses the run."""
    from snakemake.exceptions import WorkflowError

    try:
        check_jobs(workflow, study)
    except Exception as error:
        if (said := in_one_line(error)) is None:
            raise
        raise WorkflowError(said) from None


def check_jobs(workflow: Any, study: Study) -> None:
    """Refuse, by UserError, what can be known to fail; write down which jobs the run has."""
    # Each task of an array takes the first task's files for its own, and removes them if it fails (docs/cluster.md).
    if getattr(workflow.executor_settings, "array_jobs", None):
        raise ConfigurationError(
            "slurm-array-jobs: remove it from the profile. With the executor plugin 2.6.1, a task of an array that"
            " fails deletes what the array's first task has finished"
        )
    if hasattr(workflow.executor_settings, "array_jobs") and not shutil.which("sbatch"):
        raise ConfigurationError(
            "executor: slurm, and this machine has no sbatch: start it where jobs are submitted from"
        )
    jobs = jobs_to_run(workflow)
    if study.config.check_disk:
        check_room(study, list(jobs.values()))
    write_json(RUNS / f"{study.config.study}.jobs", graph_of(workflow, jobs))
    say(f"jobs in {RUNS / study.config.study}.jobs")


def jobs_to_run(workflow: Any) -> dict[Any, Job]:
    """The jobs of this run, by Snakemake's own, as the plan knows them."""
    dag = workflow.dag
    numbers = {job: dag.jobid(job) for job in dag.needrun_jobs()}
    return {
        job: Job(
            number,
            job.rule.name,
            job.wildcards_dict,
            tuple(numbers[other] for other in dag.dependencies[job] if other in numbers),
        )
        for job, number in numbers.items()
    }


def graph_of(workflow: Any, jobs: dict[Any, Job]) -> dict[str, Any]:
    """What scripts/follow.py is told of a run: how many jobs were done before, and those to come."""
    told = [
        {
            "number": known.number,
            "rule": known.rule,
            "name": Path(job.benchmark).stem if job.benchmark else "",
            "threads": job.threads,
            "needs": known.needs,
        }
        for job, known in jobs.items()
    ]
    return {"before": len(list(workflow.dag.jobs)) - len(jobs), "jobs": told}
