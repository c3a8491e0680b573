"""The steps of the method in a study: who stands where, whether a weight is named or chosen; none without a merge."""

import pytest

from micota.results.figures.method import draw
from micota.results.looks import Corpora
from micota.results.method import steps
from micota.study.load import load_study
from micota.workflow.tables import figures, tables
from tests.graph import STUDIES
from tests.tiny import CHAINED, raw_config

ORDER = ["problems", "teacher", "long CoT", "base", "assistant", "merge", "proposed CoT", "students", "evaluation"]


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_has_the_whole_method(name: str) -> None:
    study = load_study(raw_config(name))
    found = {row["step"]: row for row in steps(study)}
    assert list(found) == ORDER
    tuned = study.given.tuned[found["assistant"]["name"]]
    assert (found["base"]["name"], found["long CoT"]["name"]) == (tuned.base, tuned.corpus)
    assert found["students"]["name"]
    weight = found["merge"]["detail"]
    chosen = study.given.corpora[found["proposed CoT"]["name"]].made_of()
    assert weight.startswith("weight") and ("chosen" not in weight or chosen)


def test_chains_are_called_as_the_configuration_calls_them() -> None:
    study = load_study(raw_config("mini", CHAINED))
    assert not any("-c1" in str(value) for row in steps(study) for value in row.values())


def test_a_study_whose_corpus_is_of_no_merge_has_no_such_table() -> None:
    raw = raw_config("mini")
    raw["students"]["proposed"] = "long"
    study = load_study(raw)
    assert steps(study) == []
    assert "method" not in tables(study) and "method" not in figures(study)


def test_the_figure_tells_names_and_measured_lengths() -> None:
    rows = steps(load_study(raw_config("mini")))
    named = {row["step"]: row["name"] for row in rows}
    lengths = [{"corpus": named["long CoT"], "tokens_mean": 1281.6}, {"corpus": "mid", "tokens_mean": 99.0}]
    for corpora, told in ((Corpora(lengths), True), (Corpora([]), False)):
        (axes,) = draw(rows, corpora)["method"].axes
        texts = " ".join(text.get_text() for text in axes.texts)
        assert ("1,282 tokens" in texts) == told
        assert named["teacher"] in texts and "Mid-CoT" in texts
