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
    priority: 100  # a revision that is not there stops the study at its beginning
    # Downloads and copies run where Snakemake runs: compute nodes often have no way to a hub.
    localrule: not any(map(STUDY.pretrained, STUDY.bases))
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        **on_gpus(lambda wildcards: GPUS.base(wildcards.base), minutes=240),
    params:
        settings=lambda wildcards: shapes.base(STUDY, wildcards.base),
        version=VERSIONS["base_model"],
    message:
        "Base model: {wildcards.base}"
    shell:
        "python -m scripts.base --study results/{wildcards.study}/study.json --base {wildcards.base}"
        " --work results/{wildcards.study}/work/training"
        " --threads {threads} --gpus {resources.gpu} --out {output} > {log} 2>&1"


rule model_size:
    """Beside the model, so that the table by student size can be made again from archived records without weights."""
    input:
        "results/{study}/models/{base}",
    output:
        "results/{study}/sizes/{base}.json",
    log:
        "results/{study}/logs/model_size/{base}.log",
    localrule: True
    conda:
        "../envs/train.yaml"
    params:
        version=VERSIONS["model_size"],
    message:
        "Base model: size of {wildcards.base}"
    shell:
        "python -m scripts.model_size --model {input} --name {wildcards.base} --out {output} > {log} 2>&1"
