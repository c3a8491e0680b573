"""Make one training corpus, and the counts of what was kept and dropped.

    python -m scripts.corpus --name mid --block '{"kind": "sampled", "sampler": "ta", "only_if_solved_by": []}' \\
        --graded ta=graded/ta.jsonl --dataset train --problems problems/train.jsonl --out mid.jsonl --counts mid.json
    python -m scripts.corpus --name mix --block '{"kind": "mixed", "shares": {"long": 1, "short": 4}, "seed": 0}' \\
        --parts long=long.jsonl short=short.jsonl --out mix.jsonl --counts mix.json
    python -m scripts.corpus --name long_as_mid --parts long=long.jsonl mid=mid.jsonl \\
        --block '{"kind": "matched", "of": "long", "problems_of": ["mid"], "match": null, "seed": 0}' \\
        --out long_as_mid.jsonl --counts long_as_mid.json
    python -m scripts.corpus --name auto_mid --parts w2=w2.jsonl w4=w4.jsonl --counted w2=w2.json w4=w4.json \\
        --block '{"kind": "chosen", "candidates": ["w2", "w4"], "by": "nll", "floor": 0.9}' \\
        --alignment alignment/small.jsonl --out auto_mid.jsonl --counts auto_mid.json
    python -m scripts.corpus --name demonstrations --block '{"kind": "demonstrations", ...}' --tokenizer models/large
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from micota.common.cli import json_flag, run
from micota.common.records import (
    CORPUS_FIELDS,
    GRADED_FIELDS,
    PROBLEM_FIELDS,
    Record,
    RecordFile,
    read_json,
    read_jsonl,
    whole,
    write_json,
    write_lines,
)
from micota.corpora.filters import (
    Counts,
    choose,
    filter_traces,
    length_ratios,
    matched,
    mix,
    nll_per_token,
    size,
    solved,
)
from micota.models.special_tokens import SpecialTokens


def named_path(text: str) -> tuple[str, Path]:
    name, _, path = text.partition("=")
    if not path:
        raise argparse.ArgumentTypeError(f"{text!r}: expected name=path")
    return name, Path(path)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", required=True)
    parser.add_argument("--block", type=json_flag, required=True, help="the corpus' block of the config, as JSON")
    parser.add_argument("--graded", type=named_path, nargs="*", default=[], help="model=graded traces")
    parser.add_argument("--dataset", help="the training problems' name")
    parser.add_argument("--problems", type=Path)
    parser.add_argument("--parts", type=named_path, nargs="*", default=[], help="corpus=path, of the corpora read")
    parser.add_argument("--counted", type=named_path, nargs="*", default=[], help="corpus=counts, of a chosen corpus")
    parser.add_argument("--alignment", type=Path, help="NLL of the candidates, of a corpus chosen by it")
    parser.add_argument(
        "--rendering", type=Path, help="the file beside the sampler's traces that says how they were made"
    )
    parser.add_argument("--tokenizer", type=Path, help="model folder whose tokenizer counts demonstrations' tokens")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--counts", type=Path, required=True)
    return parser.parse_args(argv)


def rows(args: argparse.Namespace, counts: Counts) -> Iterator[Record]:
    block = args.block
    if block["kind"] == "sampled":
        graded = dict(args.graded)
        problems = {row["id"]: row["problem"] for row in read_jsonl(args.problems, PROBLEM_FIELDS)}
        others = [
            solved(read_jsonl(graded[model], GRADED_FIELDS), args.dataset) for model in block["only_if_solved_by"]
        ]
        own = read_jsonl(graded[block["sampler"]], GRADED_FIELDS)
        made = read_json(args.rendering)["datasets"][args.dataset]["rendering"] if args.rendering else {}
        special = SpecialTokens(block.get("special_tokens", "drop"), made.get("special_tokens", ()))
        keep, limit = block["keep"], block["max_tokens"]
        yield from filter_traces(
            own, args.dataset, problems, others, keep, limit, counts, special, made.get("opened", "")
        )
        counts.made_from = {
            "special_tokens": {"rule": special.rule, "traces": dict(sorted(counts.special.items()))},
            "marks": dict(sorted(counts.marks.items())),
            **({"thinking": dict(sorted(counts.thinking.items()))} if counts.thinking else {}),
            **({"rendering": made} if made else {}),
        }
    elif block["kind"] == "mixed":
        parts = {name: RecordFile(path, CORPUS_FIELDS) for name, path in args.parts}
        yield from mix(parts, block["shares"], block["seed"], counts)
    elif block["kind"] == "matched":
        yield from matched_rows(block, dict(args.parts), counts)
    elif block["kind"] == "chosen":
        yield from chosen_rows(block, args, counts)
    else:
        from micota.models.folders import load_tokenizer
        from micota.problems.arithmetic import demonstrations

        tokenizer = load_tokenizer(args.tokenizer)
        for row in demonstrations(seed=block["seed"], **block["demonstrations"]):
            counts.read += 1
            tokens = len(tokenizer(row["completion"], add_special_tokens=False)["input_ids"]) + 1
            yield counts.keep({**row, "n_tokens": tokens})


def matched_rows(block: Record, paths: dict[str, Path], counts: Counts) -> Iterator[Record]:
    """The rows of `of` on the problems of the others, within the size of `to`."""
    by = block["match"]
    limit = size(read_jsonl(paths[block["to"]], CORPUS_FIELDS), by) if by else None
    counts.made_from = {"of": block["of"], **({"limit": {by: limit}} if by else {})}
    own, *others = (RecordFile(paths[name], CORPUS_FIELDS) for name in (block["of"], *block["problems_of"]))
    yield from matched(own, others, limit, by, block["seed"], counts)


def chosen_rows(block: Record, args: argparse.Namespace, counts: Counts) -> Iterator[Record]:
    """The rows of the candidate that the rule names, unchanged."""
    counted = {name: read_json(path) for name, path in args.counted}
    if block["by"] == "length":
        measure, values = "log_length_ratio", length_ratios(counted, block["candidates"], block["between"])
    else:
        nll = read_jsonl(args.alignment, ("corpus", "nll", "n_tokens"))
        measure, values = "nll_per_token", nll_per_token(nll, block["candidates"])
    counts.made_from = choose(counted, measure, values, block["floor"])
    print(f"{args.name}: {counts.made_from['chosen']} of {counts.made_from['candidates']}")
    for row in read_jsonl(dict(args.parts)[counts.made_from["chosen"]], CORPUS_FIELDS):
        counts.read += 1
        yield counts.keep(row)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    counts = Counts(args.name)
    with whole(args.out) as handle:
        write_lines(handle, rows(args, counts))
        record = counts.as_record()  # an empty corpus is an error, before any file appears
    write_json(args.counts, record)
    print(f"{args.name}: kept {record['kept']} of {record['read']}, dropped {record['dropped']}")


if __name__ == "__main__":
    run(main)
