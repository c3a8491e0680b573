"""The paper's last mile on a synthetic study with the miniature's numbers: graded traces -> tables -> figures."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import product
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
import pytest
from matplotlib import image, pyplot
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from micota.common.errors import UserError
from micota.common.records import write_json, write_jsonl
from micota.common.tables import Row, read_csv, write_csv
from micota.corpora.kinds import REASONS
from micota.results import looks
from micota.results.labels import CORPUS_LABELS, FRONT_LABELS, contrast_label
from micota.results.looks import Corpora
from micota.results.method import steps
from micota.results.tables import rivals
from micota.study.load import load_study
from micota.workflow.tables import FIGURES
from scripts import (
    figures,
    show_main,
)
from tests.graded import ACCURACY, named, write_traces
from tests.project import ROOT
from tests.tiny import raw_config

KNOWN = [*FIGURES, "front"]  # no rule draws the last one
REFERENCE = ROOT / "reference"
LIMIT = 560  # tokens
BENCHMARKS = {"easy": 0.25, "medium_": 0.0, "hard": -0.3}  # and how far accuracy moves
STUDENTS = {  # base -> corpus -> (accuracy, mean length)
    "small": {"base": (0.40, 51), "short": (0.417, 51), "long": (0.437, 310), "unmerged": (0.41, 298),
              "mix": (0.43, 120), "mid": (0.462, 180)},
    "medium": {"base": (0.70, 51), "short": (0.71, 52), "long": (0.81, 298), "unmerged": (0.79, 290),
               "mix": (0.80, 118), "mid": (0.90, 181)},
}  # fmt: skip
SWEEP = {0: (0.7, 51), 0.3: (0.696, 83), 0.4: (0.908, 184), 0.5: (0.884, 209), 0.7: (0.828, 273), 1: (0.813, 298)}
GAPS = [["long", "short"], ["mid", "long"], ["mid", "short"]]
AXIS = {"corpora": ["short", "mid", "unmerged", "long"], "short": "short", "mid": "mid", "long": "long"}
PER_TOKEN = {"short": 0.0588, "long": 0.0533, "unmerged": 0.0541, "mid": 0.0485, "mix": 0.055}
CORPORA = Corpora({"corpus": name, "tokens_mean": length} for name, (_, length) in STUDENTS["small"].items())
CLAIMS: list[tuple[str, float | None, list[Row]]] = [  # text, published effect, parts
    ("Mid beats long", 3.9, [{"measure": "accuracy", "contrast": {"medium-mid": 1, "medium-long": -1}}]),
    ("The gap shrinks", None, [
        {"measure": "accuracy",
         "contrast": {"medium-long": 1, "medium-short": -1, "small-long": -1, "small-short": 1}}]),
    ("Short beats mid", None, [{"measure": "accuracy", "contrast": {"small-short": 1, "small-mid": -1}}]),
    ("Long as good as its source", None, [
        {"measure": "accuracy", "contrast": {"small-long": 1, "small-unmerged": -1}, "equivalence": 4.0}]),
    ("Price of merging", None, [
        {"measure": "validation_accuracy", "contrast": {"ta-w0.4-d0.5": 1, "ta-w1-dNone": -1}, "expected": None}]),
    ("Merging costs little", None, [
        {"measure": "validation_accuracy", "contrast": {"ta-w0.4-d0.5": 1, "ta-w1-dNone": -1}, "margin": 2.0}]),
    ("Length lies between", None, [
        {"measure": "validation_tokens", "contrast": {"ta-w0.4-d0.5": 1, "ta-w0-dNone": -1}},
        {"measure": "validation_tokens", "contrast": {"ta-w0.4-d0.5": 1, "ta-w1-dNone": -1}, "expected": "negative"}]),
    ("Mid is likelier", None, [
        {"measure": measure, "contrast": {"mid": 1, "long": -1}, "base": "small", "expected": "negative"}
        for measure in ("nll_per_token", "nll_per_trace")]),
]  # fmt: skip
YIELDS: dict[str, tuple[int, dict[str, int]]] = {
    "short": (2200, {"incorrect": 690, "no_box": 12, "truncated": 3, "not_solved_by_all": 95}),
    "long": (2200, {"incorrect": 148, "no_box": 41, "truncated": 88, "not_solved_by_all": 523}),
    "unmerged": (2200, {"incorrect": 270, "no_box": 60, "truncated": 96, "not_solved_by_all": 374}),
    "mid": (2200, {"incorrect": 196, "no_box": 4, "truncated": 11, "not_solved_by_all": 589}),
    "mix": (2800, {"dealt_to_another_part": 1400}),
}


def traces(model: str, dataset: str, accuracy: float, length: float, n: int, rng: np.random.Generator) -> Iterator[Row]:
    """Graded traces of the wanted accuracy and mean length; the string rule rejects a tenth of the right answers."""
    for number in range(n):
        correct = bool(rng.random() < accuracy)
        tokens = lengths(length, 1, rng)[0]
        yield {
            "id": f"{dataset}/{number}", "sample": 0, "sampler": model, "dataset": dataset, "prompt": "", "seed": 0,
            "completion": "", "finish_reason": "length" if tokens == LIMIT else "stop", "n_tokens": tokens,
            "answer": "1", "extracted": None if tokens == LIMIT else "1", "correct": correct,
            "reason": "equal" if correct else "different",
            "verdicts": {"math_verify": correct, "string_rule": correct and number % 10 > 0, "last_number": correct},
        }  # fmt: skip


def lengths(mean: float, n: int, rng: np.random.Generator) -> list[int]:
    """Lengths of traces in tokens, cut at the limit."""
    return [int(tokens) for tokens in np.clip(rng.lognormal(np.log(mean), 0.25, n), 5, LIMIT)]


def write_students(root: Path, rng: np.random.Generator) -> list[Row]:
    """Graded traces of every student (two seeds a corpus); returns the table's entries."""
    entries: list[Row] = []
    for base, corpora in STUDENTS.items():
        for corpus, (accuracy, length) in corpora.items():
            for seed in [None] if corpus == "base" else [0, 1]:
                model = base if seed is None else f"{base}-{corpus}-s{seed}"
                rows: list[Row] = []
                for benchmark, shift in BENCHMARKS.items():
                    level = min(max(accuracy + shift, 0.02), 0.99)
                    rows += traces(model, benchmark, level, length, 500, rng)
                write_traces(root / f"graded/{model}.jsonl", rows)
                entries.append({"model": model, "base": base, "corpus": corpus, "seed": seed})
    return entries


