"""Model x problems -> cot/{model}/shard-{shard}.jsonl -> graded/{model}.jsonl -> judged.jsonl, where a judge is asked.

Traces that were made elsewhere come in as imported/{corpus}.jsonl. One job samples a model on all its data sets, training
problems and benchmarks alike, so that an engine starts once.
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


rule import_traces:
    """Rows of a data set that hold traces; of problems that were dropped, because a benchmark has them, none come in."""
    input:
        data=lambda wildcards: tasks.local_copy(STUDY, STUDY.imports[wildcards.imported]) or [],
        problems=lambda wildcards: PATHS.of("problems", [STUDY.imports[wildcards.imported]]),
        report=lambda wildcards: PATHS.of("problems", [STUDY.imports[wildcards.imported]], ".report.json"),
        tokenizer=lambda wildcards: f"{PATHS.home}/models/{STUDY.around(wildcards.imported).learner}",
    output:
        traces="results/{study}/imported/{imported}.jsonl",
        counts="results/{study}/imported/{imported}.json",
    log:
        "results/{study}/logs/import_traces/{imported}.log",
    localrule: True  # compute nodes often have no way to a hub
    conda:
        "../envs/data.yaml"
    params:
        settings=lambda wildcards: shapes.importing(STUDY, wildcards.imported),
        version=VERSIONS["import_traces"],
    message:
        "CoT: importing {wildcards.imported}"
    shell:
        "python -m scripts.import_traces --study results/{wildcards.study}/study.json --corpus {wildcards.imported}"
        " --problems {input.problems} --report {input.report} --tokenizer {input.tokenizer}"
        " --out {output.traces} --counts {output.counts} > {log} 2>&1"


rule grade_imported:
    """As `grade`; but how many traces there are of a problem, the source decides."""
    input:
        problems=lambda wildcards: PATHS.of("problems", [STUDY.imports[wildcards.imported]]),
        traces="results/{study}/imported/{imported}.jsonl",
    output:
        "results/{study}/graded/{imported}.jsonl",
    log:
        "results/{study}/logs/grade_imported/{imported}.log",
    benchmark:
        "results/{study}/benchmarks/grade_imported/{imported}.tsv"
    conda:
        "../envs/data.yaml"
    threads: STUDY.config.grading.workers
    params:
        timeout=STUDY.config.grading.timeout,
        version=VERSIONS["grade"],
    message:
        "CoT: grading {wildcards.imported}"
    shell:
        "python -m scripts.grade --problems {input.problems} --traces {input.traces} --graded {output}"
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
