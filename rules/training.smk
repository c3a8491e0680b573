"""Base x corpus x seed -> models/{tuned}/: one trainer for the teacher assistant and every student."""


rule train:
    input:
        base=lambda wildcards: f"{PATHS.home}/models/{tune(wildcards).base}",
        corpus=lambda wildcards: f"{PATHS.home}/corpora/{tune(wildcards).corpus}.jsonl",
    output:
        directory("results/{study}/models/{tuned}"),
    log:
        "results/{study}/logs/train/{tuned}.log",
    benchmark:
        "results/{study}/benchmarks/train/{tuned}.tsv"
    conda:
        "../envs/train.yaml"
    threads: lambda wildcards: resources.training_threads(STUDY, tune(wildcards).recipe)
    resources:
        **on_gpus(lambda wildcards: GPUS.training(tune(wildcards).recipe), minutes=720),
    params:
        settings=lambda wildcards: shapes.training(STUDY, wildcards.tuned),
        version=VERSIONS["train"],
    message:
        "Training: {wildcards.tuned}"
    shell:
        "python -m scripts.train --study results/{wildcards.study}/study.json --model {wildcards.tuned}"
        " --base {input.base} --corpus {input.corpus}"
        " --work results/{wildcards.study}/work/training --threads {threads} --gpus {resources.gpu}"
        " --out {output} > {log} 2>&1"
