"""Model x problems -> cot/{model}/shard-{shard}.jsonl -> graded/{model}.jsonl.

One job samples a model on all its data sets, training problems and benchmarks alike, so that an engine starts once.
"""


rule sample:
    input:
        model="results/{study}/models/{model}",
        problems=lambda wildcards: problems_of(STUDY.sampled_datasets(wildcards.model)),
    output:
        traces="results/{study}/cot/{model}/shard-{shard}.jsonl",
        meta="results/{study}/cot/{model}/shard-{shard}.meta.json",
    log:
        "results/{study}/logs/sample/{model}-{shard}.log",
    benchmark:
        "results/{study}/benchmarks/sample/{model}-{shard}.tsv"
    conda:
        "../envs/sample.yaml"
    threads: 1
    resources:
        **with_gpus(lambda wildcards: STUDY.sampling_gpus, minutes=720),
    params:
        **ARITHMETIC,
        engine=lambda wildcards: as_json(STUDY.engine),
        tasks=lambda wildcards: as_json(sampling_tasks(wildcards)),
        shards=STUDY.config.sampling.shards,
        work="results/{study}/work/sampling/{model}",
        version=2,
    message:
        "CoT: sampling {wildcards.model}"
    shell:
        "python -m scripts.sample --model {input.model} --name {wildcards.model} --engine {params.engine:q}"
        " --tasks {params.tasks:q} --shard {wildcards.shard} --shards {params.shards} --work {params.work}"
        " --threads {threads} --gpus {resources.gpu} --out {output.traces} --meta {output.meta} > {log} 2>&1"


rule check_gold:
    """The grader must accept the benchmarks' own answers before any score is believed.

    Every table of scores waits for it. Grading does not: a new report would else grade, and so train, everything again.
    """
    input:
        problems=problems_of(STUDY.config.benchmarks),
        exceptions=of_project("micota/problems/datasets/gold_exceptions.json"),
        counts=of_project("micota/problems/datasets/gold_counts.json"),
    output:
        "results/{study}/problems/gold.json",
    log:
        "results/{study}/logs/check_gold.log",
    priority: 100  # a grader that fails stops the study at its beginning
    group:
        "problems"
    conda:
        "../envs/data.yaml"
    params:
        rules=lambda wildcards: as_json(STUDY.rules),
        timeout=STUDY.config.grading.timeout,
        version=3,
    message:
        "Grader: checking it on the benchmarks' own answers"
    shell:
        "python -m scripts.check_gold --problems {input.problems} --rules {params.rules:q}"
        " --exceptions {input.exceptions} --counts {input.counts} --timeout {params.timeout} --out {output} > {log} 2>&1"


rule grade:
    input:
        problems=lambda wildcards: problems_of(STUDY.sampled_datasets(wildcards.model)),
        traces=expand("results/{{study}}/cot/{{model}}/shard-{shard}.jsonl", shard=range(STUDY.config.sampling.shards)),
    output:
        "results/{study}/graded/{model}.jsonl",
    log:
        "results/{study}/logs/grade/{model}.log",
    benchmark:
        "results/{study}/benchmarks/grade/{model}.tsv"
    conda:
        "../envs/data.yaml"
    threads: STUDY.config.grading.workers
    params:
        timeout=STUDY.config.grading.timeout,
        version=3,
    message:
        "CoT: grading {wildcards.model}"
    shell:
        "python -m scripts.grade --problems {input.problems} --traces {input.traces} --graded {output}"
        " --workers {threads} --timeout {params.timeout} > {log} 2>&1"
