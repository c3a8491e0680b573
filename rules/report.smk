"""Everything -> figures/{study}/report.html: the page that people read; and each table as a page of Snakemake's report."""


def table_pages():
    """The pages of the tables that have a label, numbered, for Snakemake's report sorts them by their names."""
    numbered = enumerate(tables.shown(STUDY).items(), start=1)
    return [
        shown(
            f"figures/{{study}}/tables/{Path(file).stem}.html", tables.caption(file), "Tables", f"{number:02} {label}"
        )
        for number, (file, label) in numbered
    ]


rule report_page:
    input:
        **reads.reads_page(STUDY, PATHS),
        made=tables.outputs(STUDY, PATHS),
        manifest=f"{PATHS.home}/manifest.json",
    output:
        *table_pages(),
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
