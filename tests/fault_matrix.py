"""The fault matrix: what is broken in a finished study, and which program meets it."""

from dataclasses import dataclass
from pathlib import Path

from micota.common.seals import SEALS
from tests.bad_inputs import CONFIGURATIONS, DATA
from tests.damage import (
    DOUBLED,
    LAST_LOST,
    LOST,
    SWAPPED,
    Damage,
    archive,
    config,
    copy_of,
    cut,
    document,
    empty,
    field,
    forgotten,
    gone,
    in_file,
    layers,
    pattern,
    renumbered,
    rows,
    spoilt,
    tensors,
    text,
    written,
)
from tests.fault_study import HOME


@dataclass(frozen=True)
class Fault:
    """Something that is broken: where (below the results, or in the folder if it begins with /), how, and who meets it.

    `sealed`: whether the seals are there too; without them the contract alone must see it.
    """

    what: str
    file: str
    damage: Damage
    program: str
    sealed: bool = False

    @property
    def name(self) -> str:
        return f"{self.program}: {self.file.lstrip('/')}: {self.what}{' (sealed)' if self.sealed else ''}"

    def place(self, folder: Path) -> Path:
        return folder / self.file[1:] if self.file.startswith("/") else folder / HOME / self.file


WEIGHTS = "model.safetensors"
OTHER_WEIGHTS = in_file(WEIGHTS, copy_of(f"../small/{WEIGHTS}"))
OTHER_NUMBER = pattern(r",(\d+\.\d+),", r",\g<1>9,")
MODEL = "models/small-mid-s0"
SHARD = "cot/small-mid-s0/shard-0.jsonl"
GRADED = "graded/small-mid-s0.jsonl"
WRONG = {"math_verify": False, "string_rule": False, "last_number": False}
FLIP = rows(lambda records: [records[0] | {"correct": True, "verdicts": WRONG}, *records[1:]])
ALL_OF_ONE = rows(lambda records: [row for row in records if row["id"] != records[0]["id"]])

