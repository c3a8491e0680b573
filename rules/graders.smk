"""Graded CoT -> judged.jsonl, where a judge model is configured -> tables/{gold,scores,agreement,disagreements}.*.

The paper's rule, that rule with a judge model, and math-verify, side by side. Verdicts on the claims stay on math-verify.
"""


rule judge:
    """One job for all models, so that the judge model is loaded once and equal answers are judged once."""
    input:
        unpack(judge_inputs),
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
        **with_gpus(lambda wildcards: STUDY.judging_gpus, minutes=240),
    params:
        name=lambda wildcards: STUDY.config.grading.judge.model,
        prompt=lambda wildcards: as_json(STUDY.prompt(STUDY.config.grading.judge.prompt)),
        max_tokens=lambda wildcards: STUDY.config.grading.judge.max_tokens,
        engine=lambda wildcards: as_json(STUDY.engine),
        benchmarks=lambda wildcards: as_json(STUDY.judged_benchmarks),
        work="results/{study}/work/judging",
        version=1,
    message:
        "Grader: the judge model looks at what the string rule rejects"
    shell:
        "python -m scripts.judge --model {input.model} --name {params.name} --prompt {params.prompt:q}"
        " --max-tokens {params.max_tokens} --engine {params.engine:q} --benchmarks {params.benchmarks:q}"
        " --problems {input.problems} --graded {input.graded} --work {params.work} --threads {threads}"
        " --gpus {resources.gpu} --out {output} > {log} 2>&1"


rule table_gold:
    input:
        "results/{study}/problems/gold.json",
    output:
        report(
            "results/{study}/tables/gold.md",
            caption="../report/table_gold.rst",
            category="Tables",
            labels={"table": "gold answers by grader"},
        ),
        "results/{study}/tables/gold.csv",
        "results/{study}/tables/gold.tex",
    log:
        "results/{study}/logs/table_gold.log",
    group:
        "tables"
    conda:
        "../envs/plot.yaml"
    params:
        stem=stem,
        version=1,
    message:
        "Tables: gold answers by grader"
    shell:
        "python -m scripts.table_gold --gold {input} --out-stem {params.stem} > {log} 2>&1"


rule table_scores:
    input:
        graded=graded_by(entry["model"] for entry in STUDY.main_entries),
        problems=problems_of(STUDY.config.benchmarks),
        gold="results/{study}/problems/gold.json",
        judged=f"{HOME}/judged.jsonl" if STUDY.config.grading.judge else [],
    output:
        report(
            "results/{study}/tables/scores.md",
            caption="../report/table_scores.rst",
            category="Tables",
            labels={"table": "three scores"},
        ),
        "results/{study}/tables/scores.csv",
        "results/{study}/tables/scores.tex",
        report(
            "results/{study}/tables/agreement.md",
            caption="../report/table_agreement.rst",
            category="Tables",
            labels={"table": "agreement of the graders"},
        ),
        "results/{study}/tables/agreement.csv",
        "results/{study}/tables/agreement.tex",
        report(
            "results/{study}/tables/disagreements.md",
            caption="../report/table_disagreements.rst",
            category="Tables",
            labels={"table": "disagreements of the graders"},
        ),
        "results/{study}/tables/disagreements.csv",
    log:
        "results/{study}/logs/table_scores.log",
    group:
        "tables"
    conda:
        "../envs/plot.yaml"
    params:
        entries=lambda wildcards: as_json(STUDY.main_entries),
        rules=lambda wildcards: json.dumps(STUDY.rules),
        judged=lambda wildcards, input: ["--judged", input.judged] if input.judged else [],
        folder="results/{study}/graded",
        tables="results/{study}/tables",
        version=1,
    message:
        "Tables: three scores, agreement, disagreements"
    shell:
        "python -m scripts.table_scores --entries {params.entries:q} --rules {params.rules:q}"
        " --problems {input.problems} {params.judged:q} --graded-dir {params.folder} --tables {params.tables}"
        " > {log} 2>&1"
