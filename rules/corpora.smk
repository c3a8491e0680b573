"""Graded CoT -> corpora/{corpus}.jsonl (short, long, mid, mix, ...) with counts of what was kept and dropped."""


def corpus_block(wildcards):
    return STUDY.config.corpora[wildcards.corpus]


def corpus_inputs(wildcards):
    """A sampled corpus reads graded traces and problems, a mixed one other corpora, demonstrations a tokenizer."""
    block = corpus_block(wildcards)
    if block.kind == "sampled":
        models = dict.fromkeys([block.sampler, *block.only_if_solved_by])
        return {"graded": graded_by(models), "problems": problems_of([STUDY.config.training_problems])}
    if block.kind == "mixed":
        return {"parts": [f"{HOME}/corpora/{part}.jsonl" for part in block.shares]}
    return {"tokenizer": f"{HOME}/models/{STUDY.learner_base(wildcards.corpus)}"}


def corpus_flags(wildcards, input):
    block = corpus_block(wildcards)
    if block.kind == "sampled":
        models = dict.fromkeys([block.sampler, *block.only_if_solved_by])
        return ["--graded", *named("graded", models), "--dataset", STUDY.config.training_problems, "--problems", *input.problems]
    if block.kind == "mixed":
        return ["--parts", *named("corpora", block.shares)]
    return ["--tokenizer", input.tokenizer]


rule corpus:
    input:
        unpack(corpus_inputs),
    output:
        corpus="results/{study}/corpora/{corpus}.jsonl",
        counts="results/{study}/corpora/{corpus}.counts.json",
    params:
        block=lambda wildcards: as_json(corpus_block(wildcards).model_dump()),
        flags=corpus_flags,
        version=1,
    log:
        "results/{study}/logs/corpus/{corpus}.log",
    conda:
        "../envs/data.yaml"
    message:
        "Corpus: {wildcards.corpus}"
    shell:
        "python -m scripts.corpus --name {wildcards.corpus} --block {params.block:q} {params.flags:q}"
        " --out {output.corpus} --counts {output.counts} > {log} 2>&1"
