"""MiCoTA, from raw problems to every table and figure: one rule file per step of the method, in reading order.

The study is chosen by its configuration, e.g. `snakemake --cores 2 --configfile config/mini.yaml`.
"""

from snakemake.utils import min_version

min_version("9.0")


report: "report/workflow.rst"


include: "rules/common.smk"
include: "rules/problems.smk"
include: "rules/models.smk"
include: "rules/cot.smk"
include: "rules/corpora.smk"
include: "rules/training.smk"
include: "rules/assistants.smk"
include: "rules/alignment.smk"
include: "rules/graders.smk"
include: "rules/paper.smk"
include: "rules/claims.smk"
include: "rules/manifest.smk"


rule all:
    default_target: True
    input:
        paper_outputs(),
        f"{HOME}/manifest.json",
    localrule: True