FAULTS = [
    # problems
    Fault("empty", "problems/train.jsonl", empty, "sampling for corpora"),
    Fault("cut in a line", "problems/train.jsonl", cut, "sampling for corpora"),
    Fault("a problem twice", "problems/train.jsonl", DOUBLED, "sampling for corpora"),
    Fault("an answer that is a number", "problems/easy.jsonl", field("answer", 12), "grading"),
    Fault("an answer that is a list", "problems/easy.jsonl", field("answer", ["1"]), "grading"),
    Fault("an answer that is true", "problems/easy.jsonl", field("answer", True), "grading"),
    Fault("an answer that is NaN", "problems/easy.jsonl", field("answer", float("nan")), "grading"),
    Fault("a blank answer", "problems/easy.jsonl", field("answer", " "), "grading"),
    Fault("no answer", "problems/easy.jsonl", field("answer", None), "grading"),
    Fault("a key twice", "problems/easy.jsonl", text('"answer"', '"answer": "1", "answer"'), "grading"),
    Fault("a problem lost", "problems/easy.jsonl", LOST, "grading"),
    Fault("problems in another order", "problems/easy.jsonl", SWAPPED, "grading"),
    Fault("another answer", "problems/easy.jsonl", field("answer", "77"), "grading", sealed=True),
    Fault("gone", "problems/easy.jsonl", gone, "grading"),
    # traces
    Fault("empty", SHARD, empty, "grading"),
    Fault("cut in a line", SHARD, cut, "grading"),
    Fault("cut at a line's end", SHARD, LAST_LOST, "grading"),
    Fault("a trace lost", SHARD, LOST, "grading"),
    Fault("a trace twice", SHARD, DOUBLED, "grading"),
    Fault("another shard", SHARD, copy_of("shard-1.jsonl"), "grading"),
    Fault("another model's shard", SHARD, copy_of("../small-long-s0/shard-0.jsonl"), "grading"),
    Fault("gone", SHARD, gone, "grading"),
    Fault("a completion that is a list", SHARD, field("completion", ["a"]), "grading"),
    Fault("a length that is no number", SHARD, field("n_tokens", "12"), "grading"),
    Fault("an unknown end", SHARD, field("finish_reason", "eos"), "grading"),
    Fault("an edited completion", SHARD, field("completion", "\\boxed{1}"), "grading", sealed=True),
    # graded traces
    Fault("empty", GRADED, empty, "table main"),
    Fault("cut in a line", GRADED, cut, "table main"),
    Fault("a trace lost", GRADED, LOST, "table main"),
    Fault("a trace twice", GRADED, DOUBLED, "table main"),
    Fault("another model's file", GRADED, copy_of("small-long-s0.jsonl"), "table main"),
    Fault("`correct` flipped", GRADED, FLIP, "table main"),
    Fault("an extra sample", GRADED, rows(lambda records: [*records, records[0] | {"sample": 1}]), "table main"),
    Fault("a problem lost", GRADED, ALL_OF_ONE, "table scores"),
    Fault("a trace lost", GRADED, LOST, "table claims"),
    Fault("a length below zero", GRADED, field("n_tokens", -1), "table main"),
    Fault("another length", GRADED, field("n_tokens", 7), "table main", sealed=True),
    Fault("gone", GRADED, gone, "table main"),
    Fault("half of the traces", "graded/ta_long.jsonl", rows(lambda records: records[::2]), "table assistants"),
    Fault("a trace lost", "graded/medium.jsonl", LOST, "corpus long"),
    Fault("a trace twice", "graded/medium.jsonl", DOUBLED, "corpus long"),
    Fault("another model's file", "graded/medium.jsonl", copy_of("ta_long.jsonl"), "corpus long"),
    Fault("an edited completion", "graded/medium.jsonl", field("completion", "x"), "corpus long", sealed=True),
    Fault("not JSON", "cot/medium/shard-0.meta.json", cut, "corpus long"),
    # corpora
    Fault("a row lost", "corpora/mid.jsonl", LOST, "training"),
    Fault("a row twice", "corpora/mid.jsonl", DOUBLED, "training"),
    Fault("empty", "corpora/mid.jsonl", empty, "training"),
    Fault("cut in a line", "corpora/mid.jsonl", cut, "training"),
    Fault("an edited completion", "corpora/mid.jsonl", field("completion", "x"), "training", sealed=True),
    Fault("a row lost", "corpora/mid.jsonl", LOST, "likelihood"),
    Fault("a row lost", "corpora/mid.jsonl", LOST, "corpus mix"),
    Fault("a row lost", "corpora/mid.jsonl", LOST, "table lengths"),
    Fault("other counts", "corpora/mid.counts.json", document(lambda d: d | {"kept": 3}), "training"),
    Fault("other counts", "corpora/mid.counts.json", document(lambda d: d | {"kept": 3}), "table corpora", sealed=True),
    # likelihoods
    Fault("a row lost", "likelihood/small.jsonl", LOST, "table likelihood"),
    Fault("a row twice", "likelihood/small.jsonl", DOUBLED, "table likelihood"),
    Fault("NaN", "likelihood/small.jsonl", field("nll", float("nan")), "table likelihood"),
    Fault("null", "likelihood/small.jsonl", field("nll", None), "table claims"),
    Fault("another number", "likelihood/small.jsonl", field("nll", 3.25), "table claims", sealed=True),
    # models
    Fault("weights cut", MODEL, in_file(WEIGHTS, cut), "sampling"),
    Fault("weights of another model", MODEL, OTHER_WEIGHTS, "sampling"),
    Fault("a weight that is NaN", MODEL, tensors(spoilt), "sampling"),
    Fault("a weight that is NaN, in a model of others", MODEL, forgotten(tensors(spoilt)), "sampling"),
    Fault("a weight that is NaN, in a model of others", "models/small", forgotten(tensors(spoilt)), "training"),
    Fault("a weight that is NaN, in a model of others", "models/ta_long", forgotten(tensors(spoilt)), "merging"),
    Fault("a layer more", MODEL, forgotten(layers(1)), "sampling"),
    Fault("a layer less", MODEL, forgotten(layers(-1)), "sampling"),
    Fault("a layer more", "models/small", forgotten(layers(1)), "training"),
    Fault("a layer less", "models/small", forgotten(layers(-1)), "likelihood"),
    Fault("another width", "models/small", forgotten(config(intermediate_size=99)), "likelihood"),
    Fault("an edited config.json", MODEL, config(rms_norm_eps=0.1), "sampling"),
    Fault("another chat template", MODEL, in_file("chat_template.jinja", written("{{ 1 }}")), "sampling"),
    Fault("another tokenizer", MODEL, in_file("tokenizer.json", document(renumbered)), "sampling"),
    Fault("a file more", MODEL, in_file("added_tokens.json", written("{}")), "sampling"),
    Fault("no tokenizer", MODEL, in_file("tokenizer.json", gone), "sampling"),
    Fault("no micota.json", MODEL, in_file("micota.json", gone), "sampling"),
    Fault("no weights", "models/small", in_file(WEIGHTS, gone), "training"),
    Fault("gone", "models/small", gone, "training"),
    # tables, reports, settings
    Fault("another number", "tables/main.csv", OTHER_NUMBER, "figure accuracy", sealed=True),
    Fault("a cell more", "tables/claims.csv", pattern(r"\n", ",1\n"), "figure claims"),
    Fault("empty", "tables/main.csv", empty, "figure accuracy"),
    Fault("other counts", "problems/easy.report.json", document(lambda d: d | {"kept": 5}), "table main"),
    Fault("other counts", "problems/gold.json", pattern(r'ed": \d+', 'ed": 1'), "table gold", sealed=True),
    Fault("not JSON", "problems/train.report.json", cut, "table contamination"),
    Fault("not JSON", "study.json", cut, "table main"),
    Fault("an unknown key", "study.json", document(lambda d: d | {"seedz": 1}), "grading"),
    Fault("gone", "study.json", gone, "training"),
    Fault("a seal that is none", f"{SEALS}/graded/small-mid-s0.jsonl", empty, "table main", sealed=True),
    # the whole
    Fault("NaN", "tables/main.csv", pattern(r",(\d+\.\d+),", ",nan,"), "check of the results"),
    Fault("another number", "tables/claims.csv", OTHER_NUMBER, "check of the results", sealed=True),
    Fault("a figure gone", "/figures/faults/accuracy.png", gone, "check of the results", sealed=True),
    Fault("a trace lost", SHARD, LOST, "check of the results"),
    Fault("weights of another model", MODEL, OTHER_WEIGHTS, "check of the results", sealed=True),
    Fault("cut", "/logs.tar.xz", archive, "unpacking logs"),
    # what is handed in
    *(Fault(what, f"/{file}", damage, "reading a data set") for what, file, damage in DATA),
    *(Fault(what, "/mine.yaml", damage, "reading a configuration") for what, damage in CONFIGURATIONS),
]  # fmt: skip
