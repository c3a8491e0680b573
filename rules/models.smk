"""Hub revision, local folder or from-scratch recipe -> models/{base}/: the rim of the study."""


rule base_model:
    output:
        directory("results/{study}/models/{base}"),
    params:
        base=lambda wildcards: as_json(STUDY.base_block(wildcards.base)),
        work="results/{study}/work/training",
    log:
        "results/{study}/logs/base_model/{base}.log",
    benchmark:
        "results/{study}/benchmarks/base_model/{base}.tsv"
    conda:
        "../envs/train.yaml"
    message:
        "Base model: {wildcards.base}"
    threads: 1
    shell:
        "python -m scripts.base --base {params.base:q} --work {params.work} --threads {threads} --out {output}"
        " > {log} 2>&1"
