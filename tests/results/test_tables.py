"""Tables from small graded files whose every number is known."""

from pathlib import Path
from typing import Any

import pytest

from micota.common.errors import UserError
from micota.common.records import RecordError, read_jsonl, write_json, write_jsonl
from micota.common.tables import DASH, Column, Row, read_csv, write_table
from micota.corpora.kinds import REASONS
from micota.results.entries import Entry, by_student
from micota.results.outcomes import read_cells
from micota.results.tables import assistants, corpora, lengths, likelihood, main
from tests.graded import entry, named, trace, traces, write_graded, write_traces


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    """Two benchmarks of 4 and 2 problems; base `s` and two seeds of `s` on mid."""
    folder = tmp_path / "graded"

    def model(name: str, easy: list[bool], hard: list[bool], **changes: Any) -> None:
        rows = [*traces("easy", easy, **changes), *traces("hard", hard, **changes)]
        write_traces(folder / f"{name}.jsonl", [*reversed(rows), trace("train/0", "train", True)])

    model("s", [True, False, False, False], [False, False])
    model("s-mid-s0", [True, True, True, False], [True, False], n_tokens=20)
    model("s-mid-s1", [True, True, False, False], [False, False], n_tokens=40)
    return folder


ENTRIES = [entry("s-mid-s0", "s", "mid"), entry("s", "s", "base"), entry("s-mid-s1", "s", "mid", 1)]


def make_main(graded: Path, entries: list[Entry] = ENTRIES, proposed: str = "mid") -> Path:
    out = graded.parent / "tables"
    files = {"graded": [graded / f"{entry['model']}.jsonl" for entry in entries], "reports": []}
    main.make(files, out, entries=entries, benchmarks=["easy", "hard"], proposed=proposed)
    return out / "main"


def test_entries_of_a_student_stand_together_in_the_order_of_first_mention() -> None:
    mixed = [entry("s-mid-s0", "s", "mid"), entry("b", "b", "base"), entry("s", "s", "base"), ENTRIES[2]]
    found = by_student(mixed)
    assert list(found.items()) == [
        (("s", "mid"), [["s-mid-s0", "s-mid-s1"]]),
        (("s", "base"), [["s"]]),
        (("b", "base"), [["b"]]),
    ]
    chained = [entry(f"s-mid-c{c}-s{s}", "s", "mid", s) | {"chain": c} for s in (0, 1) for c in (5, 3)]
    assert by_student([*chained, entry("s", "s", "base") | {"chain": None}]) == {
        ("s", "mid"): [["s-mid-c5-s0", "s-mid-c5-s1"], ["s-mid-c3-s0", "s-mid-c3-s1"]],
        ("s", "base"): [["s"]],
    }


def test_one_problem_may_stand_in_two_data_sets_of_the_traces(tmp_path: Path) -> None:
    """As the samples of a protocol do beside the greedy answers; no more than once in each."""
    rows = [trace("easy/0", "easy", True), trace("easy/0", "easy@4", False), trace("train/0", "train", True)]
    write_jsonl(tmp_path / "m.jsonl", rows)
    cells = read_cells(tmp_path / "m.jsonl", ["easy", "easy@4"])
    assert [cell.correct for cell in cells.values()] == [1, 0]
    write_jsonl(tmp_path / "m.jsonl", [*rows, rows[1]])
    assert read_cells(tmp_path / "m.jsonl", ["easy"])["easy"].correct == 1, "what is not asked for is not looked at"
    with pytest.raises(RecordError, match="sample 0 of problem easy/0 stands there twice"):
        read_cells(tmp_path / "m.jsonl", ["easy", "easy@4"])


def test_main_table_averages_seeds_and_benchmarks(graded: Path) -> None:
    stem = make_main(graded)
    mid, base = read_csv(f"{stem}.csv")
    assert (mid["corpus"], base["corpus"]) == ("mid", "base"), "in the order of the entries"
    assert (mid["accuracy_easy"], mid["accuracy_hard"], mid["accuracy_average"]) == (62.5, 25.0, 43.75)
    assert (base["accuracy_easy"], base["accuracy_hard"], base["accuracy_average"]) == (25.0, 0.0, 12.5)
    assert (mid["seeds"], mid["problems"], mid["problems_hard"], mid["mean_tokens"]) == (2, 6, 2, 30)
    assert mid["accuracy_average_low"] < 43.75 < mid["accuracy_average_high"]
    assert "| s | mid (MiCoTA) | 62.5 | 25.0 | 43.8 |" in Path(f"{stem}.md").read_text()
    assert "s & mid (MiCoTA) & 62.5 & 25.0 & 43.8 &" in Path(f"{stem}.tex").read_text()


