"""Data sets -> problems/{dataset}.jsonl: normalised, without duplicates or overlap with a benchmark, with a report."""


rule load_problems:
    input:
        lambda wildcards: tasks.local_copy(STUDY, wildcards.dataset) or [],
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
        settings=lambda wildcards: shapes.problems(STUDY, wildcards.dataset),
        version=VERSIONS["load_problems"],
    message:
        "Problems: reading {wildcards.dataset}"
    shell:
        "python -m scripts.problems --study results/{wildcards.study}/study.json --dataset {wildcards.dataset}"
        " --out {output.problems} --counts {output.counts} > {log} 2>&1"


rule clean_problems:
    input:
        problems="results/{study}/problems/loaded/{dataset}.jsonl",
        loaded="results/{study}/problems/loaded/{dataset}.counts.json",
        against=lambda wildcards: PATHS.of("problems/loaded", tasks.kept_apart(STUDY, wildcards.dataset)),
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
        settings=lambda wildcards: shapes.cleaning(STUDY, wildcards.dataset),
        version=VERSIONS["clean_problems"],
    message:
        "Problems: cleaning {wildcards.dataset}"
    shell:
        "python -m scripts.clean --study results/{wildcards.study}/study.json"
        " --dataset {wildcards.dataset} --problems {input.problems}"
        " --loaded {input.loaded} --against {input.against} --out {output.problems}"
        " --report {output.report} > {log} 2>&1"


rule check_gold:
    """The grader must accept the benchmarks' own answers before any score is believed.

    Every table of scores waits for it. Grading does not: a new report would else grade, and so train, everything again.
    """
    input:
        PATHS.of("problems", STUDY.config.benchmarks),
    output:
        "results/{study}/problems/gold.json",
    log:
        "results/{study}/logs/check_gold.log",
    priority: 100  # a grader that fails stops the study at its beginning
    group:
        "problems"
    conda:
        "../envs/data.yaml"
    params:
        settings=shapes.gold(STUDY),
        version=VERSIONS["check_gold"],
    message:
        "Grader: checking it on the benchmarks' own answers"
    shell:
        "python -m scripts.check_gold --study results/{wildcards.study}/study.json --problems {input}"
        " --out {output} > {log} 2>&1"
