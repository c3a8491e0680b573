"""Long-CoT teacher assistant + its own base -> merged assistants, over weights, densities and mask seeds (DARE)."""


rule merge:
    input:
        base=lambda wildcards: f"{HOME}/models/{merge_of(wildcards).base}",
        tuned=lambda wildcards: f"{HOME}/models/{merge_of(wildcards).tuned}",
    output:
        merged_folder("results/{study}/models/{merged}"),
    log:
        "results/{study}/logs/merge/{merged}.log",
    benchmark:
        "results/{study}/benchmarks/merge/{merged}.tsv"
    conda:
        "../envs/merge.yaml"
    resources:
        # On the CPU: a few copies of the largest tensor, and a shard. As much as a job with one GPU gets is plenty.
        mem_mb=lambda wildcards, attempt: memory_mb(STUDY.alignment_gpus, attempt),
        runtime=lambda wildcards, attempt: 240 * attempt,
    params:
        method=lambda wildcards: merge_of(wildcards).method,
        weight=lambda wildcards: merge_of(wildcards).weight,
        density=lambda wildcards: merge_of(wildcards).density,
        seed=lambda wildcards: merge_of(wildcards).seed,
        dtype=STUDY.config.merge_dtype,
        version=2,
    message:
        "Assistant: merging {wildcards.merged}"
    shell:
        "python -m scripts.merge --base {input.base} --tuned {input.tuned} --method {params.method}"
        " --weight {params.weight} --density {params.density} --seed {params.seed} --dtype {params.dtype}"
        " --out {output} > {log} 2>&1"
