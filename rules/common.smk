"""What the rules share: the study's graph (micota/study/graph.py), the names wildcards may take, and paths from names."""

import json
import os
import shutil
import sys
from pathlib import Path

from snakemake.cli import get_argument_parser, get_profile_dir
from snakemake.profiles import ProfileConfigFileParser

PROJECT = Path(workflow.basedir)
sys.path.insert(0, str(PROJECT))

from micota.common.cli import UserError
from micota.workflow.cluster import check_filled, gpu_resources, memory_mb
from micota.workflow.commandline import LOOKING, checked_options
from micota.planning.disk import check_room
from micota.models.fingerprint import PORTABLE
from micota.common.interpreter import exports, kept_out
from micota.planning.jobs import Job
from micota.study.names import name_patterns
from micota.common.orphans import SNAKEMAKE, process_mark
from micota.study.paths import check_paths
from micota.common.records import write_json
from micota.workflow.running import RUNS, check_unlock, start_run
from micota.study.load import load_study

# What the profile, if there is one, says for every rule, and for single ones: {block: {key: value}}.
PROFILE = {"default-resources": workflow.resource_settings.default_resources or {}}
PROFILE |= {f"set-resources: {rule}": keys for rule, keys in workflow.resource_settings.overwrite_resources.items()}
PROFILE = {block: {key: str(keys[key].raw).strip("'\"") for key in keys} for block, keys in PROFILE.items()}


DEPLOYED = {method.name for method in workflow.deployment_settings.deployment_method}  # --sdm
IMAGE = "envs/micota.sif"  # what `apptainer build` makes of envs/container.def, or a link to where that lies


def say(text):
    """Tell the user something that Snakemake does not; scripts/follow.py lets it through."""
    print(f"micota: {text}", file=sys.stderr, flush=True)


def of_project(path):
    """A file of the project, also where the run starts in another folder."""
    return path if PROJECT == Path.cwd() else str(PROJECT / path)


def job_environment():
    """Shell commands before that of each job: its Python, its devices, and whose job it is."""
    python = exports(PROJECT, sys.executable, bool({"CONDA", "APPTAINER"} & DEPLOYED))
    # A GPU that is there is not used.
    devices = "export CUDA_VISIBLE_DEVICES=; " if STUDY.config.device == "cpu" else ""
    vectors = "".join(f"export {name}={value}; " for name, value in PORTABLE.items()) if ARITHMETIC else ""
    return f"set -euo pipefail; {python}{devices}{vectors}export {SNAKEMAKE}='{process_mark()}'; "


try:
    # The jobs of a cluster and of a group read this file again, with arguments of Snakemake's own.
    GIVEN = set()
    if workflow.is_main_process:
        GIVEN = checked_options(
            get_argument_parser(), sys.argv[1:], PROJECT, get_profile_dir, ProfileConfigFileParser()
        )
    STUDY = load_study(config, workflow.config_settings.config, PROJECT)
    check_filled(PROFILE, sys.argv)
    # A parameter of the jobs whose numbers it shapes; none where it is native, so that no finished study runs again.
    ARITHMETIC = {} if STUDY.config.arithmetic == "native" else {"arithmetic": STUDY.config.arithmetic}
    shell.prefix(job_environment().replace("{", "{{").replace("}", "}}"))
    if "unlock" in GIVEN:
        check_unlock()
    elif workflow.is_main_process:
        check_paths(STUDY)
        if "APPTAINER" in DEPLOYED and not Path(of_project(IMAGE)).is_file():
            raise UserError(f"{IMAGE}: no such image, which --sdm apptainer runs the jobs in; docs/setup.md builds it")
        if out := kept_out(os.environ):
            say(f"{', '.join(out)}: the environment sets it; kept out of the jobs, and noted in the manifest")
        if not workflow.output_settings.dryrun and not GIVEN & {*LOOKING, "nolock"}:
            # Of an executor that submits jobs, --jobs says how many; on one machine it is another word for --cores.
            if cut_short := start_run(STUDY.config.study, submits=workflow.resource_settings.nodes is not None):
                say(cut_short)
except UserError as error:  # as a script says it: one line, and status 2
    print(f"error: {error}", file=sys.stderr, flush=True)
    sys.exit(2)


