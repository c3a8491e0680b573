"""Corpora of any kind: what the program asks for, what is counted, and what a new kind needs."""

import shlex
import statistics
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from micota.common.contracts import CORPUS_ROW
from micota.common.errors import UserError
from micota.common.records import read_json, read_jsonl, write_json, write_jsonl
from micota.common.settings import Name
from micota.corpora.counts import Counts, median
from micota.corpora.kinds import KINDS, REASONS, AnyKind, CorpusKind, Surroundings
from micota.corpora.kinds.kind import Expected, Given, Made
from micota.planning.assumptions import assumed
from micota.planning.expected_lengths import Lengths
from micota.study import config
from micota.study.load import load_study
from scripts import corpus as script
from tests.corpus_rows import graded, passed, rows_of, run_script, write_corpora, write_problems
from tests.project import ROOT
from tests.tiny import raw_config, write_model


def dropped(*reasons: str) -> Made:
    for reason in reasons:
        yield graded("train/0"), reason
    return {}


def test_a_trace_is_dropped_for_a_known_reason_alone() -> None:
    assert passed(dropped(*REASONS))[1].dropped == dict.fromkeys(REASONS, 1)
    with pytest.raises(ValueError, match="unknown reason to drop a trace: 'boring'"):
        passed(dropped("boring"))
    with pytest.raises(ValueError, match="unknown reason to drop a trace: 'no_box'"):
        list(Counts("mix", KINDS["mixed"].reasons).kept(dropped("no_box")))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_the_median_of_counted_lengths_is_that_of_the_lengths(lengths: list[int]) -> None:
    found, expected = median(Counter(lengths)), statistics.median(lengths)
    assert (found, type(found)) == (expected, type(expected))


# --- the program ------------------------------------------------------------------------------------------------------


def commands() -> list[list[str]]:
    """The flags of every command in the program's docstring, `{a,b}` spelt out as a shell does."""
    text = str(script.__doc__).replace("\\\n", " ")
    found = [shlex.split(line) for line in text.splitlines() if "python -m scripts.corpus" in line]
    return [[part for word in words[3:] for part in spelt_out(word)] for words in found]


def spelt_out(word: str) -> list[str]:
    before, opened, rest = word.partition("{")
    names, _, after = rest.partition("}")
    return [f"{before}{name}{after}" for name in names.split(",")] if opened else [word]


def test_the_commands_of_the_docstring_work_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for model in ("teacher", "large", "long"):
        write_jsonl(tmp_path / f"graded/{model}.jsonl", [graded(f"train/{n}", sampler=model) for n in range(8)])
    write_problems(tmp_path / "problems/train.jsonl")
    made = {"train": {"rendering": {"chat_template": None}}}
    write_json(tmp_path / "cot/teacher/shard-0.meta.json", {"datasets": made})
    write_json(tmp_path / "imported/long.json", {"dropped": {"no_text": 2}, "special_tokens": [], "traces": 8})
    write_corpora(tmp_path, {"short": rows_of([(n, 5) for n in range(8)])})
    write_model(tmp_path / "models/small")
    (tmp_path / "config").symlink_to(ROOT / "config")
    monkeypatch.chdir(tmp_path)
    done = set()
    for flags in commands():
        script.main(flags)
        out, counts = Path(flags[flags.index("--out") + 1]), Path(flags[flags.index("--counts") + 1])
        done.add(flags[flags.index("--kind") + 1] if "--kind" in flags else "study")
        assert read_json(counts)["kept"] == len(list(read_jsonl(out, CORPUS_ROW))) > 0
    assert done == {"study", *KINDS}


def sampled_files(folder: Path, models: list[str]) -> list[str]:
    for model in models:
        write_jsonl(
            folder / f"graded/{model}.jsonl", [graded(f"train/{n}", sampler=model, n_tokens=10 + n) for n in range(8)]
        )
    files = ["--graded", *(f"{folder}/graded/{model}.jsonl" for model in models)]
    return [*files, "--problems", str(write_problems(folder / "problems/train.jsonl"))]


def test_a_study_gives_the_settings_and_flags_go_over_them(tmp_path: Path) -> None:
    """The sampler's name holds points, and the data set's is the study's, whatever the file is called."""
    study = load_study(raw_config("mini"))
    files = sampled_files(tmp_path, study.corpus("mid").solved_by())
    files[-1] = str(write_problems(tmp_path / "asked.jsonl"))
    flags = ["--study", str(ROOT / "config/mini.yaml"), "--corpus", "mid", *files]
    made, counts = run_script(tmp_path, *flags)
    assert (counts["corpus"], counts["read"], len(made)) == ("mid", 8, 8)
    made, counts = run_script(tmp_path, *flags, "--max-tokens", "12")
    assert (counts["dropped"], len(made)) == ({"too_long": 5}, 3)


def test_without_a_study_a_corpus_has_its_files_name(tmp_path: Path) -> None:
    files = sampled_files(tmp_path, ["ta-w0.4-d0.5-m0"])
    flags = ["--kind", "sampled", "--sampler", "ta-w0.4-d0.5-m0", *files]
    assert run_script(tmp_path, *flags)[1]["corpus"] == "made"
    assert run_script(tmp_path, *flags, "--corpus", "mid")[1]["corpus"] == "mid"


