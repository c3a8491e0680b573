"""Data sets -> problems/{dataset}.jsonl: normalised, without duplicates or overlap with a benchmark, with a report.

The reports of all data sets together are tables/contamination.*.
"""


rule load_problems:
    input:
        lambda wildcards: STUDY.local_copy(wildcards.dataset) or [],
    output:
        problems="results/{study}/problems/loaded/{dataset}.jsonl",
        counts="results/{study}/problems/loaded/{dataset}.counts.json",
    log:
        "results/{study}/logs/load_problems/{dataset}.log",
    priority: 100  # a data set that is not there stops the study at its beginning
    localrule: True  # compute nodes often have no way to a hub
    conda:
        "../envs/data.yaml"
    params:
        source=source_flags,
        version=3,
    message:
        "Problems: reading {wildcards.dataset}"
    shell:
        "python -m scripts.problems --dataset {wildcards.dataset} {params.source:q}"
        " --out {output.problems} --counts {output.counts} > {log} 2>&1"


rule clean_problems:
    input:
        problems="results/{study}/problems/loaded/{dataset}.jsonl",
        loaded="results/{study}/problems/loaded/{dataset}.counts.json",
        against=lambda wildcards: [
            f"{HOME}/problems/loaded/{name}.jsonl" for name in STUDY.kept_apart(wildcards.dataset)
        ],
    output:
        problems="results/{study}/problems/{dataset}.jsonl",
        report="results/{study}/problems/{dataset}.report.json",
    log:
        "results/{study}/logs/clean_problems/{dataset}.log",
    group:
        "problems"
    conda:
        "../envs/data.yaml"
    params:
        ngram=STUDY.config.cleaning.ngram,
        near=STUDY.config.cleaning.near,
        version=3,
        against=lambda wildcards, input: ["--against", *input.against] if input.against else [],
        duplicates=lambda wildcards: [] if wildcards.dataset in STUDY.config.benchmarks else ["--drop-duplicates"],
    message:
        "Problems: cleaning {wildcards.dataset}"
    shell:
        "python -m scripts.clean --problems {input.problems} --loaded {input.loaded} {params.against:q} {params.duplicates:q}"
        " --ngram {params.ngram} --near {params.near} --out {output.problems} --report {output.report} > {log} 2>&1"


rule table_contamination:
    input:
        [f"{HOME}/problems/{name}.report.json" for name in STUDY.cleaned_datasets],
    output:
        report(
            "results/{study}/tables/contamination.md",
            caption="../report/table_contamination.rst",
            category="Tables",
            labels={"table": "contamination"},
        ),
        "results/{study}/tables/contamination.csv",
        "results/{study}/tables/contamination.tex",
        report(
            "results/{study}/tables/contamination_pairs.csv",
            caption="../report/table_contamination_pairs.rst",
            category="Tables",
            labels={"table": "contamination, pairs"},
        ),
    log:
        "results/{study}/logs/table_contamination.log",
    group:
        "tables"
    conda:
        "../envs/plot.yaml"
    params:
        stem=stem,
        version=2,
    message:
        "Tables: contamination"
    shell:
        "python -m scripts.table_contamination --reports {input} --out-stem {params.stem} > {log} 2>&1"
