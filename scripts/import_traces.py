"""Make traces of the rows of a data set: a corpus of kind `imported`, which was written elsewhere.

    python -m scripts.import_traces --study config/openr1.yaml --corpus long --problems problems/train.jsonl \\
        --report problems/train.report.json --tokenizer models/qwen14b --out long.jsonl --counts long.json

`--problems` and `--report` are what cleaning made of the data set: a row whose problem was dropped gives no trace, and
one that repeats an earlier problem gives that one a further trace. --counts says what was read, from where, under which
licence, and what was left behind, by reason. The traces go to scripts/grade.py, as those of a model do.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common import contracts
from micota.common.cli import Parser, known, run
from micota.common.errors import DataError
from micota.common.hub import licence, snapshot
from micota.common.records import Record, read_json, write_json, write_jsonl
from micota.common.seals import file_hash
from micota.corpora.importing import Importer, Problems
from micota.corpora.kinds import Imported
from micota.models.tokenizer import load_tokenizer
from micota.problems.source import Source, rows
from micota.study import tasks
from micota.study.load import add_study_flag, study_of


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_study_flag(parser, required=True)
    parser.add_argument("--corpus", required=True, help="its name in the study")
    parser.add_argument("--problems", type=Path, required=True, help="the problems of its data set that were kept")
    parser.add_argument("--report", type=Path, required=True, help="why others were not")
    parser.add_argument("--tokenizer", type=Path, required=True, help="the model folder that counts the tokens")
    parser.add_argument("--out", type=Path, required=True, help="the traces")
    parser.add_argument("--counts", type=Path, required=True, help="what was imported, and what not, JSON")
    return parser.parse_args(argv)


def origin(source: Source, key: str) -> Record:
    """Where the rows are from: a commit of a repository or a file and its hash, and the licence that its card names."""
    if source.path:
        return {"source": str(source.path), "sha256": file_hash(source.path), "licence": None}
    card_folder = snapshot("dataset", str(source.repo), str(source.revision), key, ["README.md"])
    part = {"config": source.config, "split": source.split}
    return {"source": f"{source.repo}@{source.revision}", **part, "licence": licence(card_folder)}


def main(argv: Sequence[str] | None = None) -> None:
    """Read, turn, count."""
    args = parse_args(argv)
    study = study_of(args.study)
    known(args.corpus, study.imports, "--corpus")
    corpus, dataset = study.corpus(args.corpus), study.imports[args.corpus]
    assert isinstance(corpus, Imported)  # no other kind has imports
    source, tokenizer = tasks.source(study, dataset), load_tokenizer(args.tokenizer)
    kept = {row["id"] for row in contracts.problems(args.problems)}
    problems = Problems.of_report(kept, read_json(args.report))
    importer = Importer(corpus, args.corpus, dataset, tokenizer)
    count = write_jsonl(args.out, importer.traces(rows(dataset, source), source, problems))
    if not count:
        raise DataError(f"corpora.{args.corpus}: {source} has no trace that can be graded; {dict(importer.counts)}")
    dropped = dict(sorted(importer.counts.items()))
    made = {"corpus": args.corpus, "dataset": dataset, **origin(source, f"datasets.{dataset}.hub")}
    special = sorted(tokenizer.all_special_tokens)
    counts = {"rows": importer.rows, "traces": count, "dropped": dropped, "special_tokens": special}
    write_json(args.counts, made | counts)
    print(f"{args.corpus}: {count} traces in {importer.rows} rows of {dataset}, left behind: {dropped}")


if __name__ == "__main__":
    run(main)
