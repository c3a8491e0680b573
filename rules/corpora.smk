"""Graded CoT -> corpora/{corpus}.jsonl (short, long, mid, mix, ...) with counts of what was kept and dropped."""


rule corpus:
    input:
        unpack(corpus_inputs),
    output:
        corpus="results/{study}/corpora/{corpus}.jsonl",
        counts="results/{study}/corpora/{corpus}.counts.json",
    log:
        "results/{study}/logs/corpus/{corpus}.log",
    conda:
        "../envs/data.yaml"
    params:
        block=lambda wildcards: as_json(corpus_block(wildcards).model_dump()),
        flags=corpus_flags,
        version=3,
    message:
        "Corpus: {wildcards.corpus}"
    shell:
        "python -m scripts.corpus --name {wildcards.corpus} --block {params.block:q} {params.flags:q}"
        " --out {output.corpus} --counts {output.counts} > {log} 2>&1"