if "APPTAINER" in DEPLOYED:

    container: of_project(IMAGE)


HOME = f"results/{STUDY.config.study}"
FIGURES = f"figures/{STUDY.config.study}"
TABLE = ["csv", "md", "tex"]
FIGURE = ["png", "pdf"]


wildcard_constraints:
    **name_patterns(STUDY),


def partition(gpus):
    """The profile's partition for a job with so many GPUs; None on one machine."""
    default = PROFILE["default-resources"].get("slurm_partition")
    return PROFILE["default-resources"].get("gpu_partition", default) if gpus else default


def with_gpus(gpus, minutes):
    """Resources of a rule whose jobs take `gpus(wildcards)` GPUs and `minutes`."""
    return gpu_resources(gpus, partition, minutes)


def problems_of(names):
    return [f"{HOME}/problems/{name}.jsonl" for name in names]


def graded_by(models):
    return [f"{HOME}/graded/{model}.jsonl" for model in models]


def named(folder, names, ending="jsonl"):
    """`name=path` arguments for a script that takes several files by name."""
    return [f"{name}={HOME}/{folder}/{name}.{ending}" for name in names]


def as_json(value):
    """A structured parameter as one command-line argument; a change of it re-runs what depends on it."""
    return json.dumps(value, sort_keys=True)


def source_flags(wildcards):
    """Where a data set comes from, as scripts/problems.py takes it."""
    block = STUDY.config.datasets[wildcards.dataset]
    path = STUDY.local_copy(wildcards.dataset)
    flags = {"--loader": block.loader, "--path": path, "--limit": block.limit, "--seed": block.seed}
    flags["--sha256"] = block.sha256
    if block.hub:
        flags["--split"] = block.hub.split
        if not path:
            flags |= {"--hub": block.hub.repo, "--config": block.hub.config, "--revision": block.hub.revision}
    if block.leave_out:
        flags["--leave-out"] = as_json(block.leave_out.model_dump())
    if block.options:
        flags["--options"] = as_json(block.options.model_dump())
    return [str(part) for flag, value in flags.items() if value is not None for part in (flag, value)]


def sampling_tasks(wildcards):
    return [task | {"problems": f"{HOME}/problems/{task['problems']}.jsonl"} for task in STUDY.tasks(wildcards.model)]


def corpus_block(wildcards):
    return STUDY.config.corpora[wildcards.corpus]


def corpora_read(wildcards):
    """The corpora that a corpus takes its rows from or is compared with."""
    return list(dict.fromkeys([*STUDY.made_of(wildcards.corpus), *STUDY.compared_with(wildcards.corpus)]))


def corpus_inputs(wildcards):
    """A sampled corpus reads graded traces and problems, one made from others these, demonstrations a tokenizer."""
    block = corpus_block(wildcards)
    if block.kind == "sampled":
        models = dict.fromkeys([block.sampler, *block.only_if_solved_by])
        rendering = f"{HOME}/cot/{block.sampler}/shard-0.meta.json"
        return {
            "graded": graded_by(models),
            "problems": problems_of([STUDY.config.training_problems]),
            "rendering": rendering,
        }
    if block.kind == "demonstrations":
        return {"tokenizer": f"{HOME}/models/{STUDY.learner_base(wildcards.corpus)}"}
    inputs = {"parts": [f"{HOME}/corpora/{part}.jsonl" for part in corpora_read(wildcards)]}
    if block.kind == "chosen":
        inputs["counted"] = [f"{HOME}/corpora/{part}.counts.json" for part in corpora_read(wildcards)]
        if block.by == "nll":
            inputs["alignment"] = f"{HOME}/alignment/{block.base}.jsonl"
    return inputs


def corpus_flags(wildcards, input):
    block = corpus_block(wildcards)
    if block.kind == "sampled":
        models = dict.fromkeys([block.sampler, *block.only_if_solved_by])
        return [
            "--graded",
            *named("graded", models),
            "--dataset",
            STUDY.config.training_problems,
            "--problems",
            *input.problems,
            "--rendering",
            input.rendering,
        ]
    if block.kind == "demonstrations":
        return ["--tokenizer", input.tokenizer]
    flags = ["--parts", *named("corpora", corpora_read(wildcards))]
    if block.kind == "chosen":
        flags += ["--counted", *named("corpora", corpora_read(wildcards), "counts.json")]
        flags += ["--alignment", input.alignment] if block.by == "nll" else []
    return flags


