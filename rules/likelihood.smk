"""Untrained student x corpora -> likelihood/{base}.jsonl: negative log-likelihood of every trace."""


rule likelihood:
    input:
        model="results/{study}/models/{base}",
        corpora=lambda wildcards: PATHS.of("corpora", STUDY.likely(wildcards.base)),
    output:
        "results/{study}/likelihood/{base}.jsonl",
    log:
        "results/{study}/logs/likelihood/{base}.log",
    benchmark:
        "results/{study}/benchmarks/likelihood/{base}.tsv"
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        **on_gpus(lambda wildcards: GPUS.likelihood, minutes=480),
    params:
        settings=lambda wildcards: shapes.likelihood(STUDY, wildcards.base),
        version=VERSIONS["likelihood"],
    message:
        "Likelihood: the corpora under {wildcards.base}"
    shell:
        "python -m scripts.likelihood --study results/{wildcards.study}/study.json --base {wildcards.base}"
        " --model {input.model}"
        " --corpora {input.corpora} --work results/{wildcards.study}/work/likelihood --threads {threads}"
        " --gpus {resources.gpu} --out {output} > {log} 2>&1"
