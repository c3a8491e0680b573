"""The page of a study in headless Chromium, offline, from a file: what it shows, what it asks for, how it is used."""

import json
import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.conftest import SIZES, Opened, opened
from tests.page_study import HOSTILE, LONG, index_counts

VIEWS = ("verdicts", "compare", "model", "corpus", "tables", "run")


def addresses(page: Opened) -> list[str]:
    """Of every view: the static ones by their ids, some model and some corpus."""
    ids: list[str] = page.tab.evaluate("[...document.querySelectorAll('.view')].map((view) => view.id)")
    model = page.tab.evaluate("state.index.models[1].name")
    return [*ids, f"model/{model}", f"model/{model}?verdict=wrong&find=a"]


def test_every_view_has_an_address_and_nothing_is_asked_of_a_network(either: Opened) -> None:
    found = addresses(either)
    assert set(VIEWS) <= set(found)
    for address in found:
        either.load(address) if address in VIEWS else either.go(address)
        shown = either.tab.evaluate("[...document.querySelectorAll('.view.shown')].map((view) => view.id)")
        assert len(shown) == 1 and address.startswith(shown[0]), address
        assert either.tab.locator(".view.shown h1").inner_text() in either.tab.title()
        assert either.tab.locator("#trouble").is_hidden()


def test_each_verdict_reaches_a_trace_in_three_clicks(either: Opened) -> None:
    verdicts = either.tab.locator("#verdicts tbody a")
    assert verdicts.count() >= 5
    for number in range(verdicts.count()):
        either.go("verdicts")
        verdicts.nth(number).click()
        either.settled()
        either.click(".view.shown td a, .view.shown .ways a")
        assert either.tab.locator(".view.shown .trace .text").first.is_visible(), number


def test_a_count_of_the_evidence_opens_as_many_problems(either: Opened) -> None:
    links = either.tab.evaluate(
        '[...document.querySelectorAll(\'.view[id^="claim/"] td a[href^="#compare"]\')]'
        ".map((link) => [link.textContent, link.hash])"
    )
    assert len(links) >= 8
    for count, address in links[:8]:
        either.go(address.removeprefix("#") + "&texts=0")
        told = either.tab.locator("[data-where]").inner_text()
        assert told == f"1 of {count}", address


def test_every_table_is_a_table_and_is_sorted_by_a_click(page: Opened) -> None:
    names = page.tab.evaluate("[...document.querySelectorAll('.view[id^=\"table/\"]')].map((view) => view.id)")
    assert "table/main" in names
    for name in names:
        page.go(name)
        view = page.tab.locator(".view.shown")
        assert view.locator("table").count() == 1 or "no rows" in view.inner_text(), name
    page.go("table/main")
    heading = page.tab.locator(".view.shown th", has_text="Average")
    for way, turned in (("ascending", False), ("descending", True)):
        heading.locator("button").click()
        assert heading.get_attribute("aria-sort") == way
        place = heading.evaluate("(node) => node.cellIndex")
        cells = page.tab.locator(f".view.shown tbody td:nth-child({place + 1})").all_inner_texts()
        assert [float(cell) for cell in cells] == sorted(map(float, cells), reverse=turned)


def test_arrow_keys_buttons_and_a_seeded_draw_go_through_problems(page: Opened) -> None:
    page.go("compare")
    where = page.tab.locator("[data-where]")
    first, total = where.inner_text(), int(where.inner_text().split(" of ")[1])
    page.tab.keyboard.press("ArrowRight")
    page.settled()
    assert where.inner_text() == f"2 of {total}" and "at=1" in page.tab.url
    page.tab.keyboard.press("ArrowLeft")
    page.settled()
    assert where.inner_text() == first
    page.click("[data-step='1']")
    page.click("[data-random]")
    assert "1 of 10, drawn with the seed 1" in where.inner_text()
    drawn = page.tab.locator("#compare .question").inner_text()
    page.load(page.tab.url.split("#")[1])
    assert page.tab.locator("#compare .question").inner_text() == drawn, "the same draw from its address"


