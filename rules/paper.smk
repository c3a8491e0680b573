"""Scores, alignment and counts -> tables/*.{csv,md,tex} -> figures/{study}/*.{pdf,png}. Figures read only tables."""


rule table_main:
    input:
        graded=graded_by(entry["model"] for entry in STUDY.main_entries),
        gold="results/{study}/problems/gold.json",
    output:
        report(
            "results/{study}/tables/main.md",
            caption="../report/table_main.rst",
            category="Tables",
            labels={"table": "main"},
        ),
        "results/{study}/tables/main.csv",
        "results/{study}/tables/main.tex",
        report(
            "results/{study}/tables/main_cells.csv",
            caption="../report/table_main_cells.rst",
            category="Tables",
            labels={"table": "cells"},
        ),
        report(
            "results/{study}/tables/main_differences.md",
            caption="../report/table_main_differences.rst",
            category="Tables",
            labels={"table": "differences"},
        ),
        "results/{study}/tables/main_differences.csv",
        "results/{study}/tables/main_differences.tex",
    log:
        "results/{study}/logs/table_main.log",
    group:
        "tables"
    conda:
        "../envs/plot.yaml"
    params:
        entries=lambda wildcards: as_json(STUDY.main_entries),
        benchmarks=lambda wildcards: as_json(STUDY.config.benchmarks),
        proposed=STUDY.config.students.proposed,
        folder="results/{study}/graded",
        stem=stem,
        version=2,
    message:
        "Tables: main table"
    shell:
        "python -m scripts.table_main --entries {params.entries:q} --benchmarks {params.benchmarks:q}"
        " --graded-dir {params.folder} --compare {params.proposed} --out-stem {params.stem} > {log} 2>&1"


rule table_published:
    """What others published, where the configuration has `published`, and our students' scores beside it."""
    input:
        main="results/{study}/tables/main.csv",
        published=STUDY.config.published.file if STUDY.config.published else [],
    output:
        report(
            "results/{study}/tables/published.md",
            caption="../report/table_published.rst",
            category="Tables",
            labels={"table": "published"},
        ),
        "results/{study}/tables/published.csv",
        "results/{study}/tables/published.tex",
    log:
        "results/{study}/logs/table_published.log",
    group:
        "tables"
    conda:
        "../envs/plot.yaml"
    params:
        benchmarks=lambda wildcards: json.dumps(STUDY.config.published.benchmarks),
        beside=lambda wildcards: json.dumps(STUDY.config.published.beside),
        stem=stem,
        version=1,
    message:
        "Tables: numbers that others published"
    shell:
        "python -m scripts.table_published --published {input.published} --main {input.main}"
        " --benchmarks {params.benchmarks:q} --beside {params.beside:q} --out-stem {params.stem} > {log} 2>&1"


rule table_protocols:
    """Where each benchmark problem is answered several times: `sampling.protocols`, or an evaluation with n above 1."""
    input:
        graded=graded_by(entry["model"] for entry in STUDY.main_entries),
    output:
        report(
            "results/{study}/tables/protocols.md",
            caption="../report/table_protocols.rst",
            category="Tables",
            labels={"table": "avg@k, pass@k, maj@k"},
        ),
        "results/{study}/tables/protocols.csv",
        "results/{study}/tables/protocols.tex",
    log:
        "results/{study}/logs/table_protocols.log",
    group:
        "tables"
    conda:
        "../envs/plot.yaml"
    params:
        entries=lambda wildcards: as_json(STUDY.main_entries),
        labels=lambda wildcards: json.dumps(STUDY.protocol_labels),
        temperature=(STUDY.config.sampling.protocols or STUDY.config.sampling.evaluation).temperature,
        folder="results/{study}/graded",
        stem=stem,
        version=1,
    message:
        "Tables: avg@k, pass@k, maj@k"
    shell:
        "python -m scripts.table_protocols --entries {params.entries:q} --labels {params.labels:q}"
        " --temperature {params.temperature} --graded-dir {params.folder} --out-stem {params.stem} > {log} 2>&1"


rule table_assistants:
    input:
        graded=graded_by(dict.fromkeys(entry["model"] for entry in STUDY.assistants)),
    output:
        report(
            "results/{study}/tables/assistants.md",
            caption="../report/table_assistants.rst",
            category="Tables",
            labels={"table": "teacher assistants"},
        ),
        "results/{study}/tables/assistants.csv",
        "results/{study}/tables/assistants.tex",
    log:
        "results/{study}/logs/table_assistants.log",
    group:
        "tables"
    conda:
        "../envs/plot.yaml"
    params:
        entries=lambda wildcards: as_json(STUDY.assistants),
        dataset=STUDY.config.validation_problems,
        folder="results/{study}/graded",
        stem=stem,
        version=1,
    message:
        "Tables: teacher assistants"
    shell:
        "python -m scripts.table_assistants --entries {params.entries:q} --dataset {params.dataset}"
        " --graded-dir {params.folder} --out-stem {params.stem} > {log} 2>&1"