STUDY = ["--study", str(ROOT / "config/mini.yaml")]
MIXED = ["--kind", "mixed", "--shares", "a=1", "b=2"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "--kind"),
        (["--kind", "boiled"], "--kind: invalid choice: 'boiled'"),
        (STUDY, "--corpus: say which"),
        ([*STUDY, "--corpus", "midd"], "--corpus: there is no 'midd'; there are: .*long_own"),
        ([*STUDY, "--corpus", "mix", "--kind", "sampled"], "--kind: .*'mixed', found 'sampled'"),
        (["--kind", "mixed"], "--shares: "),
        ([*MIXED, "--seed", "e"], "--seed: .*'e'"),
        ([*MIXED, "--keep", "all"], "unrecognized arguments: --keep all"),
        ([*MIXED, "--likelihood", "a.jsonl"], "unrecognized arguments: --likelihood"),
        (MIXED, "--parts: give the files; that of 'a' is needed"),
        ([*MIXED, "--parts", "x/a.jsonl"], "--parts: there is no 'b'; there are: a"),
        ([*MIXED, "--parts", "x/a.jsonl", "y/a.jsonl"], "y/a.jsonl: x/a.jsonl is of a too"),
        (["--kind", "matched", "--of", "a", "--match", "tokens"], "--to: `match` and `to` go together"),
        (["--kind", "sampled", "--sampler", "ta"], "--problems: give one file; there are 0"),
        (["--kind", "sampled", "--sampler", "ta", "--problems", "a", "b"], "--problems: give one file; there are 2"),
    ],
)
def test_what_is_missing_or_does_not_fit_is_said_by_its_flag(tmp_path: Path, flags: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        run_script(tmp_path, *flags)
    assert not list(tmp_path.iterdir())


def test_every_kind_reads_files_that_it_has_flags_for() -> None:
    """The rule passes what a corpus reads, by flag; a kind's class says which there are."""
    changes = {
        "corpora.cut": {"kind": "matched", "of": "long", "problems_of": ["mid"]},
        "corpora.bare": {"kind": "pruned", "of": "long", "drop": ["checks"]},
        "corpora.auto": {"kind": "chosen", "candidates": ["mid", "unmerged"], "by": "nll", "base": "small"},
        "datasets.theirs": {"loader": "plain", "path": "theirs.jsonl"},
        "corpora.made": {"kind": "imported", "dataset": "theirs", "columns": {"completion": "generations"}},
    }
    study = load_study(raw_config("mini", changes))
    seen = set()
    for name in study.config.corpora:
        corpus = study.corpus(name)
        seen.add(corpus.kind)
        found = corpus.reads(study.around(name))
        assert found.keys() <= type(corpus).files.keys() and all(found.values()), name
    assert seen == KINDS.keys()


# --- a new kind -------------------------------------------------------------------------------------------------------


class Every(CorpusKind):
    """Each so-and-so-many-th row of another corpus: all that a new kind needs is here, and its place in the list."""

    files: ClassVar[Mapping[str, str]] = {"whole": "the corpus that is thinned"}
    reasons: ClassVar[tuple[str, ...]] = ("between",)

    kind: Literal["every"]
    of: Name
    nth: int = Field(ge=1)

    def made_of(self) -> list[str]:
        return [self.of]

    def reads(self, around: Surroundings) -> dict[str, list[str]]:
        return {"whole": [f"corpora/{self.of}.jsonl"]}

    def check(self, name: str, study: Any) -> None:
        if self.of == "mix":
            raise UserError(f"corpora.{name}.of: no mixtures")

    def rows(self, given: Given, around: Surroundings) -> Made:
        for number, row in enumerate(read_jsonl(given.of("whole", self.of), CORPUS_ROW)):
            yield row, "between" if number % self.nth else None
        return {"thinned": self.nth}

    def expected_tokens(self, name: str, plan: Expected) -> float:
        return plan.corpus(self.of)

    def expected_rows(self, name: str, plan: Expected) -> int:
        return plan.rows(self.of) // self.nth


class WithEvery(config.Config):
    corpora: dict[Name, Annotated[AnyKind | Every, Field(discriminator="kind")]]  # type: ignore[assignment]


@pytest.fixture
def new_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of kinds has one more."""
    monkeypatch.setitem(KINDS, "every", Every)
    monkeypatch.setattr(config, "Config", WithEvery)


@pytest.mark.usefixtures("new_kind")
def test_a_new_kind_is_one_class(tmp_path: Path) -> None:
    changes = {"corpora.thin": {"kind": "every", "of": "mid", "nth": 3}, "students.corpora": ["short", "mid", "thin"]}
    study = load_study(raw_config("mini", changes | {"claims": None}))
    assert study.parts("thin") == ["thin", "mid"] and "small-thin-s0" in study.models
    lengths = Lengths(study, assumed(gpu=False))
    assert (lengths.corpus("thin"), lengths.rows("thin")) == (lengths.corpus("mid"), lengths.rows("mid") // 3)
    with pytest.raises(UserError, match=r"corpora\.thin\.of: no mixtures"):
        load_study(raw_config("mini", {"corpora.thin": {"kind": "every", "of": "mix", "nth": 3}}))

    rows = rows_of([(n, 9) for n in range(8)])
    write_corpora(tmp_path, {"mid": rows})
    files = study.corpus("thin").reads(study.around("thin"))
    flags = [
        word for flag, names in files.items() for word in (f"--{flag}", *(f"{tmp_path}/{Path(n).name}" for n in names))
    ]
    made, counts = run_script(tmp_path, "--kind", "every", "--of", "mid", "--nth", "3", *flags)
    assert made == rows[::3]
    assert (counts["read"], counts["kept"], counts["dropped"], counts["thinned"]) == (8, 3, {"between": 5}, 3)


def test_the_list_of_kinds_is_that_of_the_schema() -> None:
    assert list(KINDS.values()) == list(get_args(AnyKind))
    assert set(REASONS) == {reason for kind in KINDS.values() for reason in kind.reasons}