def write_assistants(root: Path, rng: np.random.Generator) -> list[Row]:
    """Graded traces of the base, the merged assistants and the un-merged one; returns the table's entries."""
    entries: list[Row] = []
    for weight, (accuracy, length) in SWEEP.items():
        for density in [None] if weight in (0, 1) else [0.3, 0.5, 0.9]:
            model = f"ta-w{weight}-d{density}"
            noise = 0 if density is None else 0.05 * (density - 0.5)
            rows = traces(model, "valid", accuracy + noise, length * (1 + noise), 600, rng)
            write_traces(root / f"graded/{model}.jsonl", rows)
            mask = None if density is None else 0
            place = {"weight": weight, "density": density, "mask_seed": mask, "mask": mask}
            called = {"name": model, "chain": None, "method": mask if mask is None else "dare_ties"}
            entries.append({"model": model, "tuned": "ta", **place, **called})
    return entries


def write_masks(root: Path, rng: np.random.Generator) -> list[Row]:
    """Graded traces of students on three masks' corpora with three seeds; several answers to one data set."""
    entries: list[Row] = []
    for mask, seed in product(range(3), range(3)):
        model = f"small-mid_m{mask}-s{seed}"
        rows = [row for name in BENCHMARKS for row in traces(model, name, rng.normal(0.5, 0.02), 180, 300, rng)]
        for sample in range(4):
            rows += [{**row, "sample": sample} for row in traces(model, "repeated", 0.5, 180, 60, rng)]
        write_traces(root / f"graded/{model}.jsonl", rows)
        entries.append({"model": model, "corpus": f"mid_m{mask}", "seed": seed})
    return entries


