"""A browser without a network, and the pages that it opens: of a study with hostile texts, and of one with chains."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from micota.pages import write
from tests.page_study import CHAINS, make_page

SIZES = {"wide": {"width": 1400, "height": 900}, "narrow": {"width": 390, "height": 844}}


@dataclass
class Opened:
    """A page in a browser, and what happened in it that should not."""

    file: Path
    tab: Page
    faults: list[str] = field(default_factory=list)

    def load(self, fragment: str) -> None:
        """Open a view by its address, as from a link in a paper."""
        self.tab.goto("about:blank")
        self.tab.goto(f"file://{self.file}#{fragment}")
        self.settled()

    def go(self, fragment: str) -> None:
        """Go to a view within the page."""
        self.tab.evaluate("(fragment) => { location.hash = fragment; }", fragment)
        self.settled()

    def settled(self) -> None:
        """Until what the address asks for is shown. Playwright's own way to wait evaluates text, which pages forbid."""
        for _ in range(3000):
            if self.tab.evaluate("document.documentElement.dataset.shown === location.href"):
                return
            self.tab.wait_for_timeout(20)
        raise AssertionError(f"{self.tab.url}: not shown within a minute")

    def click(self, selector: str) -> None:
        self.tab.locator(selector).first.click()
        self.settled()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_page(tmp_path_factory.mktemp("hostile"), hostile=True)


@pytest.fixture(scope="session")
def chained_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its texts lie beside it, as where they are many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write, "LARGEST", 0)
        return make_page(tmp_path_factory.mktemp("chained"), CHAINS)


@pytest.fixture(params=["hostile_page", "chained_page"])
def file(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue(request.param)
    return found


def opened(browser: Browser, file: Path, **settings: Any) -> Opened:
    """Open a page offline, and note every request that leaves its folder and every error."""
    context = browser.new_context(**{"viewport": SIZES["wide"], "offline": True, "accept_downloads": True} | settings)
    tab = context.new_page()
    tab.set_default_timeout(180_000)  # a busy machine must not fail a test
    page = Opened(file, tab)

    def asked(request: Any) -> None:
        if not request.url.startswith((f"file://{file.parent}/", "about:blank", "blob:", "data:")):
            page.faults.append(f"asked for {request.url}")

    tab.on("request", asked)
    tab.on("console", lambda said: page.faults.append(said.text) if said.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: page.faults.append(str(error)))
    page.load("verdicts")
    return page


@pytest.fixture
def either(browser: Browser, file: Path) -> Iterator[Opened]:
    """A page of either study; that nothing happened in it that should not is looked at in the end."""
    found = opened(browser, file)
    yield found
    found.tab.context.close()
    assert found.faults == []


@pytest.fixture
def page(browser: Browser, hostile_page: Path) -> Iterator[Opened]:
    """The page of the study with hostile texts."""
    found = opened(browser, hostile_page)
    yield found
    found.tab.context.close()
    assert found.faults == []