rule table_corpora:
    input:
        [f"{HOME}/corpora/{name}.counts.json" for name in STUDY.config.corpora],
    output:
        report(
            "results/{study}/tables/corpora.md",
            caption="../report/table_corpora.rst",
            category="Tables",
            labels={"table": "corpora"},
        ),
        "results/{study}/tables/corpora.csv",
        "results/{study}/tables/corpora.tex",
    log:
        "results/{study}/logs/table_corpora.log",
    group:
        "tables"
    conda:
        "../envs/plot.yaml"
    params:
        stem=stem,
        version=2,
    message:
        "Tables: corpora"
    shell:
        "python -m scripts.table_corpora --counts {input} --out-stem {params.stem} > {log} 2>&1"


rule table_alignment:
    input:
        expand("results/{{study}}/alignment/{base}.jsonl", base=STUDY.config.students.bases),
    output:
        report(
            "results/{study}/tables/alignment.md",
            caption="../report/table_alignment.rst",
            category="Tables",
            labels={"table": "likelihood alignment"},
        ),
        "results/{study}/tables/alignment.csv",
        "results/{study}/tables/alignment.tex",
    log:
        "results/{study}/logs/table_alignment.log",
    group:
        "tables"
    conda:
        "../envs/plot.yaml"
    params:
        stem=stem,
        version=1,
    message:
        "Tables: likelihood alignment"
    shell:
        "python -m scripts.table_alignment --nll {input} --out-stem {params.stem} > {log} 2>&1"


rule table_lengths:
    input:
        expand("results/{{study}}/corpora/{corpus}.jsonl", corpus=STUDY.config.alignment.corpora),
    output:
        "results/{study}/tables/lengths.csv",
        report(
            "results/{study}/tables/lengths_quantiles.md",
            caption="../report/table_lengths.rst",
            category="Tables",
            labels={"table": "CoT lengths"},
        ),
        "results/{study}/tables/lengths_quantiles.csv",
        "results/{study}/tables/lengths_quantiles.tex",
    log:
        "results/{study}/logs/table_lengths.log",
    group:
        "tables"
    conda:
        "../envs/plot.yaml"
    params:
        stem=stem,
        version=1,
    message:
        "Tables: CoT lengths"
    shell:
        "python -m scripts.table_lengths --corpora {input} --out-stem {params.stem} > {log} 2>&1"


rule figure_accuracy:
    input:
        "results/{study}/tables/main.csv",
    output:
        report(
            "figures/{study}/accuracy.png",
            caption="../report/figure_accuracy.rst",
            category="Figures",
            labels={"figure": "accuracy"},
        ),
        report(
            "figures/{study}/accuracy_benchmarks.png",
            caption="../report/figure_accuracy_benchmarks.rst",
            category="Figures",
            labels={"figure": "accuracy by benchmark"},
        ),
        "figures/{study}/accuracy.pdf",
        "figures/{study}/accuracy_benchmarks.pdf",
    log:
        "results/{study}/logs/figure/accuracy.log",
    group:
        "tables"
    conda:
        "../envs/plot.yaml"
    params:
        stem=stem,
        version=1,
    message:
        "Figures: accuracy"
    shell:
        "python -m scripts.figure_accuracy --table {input} --out-stem {params.stem} > {log} 2>&1"


# Which table each of the other figures is drawn from. A rule each, since a caption can hold no wildcard.
DRAWN_FROM = {
    "merge": "assistants",
    "lengths": "lengths",
    "alignment": "alignment",
    "yield": "corpora",
    "claims": "claims",
    "sizes": "sizes",
    "variance": "variance",
}

for figure, table in DRAWN_FROM.items():

    rule:
        name:
            f"figure_{figure}"
        input:
            f"results/{{study}}/tables/{table}.csv",
        output:
            report(
                f"figures/{{study}}/{figure}.png",
                caption=f"../report/figure_{figure}.rst",
                category="Figures",
                labels={"figure": figure},
            ),
            f"figures/{{study}}/{figure}.pdf",
        log:
            f"results/{{study}}/logs/figure/{figure}.log",
        group:
            "tables"
        conda:
            "../envs/plot.yaml"
        params:
            figure=figure,
            stem=stem,
            version=1,
        message:
            f"Figures: {figure}"
        shell:
            "python -m scripts.figure_{params.figure} --table {input} --out-stem {params.stem} > {log} 2>&1"