def test_cells_count_both_verdicts_of_every_grader(graded: Path) -> None:
    rows = list(read_jsonl(graded / "s.jsonl"))
    for row in rows:
        row["verdicts"]["string_rule"] = False  # a broken grader must show
    rows[0] |= {"finish_reason": "length", "extracted": None, "reason": "no_box"}
    write_traces(graded / "s.jsonl", rows)
    cells = {(row["model"], row["benchmark"]): row for row in read_csv(f"{make_main(graded)}_cells.csv")}
    assert len(cells) == 6
    easy, hard = cells["s", "easy"], cells["s", "hard"]
    assert (easy["n"], easy["correct"], easy["wrong"], easy["accuracy"]) == (4, 1, 3, 25)
    assert (easy["math_verify_percent"], easy["string_rule_percent"], easy["last_number_percent"]) == (25, 0, 25)
    assert (hard["truncated_percent"], hard["no_box_percent"], easy["truncated_percent"]) == (50, 50, 0)
    assert hard["accuracy"] == 0 and hard["accuracy_high"] == pytest.approx(65.76, abs=0.01), "Wilson keeps a width"


def test_cells_count_the_traces_with_two_answers(graded: Path) -> None:
    rows = [row | {"boxed_answers": 1 + (row["id"] == "easy/0")} for row in read_jsonl(graded / "s.jsonl")]
    write_traces(graded / "s.jsonl", rows)
    cells = {(row["model"], row["benchmark"]): row for row in read_csv(f"{make_main(graded)}_cells.csv")}
    assert (cells["s", "easy"]["several_answers"], cells["s", "hard"]["several_answers"]) == (1, 0)
    assert cells["s-mid-s0", "easy"]["several_answers"] is None, "graded before it was counted: not known"


def test_differences_are_paired_with_the_named_corpus(graded: Path) -> None:
    (row,) = read_csv(f"{make_main(graded)}_differences.csv")
    assert (row["corpus"], row["against"], row["difference"], row["problems"]) == ("mid", "base", 31.25, 6)
    with pytest.raises(UserError, match=r"students\.proposed: no base has a student on long"):
        make_main(graded, ENTRIES, "long")


def test_differences_pair_the_training_seeds(graded: Path) -> None:
    """Two seeds of mid against two of long: the difference by seed is 18.75 and 6.25, on average 12.5 points."""
    long = [[True, False, False, False], [True, True, False, False]], [[True, False], [False, False]]
    for seed, (easy, hard) in enumerate(zip(*long, strict=True)):
        write_graded(graded, f"l{seed}", {"easy": easy, "hard": hard})
    more = [entry(f"l{seed}", "s", "long", seed) for seed in range(2)]
    rows = read_csv(f"{make_main(graded, [*ENTRIES, *more])}_differences.csv")
    (row,) = (row for row in rows if row["against"] == "long")
    assert row["difference"] == 12.5 and row["difference_low"] < 12.5 < row["difference_high"]
    with pytest.raises(UserError, match=r"s has 1 x 2 runs of mid .* and 1 x 1 of long"):
        make_main(graded, [*ENTRIES, more[0]])


def test_what_never_varies_has_no_p_and_no_accuracy_leaves_0_to_100(graded: Path) -> None:
    stem = make_main(graded, [ENTRIES[1], {**ENTRIES[1], "corpus": "long"}], "long")
    (same,) = read_csv(f"{stem}_differences.csv")
    assert (same["difference"], same["p_value"]) == (0, None)
    assert same["difference_low"] == -same["difference_high"] < 0, "other problems might differ"
    for row in read_csv(f"{stem}.csv"):
        for name in ("easy", "hard", "average"):  # easy: 1 of 4, where t would go below 0
            assert 0 <= row[f"accuracy_{name}_low"] <= row[f"accuracy_{name}"] <= row[f"accuracy_{name}_high"] <= 100


def test_a_benchmark_of_one_problem_is_refused(graded: Path) -> None:
    write_graded(graded, "one", {"easy": [True], "hard": [True]})
    with pytest.raises(UserError, match="easy has one problem"):
        make_main(graded, [{**ENTRIES[0], "model": "one"}])


