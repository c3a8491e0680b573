"""Scores, likelihoods and counts -> tables/*.{csv,md,tex} -> figures/{study}/*.{pdf,png}. Figures read only
tables; that of the corpora gives all of them one order.

micota/workflow/tables.py says of each table what it reads and writes, and which studies have it. A rule each, since a
caption can hold no wildcard. In a loop nothing may be a lambda: it would see the loop's last name, whatever its rule.
"""

for name, table in tables.tables(STUDY).items():

    rule:
        name:
            f"table_{name}"
        input:
            **table.reads(STUDY, PATHS),
        output:
            *[f"results/{{study}}/tables/{file}" for file in table.files()],
        log:
            f"results/{{study}}/logs/table_{name}.log",
        group:
            # All figures read `corpora`, and `summary` reads several tables: with these, one group would hold them all.
            name if name in ("corpora", "summary") else "tables"
        conda:
            "../envs/plot.yaml"
        params:
            table=name,
            settings=table.settings(STUDY),
            version=table.version,
        message:
            f"Tables: {name}"
        shell:
            "python -m scripts.tables {params.table} --study results/{wildcards.study}/study.json"
            " --results results/{wildcards.study} > {log} 2>&1"


for name, figure in tables.figures(STUDY).items():

    rule:
        name:
            f"figure_{name}"
        input:
            table=f"results/{{study}}/tables/{figure.table}.csv",
            corpora="results/{study}/tables/corpora.csv",
        output:
            *[
                shown(f"figures/{{study}}/{image}.png", f"figure_{image}", "Figures", label)
                for image, label in figure.images.items()
            ],
            *[f"figures/{{study}}/{image}.pdf" for image in figure.images],
        log:
            f"results/{{study}}/logs/figure/{name}.log",
        group:
            "tables"
        conda:
            "../envs/plot.yaml"
        params:
            figure=name,
            version=figure.version,
        message:
            f"Figures: {name}"
        shell:
            "python -m scripts.figures {params.figure} --table {input.table} --corpora {input.corpora}"
            " --figures figures/{wildcards.study} > {log} 2>&1"
