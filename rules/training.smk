"""Base x corpus x seed -> models/{tuned}/: one trainer for the teacher assistant and every student."""


rule train:
    input:
        base=lambda wildcards: f"{HOME}/models/{tune(wildcards).base}",
        corpus=lambda wildcards: f"{HOME}/corpora/{tune(wildcards).corpus}.jsonl",
    output:
        directory("results/{study}/models/{tuned}"),
    log:
        "results/{study}/logs/train/{tuned}.log",
    benchmark:
        "results/{study}/benchmarks/train/{tuned}.tsv"
    conda:
        "../envs/train.yaml"
    threads: lambda wildcards: STUDY.training_threads(tune(wildcards).recipe)
    resources:
        **with_gpus(lambda wildcards: STUDY.training_gpus(tune(wildcards).recipe), minutes=720),
    params:
        **ARITHMETIC,
        recipe=lambda wildcards: as_json(STUDY.recipe(tune(wildcards).recipe)),
        prompt=lambda wildcards: as_json(STUDY.recipe_prompt(tune(wildcards).recipe)),
        seed=lambda wildcards: tune(wildcards).seed,
        work="results/{study}/work/training",
        version=1,
    message:
        "Training: {wildcards.tuned}"
    shell:
        "python -m scripts.train --base {input.base} --corpus {input.corpus} --recipe {params.recipe:q}"
        " --prompt {params.prompt:q} --seed {params.seed} --work {params.work} --threads {threads}"
        " --gpus {resources.gpu} --out {output} > {log} 2>&1"