def write_corpora(root: Path, rng: np.random.Generator) -> None:
    """The corpora, their counts, and their NLL under both base students."""
    nll: dict[str, list[Row]] = {base: [] for base in STUDENTS}
    for corpus, (read, dropped) in YIELDS.items():
        kept = read - sum(dropped.values())
        tokens = lengths(STUDENTS["small"][corpus][1], kept, rng)
        fields = {"sample": 0, "sampler": "m", "problem": ""}
        texts = ["check 1=1 ok;" * (n // 40) for n in tokens]
        rows = (
            {"id": f"train/{number}", "n_tokens": n, "completion": text, **fields}
            for number, (n, text) in enumerate(zip(tokens, texts, strict=True))
        )
        write_jsonl(root / f"corpora/{corpus}.jsonl", rows)
        summary = {"mean": fmean(tokens), "median": median(tokens), "max": max(tokens), "total": sum(tokens)}
        counts = {"corpus": corpus, "read": read, "kept": kept, "dropped": dropped, "problems": kept, "tokens": summary}
        write_json(root / f"corpora/{corpus}.counts.json", counts)
        for base, scale in (("small", 1.0), ("medium", 0.7)):
            for number, n in enumerate(tokens):
                value = n * PER_TOKEN[corpus] * scale * rng.gamma(4, 0.25)
                trace = {"corpus": corpus, "id": f"train/{number}", "sample": 0, "nll": value, "n_tokens": n}
                nll[base].append(trace | {"rank_sum": n + int(rng.integers(n + 1))})
    for base, records in nll.items():
        write_jsonl(root / f"likelihood/{base}.jsonl", records)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study: its records, and all tables made from them by the real scripts."""
    root, rng = tmp_path_factory.mktemp("study"), np.random.default_rng(7)

    def make(table: str, folders: dict[str, str], **settings: Any) -> None:
        files = {key: sorted(root.glob(pattern)) for key, pattern in folders.items()}
        import_module(f"micota.results.tables.{table}").make(files, root / "tables", **settings)

    entries, benchmarks = write_students(root, rng), list(BENCHMARKS)
    for base, parameters in (("small", 124_352), ("medium", 336_864)):
        write_json(root / f"sizes/{base}.json", {"model": base, "parameters": parameters})
    graded = {"graded": "graded/*.jsonl", "reports": "no/*"}
    make("sizes", graded | {"sizes": "sizes/*.json"}, entries=entries, benchmarks=benchmarks, gaps=GAPS)
    make("variance", graded, entries=write_masks(root, rng), benchmarks=benchmarks, dataset="repeated")
    make("main", graded, entries=entries, benchmarks=benchmarks, proposed="mid")
    swept = {"entries": write_assistants(root, rng), "dataset": "valid", "proposed": [], "samplers": {}}
    make("assistants", graded | {"counts": "no/*"}, **swept)
    write_corpora(root, rng)
    make("corpora", {"counts": "corpora/*.counts.json"}, corpora=named(*sorted(YIELDS)))
    mapped = [
        entry | {"chain": None, "learned": None if entry["corpus"] == "base" else entry["corpus"]} for entry in entries
    ]
    read = graded | {"sizes": "sizes/*.json", "counts": "corpora/*.counts.json"}
    make("map", read, entries=mapped, benchmarks=benchmarks, weights=AXIS, oracle=None, traces=["mid", "long"])
    make("lengths", {"corpora": "corpora/*.jsonl"}, corpora=named(*sorted(YIELDS)))
    likely = [
        {"base": base, "under": base, "corpus": corpus, "of": corpus, "chain": None}
        for base in sorted(STUDENTS)
        for corpus in YIELDS
    ]
    make("likelihood", {"nll": "likelihood/*.jsonl", "counts": "corpora/*.counts.json"}, entries=likely)
    students = [
        e | {"chain": None, "under": e["base"], "learned": e["corpus"]} for e in entries if e["seed"] is not None
    ]
    make(
        "predictors",
        graded | {"nll": "likelihood/*.jsonl", "counts": "corpora/*.counts.json", "corpora": "corpora/*.jsonl"},
        entries=students,
        benchmarks=benchmarks,
        loaders=dict.fromkeys(YIELDS, "arithmetic"),
    )
    settings = {"runs": runs(), "benchmarks": benchmarks, "validation": "valid", "training": "train"}
    make(
        "claims",
        graded | {"likelihood": "likelihood/*.jsonl", "counts": "corpora/*.counts.json", "corpora": "no/*"},
        **family(),
        **settings,
    )
    write_rivals(root, rng)
    make("method", {}, steps=steps(load_study(raw_config("mini"))))
    return root


def write_rivals(root: Path, rng: np.random.Generator) -> None:
    """The table of rivals with made-up numbers; one family chose what is proposed."""
    rows = []
    for number, label in enumerate(("MiCoTA", "DARE", "TIES", "Mix-Long", "pruned teacher traces")):
        value, half = (50.0, 3.0) if number < 2 else (rng.normal(47, 5), rng.uniform(2, 4))
        row: Row = dict.fromkeys((column.key for column in rivals.COLUMNS), 0)
        row |= {"base": "small", "label": label}
        row |= {"family": label if number else None, "candidate": "mid", "training_tokens": 90_000 * 1.5**number}
        row |= {"accuracy": value, "accuracy_low": value - half, "accuracy_high": value + half}
        rows.append(row | {"compute": 3e12 * 1.4**number})
    write_csv(root / "tables/rivals.csv", rows, rivals.COLUMNS)


def family() -> Row:
    """The claims as a configuration gives them."""
    part = ACCURACY | {"expected": "positive"}
    named = {}
    for text, published, parts in CLAIMS:
        claim = {"text": text, "published": published, "parts": [part | p for p in parts]}
        price = text.startswith("Price")
        claim |= {"whose": "ours" if price else "paper", "kind": "estimate" if price else "test"}
        named[text.lower().replace(" ", "_")] = claim
    return {"alpha": 0.05, "power": 0.8, "family": named}


def runs() -> dict[str, list[list[str]]]:
    """What the claims' terms stand for: two seeds of a student, and one of everything else."""
    found: dict[str, list[list[str]]] = {}
    for part in (part for claim in family()["family"].values() for part in claim["parts"]):
        students = part["measure"] == "accuracy"
        found |= {term: [[f"{term}-s{s}" for s in (0, 1)] if students else [term]] for term in part["contrast"]}
        found |= {part["base"]: [[part["base"]]]} if part["base"] else {}
    return found


def draw(name: str, rows: Sequence[Row], corpora: Corpora = CORPORA) -> dict[str, Figure]:
    """The images of one figure; by name, since one is called as a keyword of Python."""
    drawn: dict[str, Figure] = import_module(f"micota.results.figures.{name}").draw(rows, corpora)
    return drawn


def table_and_images(name: str) -> tuple[str, list[str]]:
    """The table that a figure is drawn from, and its images."""
    return (FIGURES[name].table, list(FIGURES[name].images)) if name in FIGURES else ("sizes", [name])


@pytest.mark.parametrize("name", KNOWN)
def test_figure_appears_and_is_reproducible(name: str, study: Path, tmp_path: Path) -> None:
    table, stems = table_and_images(name)
    for folder in (study / "figures", tmp_path):
        figures.main([name, f"--table={study}/tables/{table}.csv", f"--figures={folder}"])
    for stem in stems:
        for ending, magic in (("png", b"\x89PNG"), ("pdf", b"%PDF")):
            first, second = ((folder / f"{stem}.{ending}").read_bytes() for folder in (study / "figures", tmp_path))
            assert first.startswith(magic) and len(first) > 5000
            assert first == second
    assert len(list(tmp_path.iterdir())) == 2 * len(stems), "no temporary file and no other image"


# of the map and the rivals no run is committed yet, and the logs of reference/study hold no texts
@pytest.mark.parametrize("name", sorted({*KNOWN} - {"map", "predictors", "rivals"}))
def test_a_committed_figure_is_drawn_from_the_committed_table(name: str, tmp_path: Path) -> None:
    table, stems = table_and_images(name)
    folder = REFERENCE / ("controls" if name == "variance" else "study")
    figures.main([name, f"--table={folder}/tables/{table}.csv", f"--figures={tmp_path}"])
    for stem in stems:
        new, committed = (image.imread(path / f"{stem}.png") for path in (tmp_path, folder / "figures"))
        assert new.shape == committed.shape
        assert np.abs(new - committed).mean() < 0.001


def test_every_file_of_the_figures_is_a_figure() -> None:
    assert sorted(figures.KNOWN) == sorted(KNOWN)


def test_a_figure_that_is_unknown_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"FIGURE: invalid choice: 'gaps'.*'accuracy'.*'front'"):
        figures.main(["gaps", "--table=sizes.csv", f"--figures={tmp_path}"])


def test_figures_read_tables_alone() -> None:
    """They import what draws and what names, none of the statistics."""
    imports = "; ".join(f"import_module('micota.results.figures.{name}')" for name in KNOWN)
    code = f"import sys, scripts.figures; from importlib import import_module; {imports}; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    modules = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    ours = {name for name in modules if name.startswith("micota.") and not name.startswith("micota.common")}
    drawing = {"figures", "labels", "looks", "plots", "sides", *(f"figures.{name}" for name in KNOWN)}
    assert ours == {"micota.results", *(f"micota.results.{file}" for file in drawing)}


def test_the_yield_shows_the_reasons_that_occurred_alone(study: Path) -> None:
    figure = draw("yield", read_csv(study / "tables/corpora.csv"))["yield"]
    occurred = {reason for _, dropped in YIELDS.values() for reason in dropped}
    shown = [text.get_text() for text in figure.legends[0].get_texts()]
    assert shown == ["kept", *(f"dropped: {reason.replace('_', ' ')}" for reason in REASONS if reason in occurred)]
    assert len(shown) < len(REASONS) + 1


def test_the_yield_tells_kept_traces_that_were_cut_off_apart(study: Path) -> None:
    rows = read_csv(study / "tables/corpora.csv")
    rows[0]["truncated_percent"] = 25.0
    figure = draw("yield", rows)["yield"]
    assert [text.get_text() for text in figure.legends[0].get_texts()][:2] == ["kept", "kept, truncated"]
    whole, cut = (list(bars) for bars in figure.axes[0].containers[:2])
    widths = sorted(bar.get_width() for bar in cut)
    assert widths[:-1] == [0] * (len(rows) - 1) and widths[-1] == rows[0]["kept"] / 4
    assert sum(bar.get_width() for bar in [*whole, *cut]) == sum(row["kept"] for row in rows)


@pytest.mark.parametrize("image", ["accuracy", "accuracy_benchmarks"])
def test_no_text_overlaps_in_the_figures_of_accuracy(study: Path, image: str) -> None:
    figure = draw("accuracy", read_csv(study / "tables/main.csv"))[image]
    figure.canvas.draw()
    names = 12 + len(STUDENTS)
    for axes in figure.axes:
        shown = [text for text in [*axes.texts, *axes.get_yticklabels()] if text.get_text()]
        assert len(shown) == 12 + names * (axes is figure.axes[0]), "numbers; names at the left alone"
        boxes = [text.get_window_extent() for text in shown]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_students_may_have_different_corpora_in_the_accuracy_figure(study: Path) -> None:
    """One student's bars lie below each other, the shorter CoT first, whatever the other one was trained on."""
    rows = read_csv(study / "tables/main.csv")
    own = [row for row in rows if row["base"] == "small" or row["corpus"] in ("base", "mid")]
    mine = [{"corpus": f"mine_{number}", "tokens_mean": 1000.0 + number} for number in range(6)]
    own += [{**own[0], **row} for row in mine]  # of the small student
    lengths = [{"corpus": name, "tokens_mean": length} for name, (_, length) in STUDENTS["small"].items()]
    figure = draw("accuracy", own, Corpora([*lengths, *mine]))["accuracy"]
    axes = figure.axes[0]
    bars = sorted((bar for bar in axes.patches if isinstance(bar, Rectangle)), key=lambda bar: bar.get_y())
    places = [bar.get_y() + bar.get_height() / 2 for bar in bars]
    assert places == pytest.approx([*range(1, 13), 14.25, 15.25])
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        *("base (untrained)", "short", "mix", "mid (MiCoTA)", "un-merged TA", "long"),
        *(row["corpus"] for row in mine),
        *("base (untrained)", "mid (MiCoTA)"),
    ]
    assert len({bar.get_facecolor() for bar in bars}) == 12, "each corpus has its own colour"


