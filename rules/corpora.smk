"""Graded CoT -> corpora/{corpus}.jsonl (short, long, mid, mix, ...) with counts of what was kept and dropped."""


rule corpus:
    input:
        unpack(corpus_reads),
    output:
        corpus="results/{study}/corpora/{corpus}.jsonl",
        counts="results/{study}/corpora/{corpus}.counts.json",
    log:
        "results/{study}/logs/corpus/{corpus}.log",
    conda:
        "../envs/data.yaml"
    params:
        settings=lambda wildcards: shapes.corpus(STUDY, wildcards.corpus),
        files=lambda wildcards: [
            word for key, names in corpus_reads(wildcards).items() for word in (f"--{key}", *names)
        ],
        version=VERSIONS["corpus"],
    message:
        "Corpus: {wildcards.corpus}"
    shell:
        "python -m scripts.corpus --study results/{wildcards.study}/study.json"
        " --corpus {wildcards.corpus} {params.files}"
        " --out {output.corpus} --counts {output.counts} > {log} 2>&1"
