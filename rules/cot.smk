"""Model x problems -> cot/{model}/shard-{shard}.jsonl -> graded/{model}.jsonl -> judged.jsonl, where a judge is asked.

One job samples a model on all its data sets, training problems and benchmarks alike, so that an engine starts once.
"""


rule sample:
    input:
        model="results/{study}/models/{model}",
        problems=problems_of,
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
        **on_gpus(lambda wildcards: GPUS.sampling, minutes=720),
    params:
        settings=lambda wildcards: shapes.sampling(STUDY, wildcards.model),
        version=VERSIONS["sample"],
    message:
        "CoT: sampling {wildcards.model}"
    shell:
        "python -m scripts.sample --study results/{wildcards.study}/study.json --sampler {wildcards.model}"
        " --model {input.model}"
        " --problems {input.problems} --shard {wildcards.shard}"
        " --work results/{wildcards.study}/work/sampling/{wildcards.model}"
        " --threads {threads} --gpus {resources.gpu} --out {output.traces} --meta {output.meta} > {log} 2>&1"


rule grade:
    input:
        problems=problems_of,
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
        version=VERSIONS["grade"],
    message:
        "CoT: grading {wildcards.model}"
    shell:
        "python -m scripts.grade --study results/{wildcards.study}/study.json --model {wildcards.model}"
        " --problems {input.problems} --traces {input.traces} --graded {output}"
        " --workers {threads} --timeout {params.timeout} > {log} 2>&1"


rule judge:
    """One job for all models, so that the judge model is loaded once and equal answers are judged once."""
    input:
        model=lambda wildcards: f"{PATHS.home}/models/{STUDY.config.grading.judge.model}",
        problems=PATHS.of("problems", STUDY.judged_benchmarks),
        graded=PATHS.of("graded", STUDY.evaluated),
    output:
        "results/{study}/judged.jsonl",
    log:
        "results/{study}/logs/judge.log",
    benchmark:
        "results/{study}/benchmarks/judge/judge.tsv"
    conda:
        "../envs/sample.yaml"
    threads: 1
    resources:
        **on_gpus(lambda wildcards: GPUS.judging, minutes=240),
    params:
        settings=shapes.judging(STUDY),
        version=VERSIONS["judge"],
    message:
        "Grader: the judge model looks at what the string rule rejects"
    shell:
        "python -m scripts.judge --study results/{wildcards.study}/study.json --model {input.model}"
        " --problems {input.problems}"
        " --graded {input.graded} --work results/{wildcards.study}/work/judging --threads {threads}"
        " --gpus {resources.gpu} --out {output} > {log} 2>&1"
