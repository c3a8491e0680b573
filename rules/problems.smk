"""Data sets -> problems/{dataset}.jsonl: normalised, without duplicates or overlap with a benchmark, with a report."""


def source_flags(wildcards):
    """Where a data set comes from, as scripts/problems.py takes it."""
    block = STUDY.config.datasets[wildcards.dataset]
    path = STUDY.local_copy(wildcards.dataset)
    flags = {"--loader": block.loader, "--path": path, "--limit": block.limit, "--seed": block.seed}
    if block.hub:
        flags["--split"] = block.hub.split
        if not path:
            flags |= {"--hub": block.hub.repo, "--config": block.hub.config, "--revision": block.hub.revision}
    if block.options:
        flags["--options"] = as_json(block.options)
    return [str(part) for flag, value in flags.items() if value is not None for part in (flag, value)]


def is_benchmark(wildcards):
    return wildcards.dataset in STUDY.config.benchmarks


rule load_problems:
    input:
        lambda wildcards: STUDY.local_copy(wildcards.dataset) or [],
    output:
        "results/{study}/problems/loaded/{dataset}.jsonl",
    params:
        source=source_flags,
    log:
        "results/{study}/logs/load_problems/{dataset}.log",
    conda:
        "../envs/data.yaml"
    message:
        "Problems: reading {wildcards.dataset}"
    shell:
        "python -m scripts.problems --dataset {wildcards.dataset} {params.source:q} --out {output} > {log} 2>&1"


rule clean_problems:
    input:
        problems="results/{study}/problems/loaded/{dataset}.jsonl",
        against=lambda wildcards: (
            [] if is_benchmark(wildcards) else [f"{HOME}/problems/loaded/{name}.jsonl" for name in STUDY.config.benchmarks]
        ),
    output:
        problems="results/{study}/problems/{dataset}.jsonl",
        report="results/{study}/problems/{dataset}.report.json",
    params:
        ngram=STUDY.config.cleaning.ngram,
        against=lambda wildcards, input: ["--against", *input.against] if input.against else [],
        duplicates=lambda wildcards: [] if is_benchmark(wildcards) else ["--drop-duplicates"],
    log:
        "results/{study}/logs/clean_problems/{dataset}.log",
    conda:
        "../envs/data.yaml"
    message:
        "Problems: cleaning {wildcards.dataset}"
    shell:
        "python -m scripts.clean --problems {input.problems} {params.against:q} {params.duplicates:q}"
        " --ngram {params.ngram} --out {output.problems} --report {output.report} > {log} 2>&1"
