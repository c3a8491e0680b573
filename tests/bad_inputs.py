"""What people may hand in: data sets and configurations that are not what they should be, for the fault matrix."""

import gzip
import json
from pathlib import Path
from typing import Any

import yaml

from tests.damage import Damage, written

ROW = {"problem": "1+1?", "answer": "2"}


def lines(*changed: dict[str, Any]) -> Damage:
    """Two good rows, then rows with changes."""
    records = [
        ROW,
        {**ROW, "problem": "1+2?"},
        *({**ROW, "problem": f"{n}+9?", **row} for n, row in enumerate(changed)),
    ]
    return written("".join(json.dumps(record) + "\n" for record in records))


def raw(content: bytes) -> Damage:
    def damage(path: Path) -> None:
        path.write_bytes(content)

    return damage


def laid_over(**blocks: Any) -> Damage:
    """A configuration over config/mini.yaml."""
    return written(yaml.safe_dump(blocks))


GZIPPED = gzip.compress(json.dumps(ROW).encode() * 50)
CORPUS = {"kind": "sampled", "sampler": "nobody"}
SWEEP = {"tuned": "ta_long", "weights": [0.4]}

DATA: list[tuple[str, str, Damage]] = [
    ("empty", "mine.jsonl", written("")),
    ("not JSON", "mine.jsonl", written('{"problem": "1+1?", "answer": "2"}\n{"problem": "1+1?",\n')),
    ("another encoding", "mine.jsonl", raw('{"problem": "é", "answer": "2"}\n'.encode("latin-1"))),
    ("a line that is no object", "mine.jsonl", written('{"problem": "1+1?", "answer": "2"}\n[1, 2]\n')),
    ("brackets without end", "mine.jsonl", written("[" * 100_000)),
    ("a number of thousands of digits", "mine.jsonl", written('{"problem": "1+1?", "answer": ' + "9" * 9000 + "}\n")),
    ("a key twice", "mine.jsonl", written('{"problem": "1+1?", "answer": "2", "answer": "3"}\n')),
    ("no answer", "mine.jsonl", lines({"answer": None})),
    ("an answer that is a list", "mine.jsonl", lines({"answer": ["2"]})),
    ("an answer that is true", "mine.jsonl", lines({"answer": True})),
    ("an answer that is NaN", "mine.jsonl", lines({"answer": float("nan")})),
    ("an answer that is infinite", "mine.jsonl", lines({"answer": float("inf")})),
    ("half of a surrogate pair", "mine.jsonl", lines({"problem": "\ud835"})),
    ("no problem", "mine.jsonl", lines({"problem": ""})),
    ("no such column", "mine.csv", written("question,answer\n1+1?,2\n")),
    ("a row with a cell more", "mine.csv", written("problem,answer\n1+1?,2\n1+2?,3,4\n")),
    ("two columns of one name", "mine.csv", written("problem,problem\n1,2\n")),
    ("gzip, cut", "mine.jsonl.gz", raw(GZIPPED[: len(GZIPPED) // 2])),
    ("Parquet, cut", "mine.parquet", raw(b"PAR1" + b"\0" * 40)),
    ("a ZIP archive", "mine.jsonl", raw(b"PK\x03\x04" + b"\0" * 40)),
]  # fmt: skip
CONFIGURATIONS: list[tuple[str, Damage]] = [
    ("no YAML", written("seeds: [0\nstudy: x")),
    ("a list", written("- 1\n")),
    ("an unknown key", laid_over(seedz=[1])),
    ("a key of old", laid_over(alignment={"corpora": []})),
    ("a number that is a text", laid_over(training={"student": {"learning_rate": "1e-5"}})),
    ("a prompt without its problem", laid_over(prompts={"chat": {"user": "Solve: {question}"}})),
    ("an empty stop string", laid_over(sampling={"evaluation": {"stop": [""]}})),
    ("a run of -1 words", laid_over(cleaning={"ngram": -1})),
    ("a context of no tokens", laid_over(sampling={"engine": {"max_model_len": 0}})),
    ("a sampler that is not there", laid_over(corpora={"short": CORPUS})),
    ("a merge without density", laid_over(merges=[SWEEP])),
    ("a density that the method does not take", laid_over(merges=[{**SWEEP, "method": "linear", "densities": [0.5]}])),
    ("a merge of an unknown method", laid_over(merges=[{**SWEEP, "method": "slerp"}])),
    ("one seed twice", laid_over(seeds=[0, 0])),
    ("one benchmark that is no data set", laid_over(benchmarks=["aime"])),
    ("several greedy samples", laid_over(sampling={"training": {"n": 4}})),
    ("a model from elsewhere than folder or hub", laid_over(bases={"mine": {"source": "torrent"}})),
]  # fmt: skip