def test_several_samples_of_a_problem_are_one_problem(graded: Path) -> None:
    rows = [trace(f"easy/{i}", "easy", (i + s) % 2 == 0, sample=s) for i in range(4) for s in range(2)]
    write_traces(graded / "k.jsonl", rows)
    cell = read_cells(graded / "k.jsonl", ["easy"])["easy"]
    assert cell.accuracies() == [0.5] * 4 and cell.correct == 4 and len(cell.tokens) == 8


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([trace("easy/0", "easy", True)], "no trace of the data set 'hard'"),
        ([trace("easy/0", "easy", True)] * 2, "sample 0 of problem easy/0 stands there twice"),
        ([trace("easy/0", "easy", True), trace("hard/0", "hard", True)], "differ in 3 problems of easy"),
        ([{"id": "easy/0"}], "bad.jsonl:1: the record lacks sample"),
    ],
)
def test_graded_files_that_do_not_fit_are_refused(graded: Path, rows: list[dict], message: str) -> None:
    write_traces(graded / "bad.jsonl", rows)
    with pytest.raises((UserError, RecordError), match=message):
        make_main(graded, [*ENTRIES, entry("bad", "s", "long")])
    assert not (graded.parent / "tables").exists(), "nothing half-written"


def test_assistants_are_ordered_by_sweep_and_weight(graded: Path) -> None:
    entries: list[Row] = [
        {"model": "s-mid-s1", "weight": None, "density": None, "mask_seed": None},
        {"model": "s-mid-s0", "weight": 0.4, "density": 0.5, "mask_seed": 0},
        {"model": "s", "weight": 0, "density": None, "mask_seed": None},
    ]
    entries = [
        {**entry, "tuned": "t", "name": entry["model"], "mask": entry["mask_seed"], "method": None, "chain": None}
        for entry in entries
    ]
    entries += [{**entry, "tuned": "another"} for entry in entries[1:]]
    files: dict[str, list[Path]] = {"graded": list(graded.iterdir()), "reports": [], "counts": []}
    assistants.make(files, graded.parent, entries=entries, dataset="easy", proposed=[], samplers={})
    rows = read_csv(graded.parent / "assistants.csv")
    assert [row["tuned"] for row in rows] == ["t", "t", "t", "another", "another"], "a sweep after the other"
    assert [row["weight"] for row in rows] == [0, 0.4, 1, 0, 0.4]
    assert [row["accuracy"] for row in rows] == [25, 75, 50, 25, 75]
    assert [row["median_tokens"] for row in rows] == [10, 20, 40, 10, 20]
    assert (
        rows[0]["density"] is None
        and f"| s | t | 0 | {DASH} | {DASH} | 25.0 |" in (graded.parent / "assistants.md").read_text()
    )


@pytest.mark.parametrize(
    ("sampled", "counts", "gave"),
    [
        ({"mid": "s-mid-s0"}, {}, "s-mid-s0"),
        ({"w4": "s-mid-s0"}, {"mid": {"of": "own"}, "own": {"chosen": "w4"}}, "s-mid-s0"),
        ({"w4": "another"}, {"mid": {"chosen": "w4"}}, None),
        ({}, {"mid": {"parts": ["w4"]}}, None),
    ],
)
def test_the_sweep_tells_which_merge_gave_the_proposed_corpus(
    graded: Path, sampled: dict[str, str], counts: dict[str, Row], gave: str | None
) -> None:
    """By way of the corpora that it was taken or chosen from; a mixed one is of no model alone."""
    entries = [
        {"model": model, "weight": weight, "density": density, "mask_seed": mask, "tuned": "t", "name": model}
        | {"mask": mask, "method": None, "chain": None}
        for model, weight, density, mask in (("s", 0, None, None), ("s-mid-s0", 0.4, 0.5, 0))
    ]
    for name, record in counts.items():
        write_json(graded.parent / f"{name}.counts.json", record)
    files = {"graded": list(graded.iterdir()), "reports": [], "counts": sorted(graded.parent.glob("*.counts.json"))}
    assistants.make(files, graded.parent, entries=entries, dataset="easy", proposed=["mid"], samplers=sampled)
    rows = read_csv(graded.parent / "assistants.csv")
    assert {row["model"]: row["proposed"] for row in rows} == {"s": 0, "s-mid-s0": int(gave is not None)}
    assert all(row["mean_tokens_low"] <= row["mean_tokens"] <= row["mean_tokens_high"] for row in rows)


