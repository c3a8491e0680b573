"""Hub revision, local folder or from-scratch recipe -> models/{base}/: the rim of the study."""


rule base_model:
    input:
        lambda wildcards: STUDY.base_files(wildcards.base),
    output:
        directory("results/{study}/models/{base}"),
    log:
        "results/{study}/logs/base_model/{base}.log",
    benchmark:
        "results/{study}/benchmarks/base_model/{base}.tsv"
    conda:
        "../envs/train.yaml"
    threads: 1
    params:
        base=lambda wildcards: as_json(STUDY.base_block(wildcards.base)),
        work="results/{study}/work/training",
        version=1,
    message:
        "Base model: {wildcards.base}"
    shell:
        "python -m scripts.base --base {params.base:q} --work {params.work} --threads {threads} --out {output}"
        " > {log} 2>&1"
