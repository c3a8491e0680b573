"Everything -> manifest.json: code, configuration, software, machine, seeds, hashes of files, time;"

" and a page of it."


rule manifest:
    """The last job: it hashes the tables, figures and records that the others wrote."""
    input:
        made=tables.outputs(STUDY, PATHS),
        data=tasks.local_files(STUDY),
    output:
        manifest="results/{study}/manifest.json",
        page=report(
            "results/{study}/manifest.md",
            caption="../report/manifest.rst",
            category="Run",
            labels={"run": "manifest"},
        ),
    log:
        "results/{study}/logs/manifest.log",
    conda:
        "../envs/train.yaml"
    resources:
        runtime=lambda wildcards, attempt: 240 * attempt,  # reads every file, weights included
    params:
        settings=shapes.whole(STUDY),
        version=VERSIONS["manifest"],
    message:
        "Manifest: what this run was"
    shell:
        "python -m scripts.manifest --study results/{wildcards.study}/study.json --results results/{wildcards.study}"
        " --figures figures/{wildcards.study} --inputs {input.data:q} --out {output.manifest} > {log} 2>&1"