def test_corpora_table_joins_the_reasons_and_refuses_lost_traces(tmp_path: Path) -> None:
    tokens = {"mean": 5.0, "median": 5, "max": 9, "total": 15}
    short = {"corpus": "short", "read": 5, "kept": 3, "dropped": {"incorrect": 2}, "problems": 3, "tokens": tokens}
    mid = {**short, "corpus": "mid", "read": 10, "dropped": {"no_box": 7}}
    paths = [tmp_path / "short.counts.json", tmp_path / "mid.counts.json"]
    for path, counts in zip(paths, (short, mid), strict=True):
        write_json(path, counts)
    files = {"counts": paths}
    corpora.make(files, tmp_path, corpora=named("short", "mid"))
    first, second = read_csv(tmp_path / "corpora.csv")
    assert (first["dropped_incorrect"], first["dropped_no_box"], first["kept_percent"]) == (2, 0, 60)
    assert (second["dropped_incorrect"], second["dropped_no_box"], second["kept_percent"]) == (0, 7, 30)
    # Special tokens dropped nothing here: as in tables from archived counts, which do not know them, no column.
    known = [f"dropped_{reason}" for reason in REASONS if f"dropped_{reason}" not in corpora.LATER]
    assert [key for key in first if key.startswith("dropped_")] == known
    assert first["dropped_truncated"] == second["dropped_dealt_to_another_part"] == 0
    for ending in ("md", "tex"):
        shown = (tmp_path / f"corpora.{ending}").read_text()
        assert shown.count("Dropped: ") == 2 and "Dropped: incorrect" in shown and "Dropped: no box" in shown
    write_json(paths[0], {**short, "dropped": {"wrong": 2}})
    with pytest.raises(RecordError, match="unknown reasons for dropping a trace: wrong"):
        corpora.make(files, tmp_path, corpora=named("short", "mid"))
    write_json(paths[0], {**short, "kept": 2})
    with pytest.raises(RecordError, match="differ from that by 1"):
        corpora.make(files, tmp_path, corpora=named("short", "mid"))
    write_json(paths[0], {"corpus": "short"})
    with pytest.raises(RecordError, match=r"lack read, kept, dropped, problems, tokens, tokens\.mean"):
        corpora.make(files, tmp_path, corpora=named("short", "mid"))


def test_corpora_table_says_how_many_kept_traces_were_cut_off(tmp_path: Path) -> None:
    tokens = {"mean": 5.0, "median": 5, "max": 9, "total": 15}
    old = {
        "corpus": "short",
        "read": 5,
        "kept": 5,
        "dropped": {},
        "problems": 3,
        "tokens": tokens,
    }  # archived: no count
    for name, counts in (("short", old), ("all", {**old, "corpus": "all", "truncated": 2})):
        write_json(tmp_path / f"{name}.json", counts)
    paths = [tmp_path / "short.json", tmp_path / "all.json"]
    corpora.make({"counts": paths}, tmp_path, corpora=named("short", "all"))
    assert [row["truncated_percent"] for row in read_csv(tmp_path / "corpora.csv")] == [0, 40]
    assert "Truncated (%)" in (tmp_path / "corpora.md").read_text()
    corpora.make({"counts": paths[:1]}, tmp_path, corpora=named("short"))
    assert [row["truncated_percent"] for row in read_csv(tmp_path / "corpora.csv")] == [0]
    assert "Truncated" not in (tmp_path / "corpora.md").read_text()


def test_corpora_table_says_what_a_corpus_was_taken_from(tmp_path: Path) -> None:
    tokens = {"mean": 5.0, "median": 5, "max": 9, "total": 15}
    mid = {"corpus": "mid", "read": 5, "kept": 5, "dropped": {}, "problems": 3, "tokens": tokens}
    few = {**mid, "corpus": "few", "kept": 2, "dropped": {"not_in_all": 1, "over_the_match": 2}, "of": "mid"}
    auto = {**mid, "corpus": "auto", "chosen": "mid_w4", "candidates": {}}
    for name, counts in (("mid", mid), ("few", few), ("auto", auto)):
        write_json(tmp_path / f"{name}.counts.json", counts)
    paths = [tmp_path / f"{name}.counts.json" for name in ("mid", "few", "auto")]
    corpora.make({"counts": paths}, tmp_path, corpora=named("mid", "few", "auto"))
    rows = read_csv(tmp_path / "corpora.csv")
    assert [row["from"] for row in rows] == [None, "mid", "mid_w4"]
    assert (rows[1]["dropped_not_in_all"], rows[1]["dropped_over_the_match"]) == (1, 2)
    assert "| few | mid (MiCoTA) | 5 | 1 | 2 | 2 | 40.0 |" in (tmp_path / "corpora.md").read_text()
    corpora.make({"counts": paths[:1]}, tmp_path, corpora=named("mid"))
    assert "From" not in (tmp_path / "corpora.md").read_text()