def tune(wildcards):
    return STUDY.tunes[wildcards.tuned]


def merge_of(wildcards):
    return STUDY.merges[wildcards.merged]


def judge_inputs(wildcards):
    """The judge model, and what it may have to look at."""
    return {
        "model": f"{HOME}/models/{STUDY.config.grading.judge.model}",
        "problems": problems_of(STUDY.judged_benchmarks),
        "graded": graded_by(STUDY.evaluated),
    }


def claims_inputs(wildcards):
    """The graded traces and alignments that the claims speak of."""
    parts = [part for claim in STUDY.config.claims.family.values() for part in claim.parts]
    bases = dict.fromkeys(part.base for part in parts if part.base)
    return {
        "graded": graded_by(STUDY.claimed_models),
        "gold": f"{HOME}/problems/gold.json",
        "alignment": [f"{HOME}/alignment/{base}.jsonl" for base in bases],
    }


def claims_flags(wildcards):
    """The claims as they stand (not sorted: the table keeps their order), and what their names refer to."""
    config = STUDY.config
    flags = ["--claims", json.dumps(config.claims.model_dump()), "--seeds", as_json(config.seeds)]
    flags += ["--bases", as_json(config.students.bases), "--benchmarks", as_json(config.benchmarks)]
    return flags + (["--validation", config.validation_problems] if config.validation_problems else [])


def paper_outputs():
    """Every table and figure of the study."""
    asked = [name for name in ("claims", "sizes", "variance") if getattr(STUDY.config, name)]
    if len(STUDY.config.seeds) < 2 and "variance" in asked:
        asked.remove("variance")  # one seed of a study, run on its own, has no variance between seeds
    tables = ["main", "scores", "agreement", "gold", "corpora", "alignment", "contamination"]
    tables += (
        (["published"] if STUDY.config.published else [])
        + (["assistants"] if STUDY.merges else [])
        + asked
        + (["protocols"] if STUDY.protocol_labels else [])
    )
    figures = ["accuracy", "lengths", "alignment", "yield"] + (["merge"] if STUDY.merges else []) + asked
    return (
        [f"{HOME}/tables/{name}.{ending}" for name in tables for ending in TABLE]
        + [f"{HOME}/tables/{name}" for name in ("lengths.csv", "disagreements.csv", "disagreements.md")]
        + [f"{FIGURES}/{name}.{ending}" for name in figures for ending in FIGURE]
    )


def local_files():
    """The local copies of data sets that the study reads."""
    return list(dict.fromkeys(filter(None, map(STUDY.local_copy, STUDY.cleaned_datasets))))


def stem(wildcards, output):
    """The first output without its ending: scripts write every format beside it."""
    return output[0].rsplit(".", 1)[0]


def merged_folder(path):
    """With `keep_merged: false` a merged model goes when all that read it are done; --notemp keeps it."""
    return directory(path) if STUDY.config.keep_merged else temp(directory(path))


def jobs_to_run():
    """The jobs of this run, by Snakemake's numbers, as the plan knows them."""
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


def graph_of(jobs):
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


onstart:
    # Each task of an array takes the first task's files for its own, and removes them if it fails (docs/cluster.md).
    if getattr(workflow.executor_settings, "array_jobs", None):
        raise WorkflowError(
            "slurm-array-jobs: remove it from the profile. With the executor plugin 2.6.1, a task of an array that"
            " fails deletes what the array's first task has finished"
        )
    if hasattr(workflow.executor_settings, "array_jobs") and not shutil.which("sbatch"):
        raise WorkflowError(
            "executor: slurm, and this machine has no sbatch: start it where jobs are submitted from"
        )
    jobs = jobs_to_run()
    try:
        check_room(STUDY, list(jobs.values()))
    except UserError as error:
        raise WorkflowError(str(error)) from None
    write_json(RUNS / f"{STUDY.config.study}.jobs", graph_of(jobs))
    say(f"jobs in {RUNS / STUDY.config.study}.jobs")