def test_each_tuned_model_has_its_panels(study: Path) -> None:
    rows = read_csv(study / "tables/assistants.csv")
    assert len(draw("merge", rows)["merge"].axes) == 2
    figure = draw("merge", [*rows, *({**row, "tuned": "teacher"} for row in rows)])["merge"]
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["ta", "ta", "teacher", "teacher"]
    assert len(figure.legends) == 1 and len(figure.legends[0].get_texts()) == 5


def test_the_merge_that_gave_the_proposed_corpus_has_a_ring(study: Path) -> None:
    rows = read_csv(study / "tables/assistants.csv")
    plain = draw("merge", rows)["merge"].axes[0]
    (one, *_) = (row for row in rows if row["density"] == 0.5)
    figure = draw("merge", [row | {"proposed": int(row is one)} for row in rows])["merge"]
    for axes, key in zip(figure.axes, ("mean_tokens", "accuracy"), strict=True):
        (ring,) = (line for line in axes.lines if line.get_color() == CORPORA.colour("mid"))
        assert np.asarray(ring.get_ydata()).tolist() == [one[key]]
    assert not any(line.get_color() == CORPORA.colour("mid") for line in plain.lines)
    assert any("mid (MiCoTA)" in text.get_text() for text in figure.legends[0].get_texts())