def test_likelihood_weighs_tokens_and_names_the_base_by_its_file(tmp_path: Path) -> None:
    pairs = [("mid", 1.0, 10), ("mid", 9.0, 30), ("long", 8.0, 40)]
    records = [{"corpus": c, "id": f"{n}", "sample": 0, "nll": nll, "n_tokens": n} for c, nll, n in pairs]
    write_jsonl(tmp_path / "small.jsonl", records)
    entries = [{"base": "small", "under": "small", "corpus": c, "of": c, "chain": None} for c in ("mid", "long")]
    likelihood.make({"nll": [tmp_path / "small.jsonl"], "counts": []}, tmp_path, entries=entries)
    mid, long = read_csv(tmp_path / "likelihood.csv")
    assert (mid["base"], mid["traces"], mid["tokens"], mid["nll_per_trace"]) == ("small", 2, 40, 5)
    assert mid["nll_per_token"] == pytest.approx(0.25) and mid["perplexity"] == pytest.approx(1.2840254)
    assert (mid["nll_per_token_low"], mid["nll_per_token_high"]) == pytest.approx((0.1, 0.3))
    assert long["nll_per_token"] == pytest.approx(0.2)


@pytest.mark.parametrize(("longest", "scale"), [(300, "linear"), (301, "log"), (16_384, "log")])
def test_histogram_counts_every_trace_once(tmp_path: Path, longest: int, scale: str) -> None:
    """The shortest median is 10: bins are log-spaced from 30 times that on."""
    drawn = {"short": [1, 9, 11, 50], "long": [*range(40, 300, 7), longest]}
    for corpus, tokens in drawn.items():
        fields = {"id": "x", "sampler": "m", "problem": "", "completion": ""}
        written = ({**fields, "sample": sample, "n_tokens": n} for sample, n in enumerate(tokens))
        write_jsonl(tmp_path / f"{corpus}.jsonl", written)
    files = {"corpora": [tmp_path / "short.jsonl", tmp_path / "long.jsonl"]}
    lengths.make(files, tmp_path, corpora=named("short", "long"))
    rows = read_csv(tmp_path / "lengths.csv")
    assert {row["scale"] for row in rows} == {scale}
    for corpus, tokens in drawn.items():
        mine = [row for row in rows if row["corpus"] == corpus]
        for row in mine:
            assert row["count"] == sum(row["bin_left"] <= n < row["bin_right"] for n in tokens)
            assert row["bin_left"] % 1 == 0
        assert sum(row["count"] for row in mine) == len(tokens)
        assert sum(row["share_percent"] for row in mine) == pytest.approx(100)
    short, _ = read_csv(tmp_path / "lengths_quantiles.csv")
    assert (short["tokens_median"], short["tokens_max"], short["traces"]) == (10, 50, 4)


def test_text_is_escaped_and_numbers_stay_whole(tmp_path: Path) -> None:
    rows: list[Row] = [{"name": r"[a_b] 5% & $x \| {~^#}", "value": 1 / 3}, {"name": "c", "value": None}]
    columns = (Column("name", "Name"), Column("value", "Share (%)", "{0:.2f} of {name}"))
    write_table(tmp_path / "t", rows, columns, group="name")
    assert read_csv(tmp_path / "t.csv") == rows
    tex = (tmp_path / "t.tex").read_text()
    assert (
        r"Share (\%)" in tex
        and r"{[}a\_b] 5\% \& \$x \textbackslash{}| \{\textasciitilde{}\textasciicircum{}\#\}" in tex
    )
    assert "\\midrule\nc & -- \\\\\n\\bottomrule" in tex and tex.startswith("\\begin{tabular}{lr}\n\\toprule")
    assert f"| c | {DASH} |" in (tmp_path / "t.md").read_text()


@pytest.mark.parametrize("text", ["", "a,b\n", "a,b\n1\n", "a,b\n1,2,3\n"])
def test_broken_csv_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(RecordError, match=r"t\.csv"):
        read_csv(tmp_path / "t.csv")
    with pytest.raises(RecordError, match="no such file"):
        read_csv(tmp_path / "missing.csv")
