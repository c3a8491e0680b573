"""Scores and likelihoods -> tables/{claims,sizes,variance}.*: verdicts, the gap by size, what a score varies by."""


rule table_claims:
    input:
        unpack(claims_inputs),
    output:
        report(
            "results/{study}/tables/claims.md",
            caption="../report/table_claims.rst",
            category="Tables",
            labels={"table": "claims"},
        ),
        "results/{study}/tables/claims.csv",
        "results/{study}/tables/claims.tex",
    log:
        "results/{study}/logs/table_claims.log",
    group:
        "tables"
    conda:
        "../envs/plot.yaml"
    params:
        flags=claims_flags,
        graded="results/{study}/graded",
        alignment="results/{study}/alignment",
        stem=stem,
        version=1,
    message:
        "Tables: claims"
    shell:
        "python -m scripts.table_claims {params.flags:q} --graded-dir {params.graded}"
        " --alignment-dir {params.alignment} --out-stem {params.stem} > {log} 2>&1"


rule table_sizes:
    input:
        graded=graded_by(entry["model"] for entry in STUDY.size_entries),
        sizes=expand("results/{{study}}/sizes/{base}.json", base=STUDY.config.students.bases),
    output:
        report(
            "results/{study}/tables/sizes.md",
            caption="../report/table_sizes.rst",
            category="Tables",
            labels={"table": "gap by student size"},
        ),
        "results/{study}/tables/sizes.csv",
        "results/{study}/tables/sizes.tex",
    log:
        "results/{study}/logs/table_sizes.log",
    group:
        "tables"
    conda:
        "../envs/plot.yaml"
    params:
        entries=lambda wildcards: as_json(STUDY.size_entries),
        benchmarks=lambda wildcards: as_json(STUDY.config.benchmarks),
        gaps=lambda wildcards: as_json(STUDY.config.sizes.gaps),
        folder="results/{study}/graded",
        stem=stem,
        version=1,
    message:
        "Tables: gap by student size"
    shell:
        "python -m scripts.table_sizes --entries {params.entries:q} --benchmarks {params.benchmarks:q}"
        " --gaps {params.gaps:q} --sizes {input.sizes} --graded-dir {params.folder} --out-stem {params.stem}"
        " > {log} 2>&1"


rule table_variance:
    input:
        graded=graded_by(entry["model"] for entry in STUDY.variance_entries),
    output:
        report(
            "results/{study}/tables/variance.md",
            caption="../report/table_variance.rst",
            category="Tables",
            labels={"table": "variance budget"},
        ),
        "results/{study}/tables/variance.csv",
        "results/{study}/tables/variance.tex",
    log:
        "results/{study}/logs/table_variance.log",
    group:
        "tables"
    conda:
        "../envs/plot.yaml"
    params:
        entries=lambda wildcards: as_json(STUDY.variance_entries),
        benchmarks=lambda wildcards: as_json(STUDY.config.benchmarks),
        dataset=lambda wildcards: STUDY.config.variance.dataset,
        folder="results/{study}/graded",
        stem=stem,
        version=1,
    message:
        "Tables: variance budget"
    shell:
        "python -m scripts.table_variance --entries {params.entries:q} --benchmarks {params.benchmarks:q}"
        " --dataset {params.dataset} --graded-dir {params.folder} --out-stem {params.stem} > {log} 2>&1"