def test_a_model_is_filtered_searched_and_saved(page: Opened, tmp_path: Path) -> None:
    page.go("model")
    page.click("#model tbody tr:nth-child(2) a")
    count = page.tab.locator("#model output")
    everything = int(count.inner_text().split()[0].replace(",", ""))
    page.tab.locator("#model [name=verdict]").select_option("wrong")
    page.settled()
    wrong = int(count.inner_text().split()[0].replace(",", ""))
    assert 0 < wrong < everything and page.tab.locator("#model .trace .right").count() == 0
    text = page.tab.locator("#model .trace .text").first.inner_text()
    page.tab.locator("#model [name=find]").fill(text[:12].upper())
    page.tab.keyboard.press("Enter")
    page.settled()
    assert 1 <= int(count.inner_text().split()[0]) <= wrong
    assert page.tab.locator("#model .trace mark").first.inner_text().lower() == text[:12].lower()
    with page.tab.expect_download() as saved:
        page.tab.get_by_role("button", name="Save these").click()
    saved.value.save_as(tmp_path / "saved.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "saved.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows and not any(row["correct"] for row in rows) and all(text[:12] in row["completion"] for row in rows)


def test_a_corpus_shows_its_lengths_and_a_bin_opens_its_rows(page: Opened) -> None:
    page.go("corpus")
    page.click("#corpus tbody a")
    bars = page.tab.locator(".view.shown .bins tbody tr")
    counts = [int(text) for text in bars.locator("td:nth-child(2)").all_inner_texts()]
    place = next(number for number, count in enumerate(counts) if count)
    bars.nth(place).locator("a").click()
    page.settled()
    assert page.tab.locator(".view.shown output").inner_text().startswith(f"{counts[place]} rows")
    assert page.tab.locator(".view.shown .trace .text").count() == min(20, counts[place])


def test_what_a_model_wrote_is_text_whatever_it_is(page: Opened) -> None:
    name = page.tab.evaluate("[...state.models.keys()].find((name) => name === state.index.start.models[0])")
    page.go(f"model/{name}")
    texts = page.tab.locator("#model .trace .text")
    shown = dict(zip(HOSTILE, [text[0] for text in zip(texts.all_text_contents(), strict=False)], strict=False))
    for kind in ("script", "ended", "comment"):
        assert shown[kind] == HOSTILE[kind]
    assert "aU+0000b" in shown["control"] and "U+202E" in shown["turned"] and "U+D800" in shown["surrogate"]
    assert "\u202e" not in shown["turned"] and "\u2066" not in shown["turned"]
    assert shown["wide"] == HOSTILE["wide"]
    assert len(shown["long"]) == 20_000
    page.tab.get_by_role("button", name=f"show all {LONG:,} characters").click()
    assert texts.nth(list(HOSTILE).index("long")).evaluate("(node) => node.textContent.length") == LONG
    assert page.tab.locator("main img, main iframe, main object, main script").count() == 0
    assert page.tab.evaluate("window.hacked") is None
    answers = page.tab.locator("#model .trace strong").all_inner_texts()
    assert HOSTILE["script"] in answers


def test_checks_and_the_first_wrong_step_are_tinted(page: Opened) -> None:
    name = page.tab.evaluate("state.index.start.models[1]")
    page.go(f"model/{name}?kind=slip")
    assert page.tab.locator("#model .trace").count() > 0
    for trace in page.tab.locator("#model .trace").all():
        fault = trace.locator(".tint.fault")
        assert fault.count() == 1 and "=" in fault.inner_text()


def test_the_index_holds_every_trace(page: Opened) -> None:
    counted = page.tab.evaluate(
        "state.index.models.flatMap((model) => Object.values(model.data)).map((each) => each.problem.length)"
    )
    assert sum(counted) == index_counts(page.file.parent.parent / "results")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(browser: Browser, hostile_page: Path, scheme: str) -> None:
    page = opened(browser, hostile_page, color_scheme=scheme)
    wrong, seen = [], set()
    for address in addresses(page):
        make = (address.split("/")[0], "/" in address)
        if make in seen:
            continue  # of one make
        seen.add(make)
        page.go(address)
        found = Axe().run(page.tab, context={"include": [["header"], [".view.shown"]]}).response["violations"]
        wrong += [
            (address, fault["id"], fault["nodes"][0]["html"][:200])
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]
    page.tab.context.close()
    assert wrong == []


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_wider_than_the_screen(browser: Browser, hostile_page: Path, size: str) -> None:
    """With MICOTA_SCREENSHOTS=folder it leaves pictures there, to be looked at."""
    page = opened(browser, hostile_page, viewport=SIZES[size])
    folder = os.environ.get("MICOTA_SCREENSHOTS")
    wide = []
    for address in addresses(page):
        page.go(address)
        if page.tab.evaluate("document.documentElement.scrollWidth") > SIZES[size]["width"]:
            wide.append(address)
        if folder:
            name = f"{size}-{address.replace('/', '_').split('?')[0]}.png"
            page.tab.screenshot(path=Path(folder) / name)
    page.tab.context.close()
    assert wide == []


def test_printed_it_has_no_controls_and_stays_legible(page: Opened) -> None:
    page.go("compare")
    page.tab.emulate_media(media="print", color_scheme="dark")
    assert page.tab.locator("nav").is_hidden() and page.tab.locator("#compare form").is_hidden()
    assert page.tab.locator("#compare .trace .text").first.is_visible()
    colours = page.tab.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert colours == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
