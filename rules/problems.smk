"""Data sets -> problems/{dataset}.jsonl: normalised, without duplicates or overlap with a benchmark, with a report."""


rule load_problems:
    input:
        lambda wildcards: STUDY.local_copy(wildcards.dataset) or [],
    output:
        "results/{study}/problems/loaded/{dataset}.jsonl",
    log:
        "results/{study}/logs/load_problems/{dataset}.log",
    conda:
        "../envs/data.yaml"
    params:
        source=source_flags,
        version=1,
    message:
        "Problems: reading {wildcards.dataset}"
    shell:
        "python -m scripts.problems --dataset {wildcards.dataset} {params.source:q} --out {output} > {log} 2>&1"


rule clean_problems:
    input:
        problems="results/{study}/problems/loaded/{dataset}.jsonl",
        against=lambda wildcards: [
            f"{HOME}/problems/loaded/{name}.jsonl" for name in STUDY.kept_apart(wildcards.dataset)
        ],
    output:
        problems="results/{study}/problems/{dataset}.jsonl",
        report="results/{study}/problems/{dataset}.report.json",
    log:
        "results/{study}/logs/clean_problems/{dataset}.log",
    conda:
        "../envs/data.yaml"
    params:
        ngram=STUDY.config.cleaning.ngram,
        version=1,
        against=lambda wildcards, input: ["--against", *input.against] if input.against else [],
        duplicates=lambda wildcards: [] if wildcards.dataset in STUDY.config.benchmarks else ["--drop-duplicates"],
    message:
        "Problems: cleaning {wildcards.dataset}"
    shell:
        "python -m scripts.clean --problems {input.problems} {params.against:q} {params.duplicates:q}"
        " --ngram {params.ngram} --out {output.problems} --report {output.report} > {log} 2>&1"