def test_every_mask_has_its_own_mark(study: Path) -> None:
    rows = read_csv(study / "tables/assistants.csv")
    masks = [row | {"mask_seed": seed} for row in rows if row["density"] == 0.5 for seed in (7, 8)]
    figure = draw("merge", [*(row for row in rows if row["density"] is None), *masks])["merge"]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert [label for label in labels if "mask" in label] == [f"density 0.5, mask seed {seed}" for seed in (7, 8)]
    marks = {line.get_marker() for line in figure.axes[0].lines} & {*looks.MARKERS}
    assert len(marks) == 3, "and the star of the ends"
    assert all(axes.get_ylim()[0] == 0 for axes in figure.axes)


def test_claims_are_told_in_words() -> None:
    assert contrast_label("ta_long-w0.175-d0.5-m201 - ta_long") == "ta long merged at 0.175 \N{MINUS SIGN} ta long"


def test_no_text_overlaps_in_the_figure_of_the_claims(study: Path) -> None:
    rows = read_csv(study / "tables/claims.csv")
    rows[0] |= dict.fromkeys(("effect", "effect_low", "effect_high", "mde", "p_holm"))  # a part without an estimate
    figure = draw("claims", rows)["claims"]
    figure.canvas.draw()
    shown = [text for axes in figure.axes for text in [*axes.texts, *axes.get_yticklabels()] if text.get_text()]
    ticks = [
        label
        for axes in figure.axes
        for place, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        if axes.get_xlim()[0] <= place <= axes.get_xlim()[1]
    ]
    assert len(shown) == 2 * len(rows), "a label and a verdict each"
    boxes = [text.get_window_extent() for text in [*shown, *ticks]]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    width, height = figure.canvas.get_width_height()
    assert all(box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height for box in boxes)


