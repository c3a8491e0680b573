"""Untrained student x corpora -> alignment/{base}.jsonl: negative log-likelihood of every trace."""


rule alignment:
    input:
        model="results/{study}/models/{base}",
        corpora=expand("results/{{study}}/corpora/{corpus}.jsonl", corpus=STUDY.config.alignment.corpora),
    output:
        "results/{study}/alignment/{base}.jsonl",
    log:
        "results/{study}/logs/alignment/{base}.log",
    benchmark:
        "results/{study}/benchmarks/alignment/{base}.tsv"
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        **with_gpus(lambda wildcards: STUDY.alignment_gpus, minutes=480),
    params:
        **ARITHMETIC,
        corpora=named("corpora", STUDY.config.alignment.corpora),
        prompt=lambda wildcards: as_json(STUDY.prompt(STUDY.config.alignment.prompt)),
        batch_size=STUDY.config.alignment.batch_size,
        dtype=STUDY.config.sampling.engine.dtype,
        work="results/{study}/work/alignment",
        version=3,
    message:
        "Alignment: likelihood of the corpora under {wildcards.base}"
    shell:
        "python -m scripts.alignment --model {input.model} --name {wildcards.base} --corpora {params.corpora:q}"
        " --prompt {params.prompt:q} --batch-size {params.batch_size} --dtype {params.dtype} --threads {threads}"
        " --gpus {resources.gpu} --work {params.work} --out {output} > {log} 2>&1"
