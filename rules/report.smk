"""Everything -> figures/{study}/report.html: the page that people read; and each table as a page of Snakemake's report."""


rule report_page:
    input:
        **reads.reads_page(STUDY, PATHS),
        made=tables.outputs(STUDY, PATHS),
        manifest=f"{PATHS.home}/manifest.json",
    output:
        # Numbered, for Snakemake's report sorts them by their names.
        *[
            shown(
                f"figures/{{study}}/tables/{Path(file).stem}.html",
                tables.caption(file),
                "Tables",
                f"{number:02} {label}",
            )
            for number, (file, label) in enumerate(tables.shown(STUDY).items(), start=1)
        ],
        page="figures/{study}/report.html",
    log:
        "results/{study}/logs/report.log",
    conda:
        "../envs/plot.yaml"
    params:
        beside=lambda wildcards: [f"--beside {path}" for path in reads.beside(STUDY)],
        version=VERSIONS["report"],
    message:
        "Report: {output.page}"
    shell:
        "python -m scripts.report --study results/{wildcards.study}/study.json --results results/{wildcards.study}"
        " {params.beside} --out {output.page} > {log} 2>&1"
