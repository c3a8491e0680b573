"""Scores from several samples of each problem: avg@k, pass@k and maj@k of every student, by benchmark.

    python -m scripts.table_protocols --graded-dir results/mine/graded --labels '{"aime24@16": "aime24"}' \\
        --entries '[{"model": "small-mid-s0", "base": "small", "corpus": "mid", "seed": 0}]' --temperature 0.6 \\
        --out-stem results/mine/tables/protocols

`--labels` says under which name the samples of a benchmark stand in the graded traces. Training seeds are averaged; the
row `average` weighs benchmarks equally. What each measure is, and how ties are counted: micota/results/pass_at_k.py.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from micota.common.cli import UserError, json_flag, run
from micota.common.records import GRADED_FIELDS, RecordError, read_jsonl
from micota.common.tables import Column, Row, write_table
from micota.results.estimates import crossed
from micota.results.labels import corpus_label
from micota.results.pass_at_k import avg_at_k, ks, maj_at_k, pass_at_k

Samples = dict[str, dict[int, tuple[str | None, bool]]]  # problem -> sample -> extracted answer, verdict


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=json_flag, required=True, help="JSON list of {model, base, corpus, seed}")
    parser.add_argument("--labels", type=json_flag, required=True, help="JSON object: name in the traces -> benchmark")
    parser.add_argument("--temperature", type=float, required=True, help="of the samples")
    parser.add_argument("--graded-dir", type=Path, required=True, help="folder of {model}.jsonl graded traces")
    parser.add_argument("--out-stem", required=True, help="where to write, without the ending")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Write the table."""
    args = parse_args(argv)
    entries = check_entries(args.entries, ("model", "base", "corpus", "seed"))
    read = {entry["model"]: read_samples(args.graded_dir, entry["model"], args.labels) for entry in entries}
    sizes = {len(samples) for found in read.values() for each in found.values() for samples in each.values()}
    if len(sizes) > 1 or min(sizes) < 2:
        raise UserError(f"the problems have {', '.join(map(str, sorted(sizes)))} samples; all need the same 2 or more")
    n = sizes.pop()
    groups: dict[tuple[str, str], list[dict[str, Samples]]] = {}
    for entry in entries:
        groups.setdefault((entry["base"], entry["corpus"]), []).append(read[entry["model"]])
    rows = [row for key, seeds in groups.items() for row in group_rows(key, seeds, args.labels, n, args.temperature)]
    write_table(args.out_stem, rows, columns(n), group="base")


def read_samples(graded_dir: Path, model: str, labels: Mapping[str, str]) -> dict[str, Samples]:
    """Benchmark -> every sample of its problems."""
    path = graded_dir / f"{model}.jsonl"
    found: dict[str, Samples] = {benchmark: {} for benchmark in labels.values()}
    for trace in read_jsonl(path, GRADED_FIELDS):
        if (benchmark := labels.get(trace["dataset"])) is None:
            continue
        samples = found[benchmark].setdefault(trace["id"], {})
        if trace["sample"] in samples:
            raise RecordError(f"{path}: sample {trace['sample']} of problem {trace['id']} stands there twice")
        samples[trace["sample"]] = (trace["extracted"], trace["correct"])
    for benchmark, problems in found.items():
        if len(problems) < 2:
            raise RecordError(f"{path}: {len(problems)} problems of {benchmark} have samples; an interval needs two")
    return found


def measures(samples: Mapping[int, tuple[str | None, bool]], n: int) -> dict[str, float]:
    """Every measure of one problem."""
    answers, correct = zip(*(samples[index] for index in sorted(samples)), strict=True)
    passes = {f"pass_at_{k}": pass_at_k(n, sum(correct), k) for k in ks(n)}
    return {"avg": avg_at_k(correct), "maj": maj_at_k(answers, correct), **passes}


def group_rows(
    key: tuple[str, str], seeds: Sequence[Mapping[str, Samples]], labels: Mapping[str, str], n: int, temperature: float
) -> list[Row]:
    """The rows of one student and corpus: each benchmark, then their average."""
    by_benchmark: dict[str, list[list[dict[str, float]]]] = {}  # benchmark -> seed -> problem -> measures
    for benchmark in labels.values():
        problems = sorted(seeds[0][benchmark])
        for found in seeds:
            if sorted(found[benchmark]) != problems:
                raise UserError(f"{benchmark}: the seeds of {'-'.join(key)} have not answered the same problems")
        by_benchmark[benchmark] = [[measures(found[benchmark][p], n) for p in problems] for found in seeds]
    rows = []
    for name, chosen in {**{b: [b] for b in by_benchmark}, "average": list(by_benchmark)}.items():
        row: Row = {"base": key[0], "corpus": key[1], "benchmark": name}
        row |= {"seeds": len(seeds), "problems": sum(len(by_benchmark[b][0]) for b in chosen)}
        row |= {"samples": n, "temperature": temperature}
        for measure in by_benchmark[chosen[0]][0][0]:
            values = [[[problem[measure] for problem in seed] for seed in by_benchmark[b]] for b in chosen]
            estimate = crossed(values)
            row[f"{measure}_percent"] = 100 * estimate.value
            row[f"{measure}_low_percent"] = max(0.0, 100 * estimate.low)
            row[f"{measure}_high_percent"] = min(100.0, 100 * estimate.high)
        rows.append(row)
    return rows


def columns(n: int) -> list[Column]:
    """The table's columns; the intervals of maj@k and pass@k are in the CSV alone."""
    shown = [
        Column("base", "Student"),
        Column("corpus", "Corpus", corpus_label),
        Column("benchmark", "Benchmark"),
        Column("avg_percent", f"avg@{n} (%)", "{0:.1f}"),
        Column("avg_low_percent", "95% interval", "[{0:.1f}, {avg_high_percent:.1f}]"),
        Column("avg_high_percent"),
    ]
    for key, heading in {"maj": f"maj@{n}", **{f"pass_at_{k}": f"pass@{k}" for k in ks(n)}}.items():
        shown += [Column(f"{key}_percent", f"{heading} (%)", "{0:.1f}")]
        shown += [Column(f"{key}_{end}_percent") for end in ("low", "high")]
    shown += [Column("temperature", "Temperature"), Column("samples", "Samples")]
    return [*shown, Column("seeds", "Seeds"), Column("problems", "Problems", "{0:,}")]


if __name__ == "__main__":
    run(main)