def test_a_corpus_has_one_place_and_one_colour() -> None:
    lengths = {"mine": 40.0, "mid": 30.0, "short": 10.0, "yours": 20.0}
    corpora = Corpora({"corpus": name, "tokens_mean": length} for name, length in lengths.items())
    assert corpora.order(["elsewhere", "mine", "short", "base", "short"]) == ["base", "short", "mine", "elsewhere"]
    assert [row["corpus"] for row in corpora.sort([{"corpus": name} for name in lengths])] == [
        *("short", "yours", "mid", "mine")
    ]
    shown = [corpora.colour(name) for name in ("base", *lengths, "elsewhere")]
    assert len({*shown}) == len(shown)
    others = Corpora([{"corpus": "mid", "tokens_mean": 1.0}])
    assert corpora.colour("mid") == others.colour("mid"), "whatever the study"


def test_no_colour_has_two_meanings() -> None:
    corpora = [*looks.ROLES.values(), *looks.OWN]
    meanings = [*corpora, *looks.GREYS, looks.GOOD, looks.BAD]
    assert len({*meanings}) == len(meanings)
    assert looks.ROLES.keys() == CORPUS_LABELS.keys() >= FRONT_LABELS.keys()


def test_only_rows_over_chains_give_corpora_their_place() -> None:
    rows = [
        {"corpus": name, "tokens_mean": length, "chain": chain}
        for name, length, chain in (("a", 2.0, None), ("a", 9.0, 1), ("b", 3.0, None), ("b", 1.0, 1))
    ]
    assert Corpora(rows).order(["b", "a"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({"problems": 900}, "other problems (900 here); one chain."),
        (
            {"problems": 900, "seeds": 5, "chains": 1},
            "other problems (900 here) and other training seeds (5); one chain.",
        ),
        ({"problems": 900, "seeds": 1}, "other problems (900 here); one training seed, one chain."),
        ({"problems": 900, "seeds": 2, "chains": 3}, "other problems (900 here) and other whole chains (3)."),
    ],
)
def test_what_an_interval_covers_is_said_in_words(counts: Row, text: str) -> None:
    assert looks.covers([{"problems": 1}, counts]) == f"95% intervals cover {text}"


