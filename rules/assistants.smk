"""Long-CoT teacher assistant + its own base -> merged assistants, over weights, densities and mask seeds (DARE)."""


rule merge:
    input:
        base=lambda wildcards: f"{PATHS.home}/models/{merged(wildcards).base}",
        tuned=lambda wildcards: f"{PATHS.home}/models/{merged(wildcards).tuned}",
    output:
        kept("results/{study}/models/{merged}"),
    log:
        "results/{study}/logs/merge/{merged}.log",
    benchmark:
        "results/{study}/benchmarks/merge/{merged}.tsv"
    conda:
        "../envs/merge.yaml"
    resources:
        # On the CPU: a few copies of the largest tensor, and a shard. As much as a job with one GPU gets is plenty.
        mem_mb=lambda wildcards, attempt: resources.memory_mb(GPUS.of(1), attempt),
        runtime=lambda wildcards, attempt: 240 * attempt,
    params:
        settings=lambda wildcards: shapes.merging(STUDY, wildcards.merged),
        version=VERSIONS["merge"],
    message:
        "Assistant: merging {wildcards.merged}"
    shell:
        "python -m scripts.merge --study results/{wildcards.study}/study.json --model {wildcards.merged}"
        " --base {input.base} --tuned {input.tuned}"
        " --out {output} > {log} 2>&1"
