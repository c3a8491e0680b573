"""Make one training corpus, and the counts of what was kept and dropped.

A corpus of a study, then one of each kind by its settings alone (`--kind KIND --help` shows them):

    python -m scripts.corpus --study config/mini.yaml --corpus long_own --graded graded/teacher.jsonl \\
        --problems problems/train.jsonl --rendering cot/teacher/shard-0.meta.json \\
        --out long_own.jsonl --counts long_own.counts.json
    python -m scripts.corpus --kind sampled --sampler teacher --only-if-solved-by large \\
        --graded graded/{teacher,large}.jsonl --problems problems/train.jsonl --dataset train \\
        --out long.jsonl --counts long.counts.json
    python -m scripts.corpus --kind mixed --shares long=1 short=4 --seed 0 --parts {long,short}.jsonl \\
        --out mix.jsonl --counts mix.counts.json
    python -m scripts.corpus --kind matched --of long --problems-of mix --match tokens --to short \\
        --parts {long,mix,short}.jsonl --out long_few.jsonl --counts long_few.counts.json
    python -m scripts.corpus --kind pruned --of long --drop checks second_pass --parts long.jsonl \\
        --tokenizer models/small --out long_pruned.jsonl --counts long_pruned.counts.json
    python -m scripts.corpus --kind chosen --candidates mix short --by length --between long \\
        --parts {mix,short}.jsonl --counted {mix,short,long}.counts.json \\
        --out auto.jsonl --counts auto.counts.json
    python -m scripts.corpus --kind demonstrations --demonstrations-count 200 --demonstrations-operations 2 3 \\
        --demonstrations-bound 99 --demonstrations-verbose-share 0.5 --demonstrations-verbosity 0 1 --seed 1 \\
        --tokenizer models/small --out demonstrations.jsonl --counts demonstrations.counts.json
    python -m scripts.corpus --kind imported --columns-completion generations --per-problem 1 \\
        --graded graded/long.jsonl --problems problems/train.jsonl --imported imported/long.json \\
        --out long.jsonl --counts long.counts.json

A file of traces, of a corpus or of its counts is known by its name: the model's or the corpus'. With a study its
settings hold, and flags go over them.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import Parser, known, run
from micota.common.errors import ConfigurationError
from micota.common.files import name_of, whole
from micota.common.flags import add_flags, with_flags
from micota.common.records import write_json, write_lines
from micota.corpora.counts import Counts
from micota.corpora.kinds import KINDS, CorpusKind, Surroundings
from micota.corpora.kinds.kind import Given
from micota.study.load import add_study_flag, study_of


def add_choice(parser: argparse.ArgumentParser) -> None:
    """The flags that say which corpus it is."""
    add_study_flag(parser)
    parser.add_argument("--corpus", help="its name: one of the study's, or that of --out")


def add_files(parser: argparse.ArgumentParser, kind: type[CorpusKind]) -> None:
    """The flags of the files that it is made from."""
    group = parser.add_argument_group("files that it is made from")
    for flag, what in kind.files.items():
        group.add_argument(f"--{flag}", type=Path, nargs="+", default=[], help=what)


def parse_args(argv: Sequence[str] | None = None) -> tuple[argparse.Namespace, CorpusKind | None, Surroundings | None]:
    """The command line; and of a study, the corpus as it has it, and what is around it."""
    first = Parser(add_help=False, allow_abbrev=False)
    add_choice(first)
    first.add_argument("--kind", choices=KINDS)
    told, _ = first.parse_known_args(argv)
    block, around = None, None
    if told.study:
        if told.corpus is None:
            raise ConfigurationError("--corpus: say which corpus of the study is made")
        study = study_of(told.study)
        known(told.corpus, study.config.corpora, "--corpus")
        block, around = study.corpus(told.corpus), study.around(told.corpus)
    kind = type(block) if block else KINDS.get(told.kind)

    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_choice(parser)
    if not kind or "dataset" not in kind.model_fields:
        parser.add_argument("--dataset", help="the training problems' name in the traces (default: that of their file)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--counts", type=Path, required=True)
    if kind:
        add_flags(parser, kind)
        add_files(parser, kind)
    else:
        parser.add_argument("--kind", choices=KINDS, required=True, help="whose further flags --help shows then")
    return parser.parse_args(argv), block, around


def main(argv: Sequence[str] | None = None) -> None:
    args, block, around = parse_args(argv)
    kind = type(block) if block else KINDS[args.kind]
    corpus = with_flags(kind, block, args)
    given = Given({flag: getattr(args, flag) for flag in kind.files})
    name = args.corpus or name_of(args.out)
    told = getattr(args, "dataset", None)
    dataset = told or (name_of(args.problems[0]) if given.has("problems") else "")
    if around is None or told:
        around = Surroundings(dataset, around.learner if around else "", name)
    counts = Counts(name, kind.reasons)
    with whole(args.out) as handle:
        write_lines(handle, counts.kept(corpus.rows(given, around)))
        record = counts.as_record()  # an empty corpus is an error, before any file appears
    write_json(args.counts, record)
    print(f"{name}: kept {record['kept']} of {record['read']}, dropped {record['dropped']}")


if __name__ == "__main__":
    run(main)
