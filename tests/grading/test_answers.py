"""The last box of a completion, whatever stands around it, and answers written plainly."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micota.grading.answers import boxed_answers, last_box
from micota.grading.normal_form import normal_form
from micota.grading.string_rule import papers_box


@pytest.mark.parametrize(
    ("completion", "box"),
    [
        (r"so \boxed{5}.", "5"),
        (r"\boxed{1} then \boxed{2}", "2"),
        (r"\boxed{1} then \fbox{2}", "2"),
        (r"\fbox{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\boxed{5}}", "5"),
        (r"\boxed {5}", "5"),
        ("\\boxed\n{5}", "5"),
        (r"$\boxed 5$ and 6", "5"),
        (r"\boxed{\{1,2\}}", r"\{1,2\}"),
        (r"\boxed{\left\{ x \right.}", r"\left\{ x \right."),
        (r"\boxed{}", ""),
        (r"\boxed{ }", ""),
        (r"\boxed{5", None),
        (r"\boxed{1} and \boxed{5", None),
        (r"\boxed{\frac{1}{2}", None),
        (r"\boxed{5\}", None),
        (r"\boxed", None),
        (r"\boxedeq{5}", None),
        (r"\boxed x {5}", "x {5}"),
        (r"$\boxed5$ and 6", "5"),
        (r"\boxed{5}, in a \boxed environment", "5"),
        (r"\boxed{5} with \boxed.", "5"),
        (r"\boxed 5 apples", "5"),
        (r"\boxed see above", None),
        ("<think>\\boxed{5}</think> six", None),
        ("<think>\\boxed{6}</think> \\boxed{5}", "5"),
        ("no box, 5", None),
        ("", None),
    ],
)
def test_last_box(completion: str, box: str | None) -> None:
    assert last_box(completion) == box


@pytest.mark.parametrize(
    ("completion", "count"),
    [
        ("no box, 5", 0),
        (r"\boxed{5}", 1),
        (r"\boxed{}", 0),
        (r"\boxed{5", 0),
        (r"\boxed{5} and \boxed{5}", 1),
        (r"\boxed{5} and \boxed{ 5 }", 1),
        (r"\boxed{\text{no}} and \boxed{no}", 1),
        (r"\boxed{5} and \boxed{6}", 2),
        (r"\boxed{5} and \fbox{6}", 2),
        (r"\boxed{5} and \boxed{6} and \boxed{5}", 2),
        (r"\boxed{\boxed{5}}", 1),
        (r"\boxed{\boxed{5} or \boxed{6}}", 2),
        (r"\boxed{5} and \boxed{6", 1),
        (r"\boxed{5} and \boxed{}", 1),
        (r"\boxed{\frac{1}{2}} and \boxed{\frac{1}{3}}", 2),
        (r"\boxed{\{1\}} and \boxed{\{2\}}", 2),
        (r"$\boxed 5$ and $\boxed 6$", 2),
        (r"}} \boxed{5} }{ \boxed{6}", 2),
        (r"\boxed{1 2} and \boxed{12}", 2),
    ],
)
def test_boxed_answers(completion: str, count: int) -> None:
    assert boxed_answers(completion) == count


@pytest.mark.parametrize(
    ("completion", "box"),
    [
        (r"\boxed{5}, in a \boxed environment", "environment"),
        (r"\boxed{5} with \boxed.", None),
        (r"$\boxed5$", None),
        (r"$\boxed 5$ and 6", "5"),
        ("<think>\\boxed{5}</think> six", "5"),
        (r"\boxed{1} and \boxed{5", None),
        ("none", None),
    ],
)
def test_the_papers_box_is_that_of_its_harness(completion: str, box: str | None) -> None:
    assert papers_box(completion) == box


balanced = st.recursive(
    st.text(alphabet=string.ascii_letters + string.digits + " ^_+-=,.", max_size=8),
    lambda inner: st.lists(st.one_of(inner, inner.map("{{{}}}".format)), max_size=4).map("".join),
    max_leaves=12,
)


@given(st.text(), balanced, st.text().filter(lambda tail: "box" not in tail))
def test_a_closed_last_box_is_found_whatever_stands_around_it(head: str, content: str, tail: str) -> None:
    completion = rf"{head} \boxed{{{content}}}{tail}"
    assert last_box(completion) == content.strip()
    assert boxed_answers(completion) >= bool(content.strip())


@given(st.text(), st.text().filter(lambda tail: "}" not in tail and "box" not in tail))
def test_an_unclosed_last_box_is_no_box(head: str, tail: str) -> None:
    assert last_box(rf"{head} \boxed{{{tail}") is None


@given(st.text(alphabet="\\boxed{}f 5$\n"))
def test_extraction_takes_anything(completion: str) -> None:
    box = last_box(completion)
    assert box is None or (box in completion and "box" in completion)
    normal_form(box or "")
    assert boxed_answers(completion) <= completion.count("box")


@given(st.integers())
def test_integers_are_their_own_normal_form(number: int) -> None:
    assert normal_form(str(number)) == str(number) == normal_form(f" ${number}$. ")


@given(st.text())
def test_a_normal_form_is_made_of_anything(text: str) -> None:
    assert isinstance(normal_form(text), str)
