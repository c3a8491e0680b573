"""Untrained student x corpora -> alignment/{base}.jsonl: negative log-likelihood of every trace."""


rule alignment:
    input:
        model="results/{study}/models/{base}",
        corpora=PATHS.of("corpora", STUDY.config.alignment.corpora),
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
        **on_gpus(lambda wildcards: GPUS.alignment, minutes=480),
    params:
        settings=shapes.alignment(STUDY),
        version=VERSIONS["alignment"],
    message:
        "Alignment: likelihood of the corpora under {wildcards.base}"
    shell:
        "python -m scripts.alignment --study results/{wildcards.study}/study.json --base {wildcards.base}"
        " --model {input.model}"
        " --corpora {input.corpora} --work results/{wildcards.study}/work/alignment --threads {threads}"
        " --gpus {resources.gpu} --out {output} > {log} 2>&1"