@pytest.mark.parametrize("name", KNOWN)
def test_every_figure_is_legible_beside_text_and_says_what_its_intervals_cover(name: str, study: Path) -> None:
    """As a page shows it, 830 pixels wide, no letter is lower than 8; nothing is cut off."""
    table, _ = table_and_images(name)
    for figure in draw(name, read_csv(study / f"tables/{table}.csv")).values():
        figure.canvas.draw()
        assert "interval" in figure.get_suptitle() or name == "method", "it has no numbers but lengths"
        pixels = 830 / max(figure.get_figwidth(), 7.6) / 72  # a point
        texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
        assert min(float(text.get_fontsize()) for text in texts) * pixels >= 8
        (width, height), box = figure.get_size_inches(), figure.get_tightbbox()
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) > -0.04  # inches: what pads a legend
        pyplot.close(figure)


def test_tables_of_the_study_show_what_was_put_in(study: Path) -> None:
    rows = {(row["base"], row["corpus"]): row for row in read_csv(study / "tables/main.csv")}
    assert rows["small", "mid"]["seeds"] == 2 and rows["small", "base"]["seeds"] == 1
    assert rows["medium", "mid"]["accuracy_average"] > rows["medium", "long"]["accuracy_average"] + 2
    ordered = [row["mean_tokens"] for row in read_csv(study / "tables/assistants.csv") if row["density"] in (None, 0.5)]
    assert ordered == sorted(ordered), "length grows with the weight"
    per_token = {row["corpus"]: row["nll_per_token"] for row in read_csv(study / "tables/likelihood.csv")[:5]}
    assert per_token["mid"] < per_token["long"] < per_token["short"]


def test_show_main_prints_table_and_places(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study / "tables/summary.md").write_text("- **What this run saw.** Nothing.\n")
    show_main.main([f"--results={study}", f"--figures={study}/figures"])
    shown = capsys.readouterr().out
    assert "mid (MiCoTA)" in shown and f"{study}/figures" in shown and "report.html (not made yet)" in shown
    assert "\n- What this run saw. Nothing.\n\nWhere to look:\n" in shown
