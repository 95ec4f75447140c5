"""The public pages in a real browser: accessible, whole at 320 pixels, light and dark, and alone on the wire."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.intake.serving import public_door
from tests.support.desks import Desk

from answerable.policy import load_named, store

CHROMIUM = Path(os.environ.get("ANSWERABLE_CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SIZES = {"phone": {"width": 320, "height": 640}, "desktop": {"width": 1280, "height": 900}}
LINK = "http://localhost:8402/p/1"
SMALLEST_TARGET_PIXELS = 44
HEAVIEST_PAGE_BYTES = 50_000

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium: set ANSWERABLE_CHROMIUM")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the module. Playwright's own loop must not make Django think that it runs in one."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield started
        started.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def door(fresh_database: Desk) -> Iterator[str]:
    """A public door with the baseline pack."""
    with transaction.atomic():
        store.activate(load_named("baseline"), datetime.now(UTC) - timedelta(days=1))
    with public_door(fresh_database) as address:
        yield address


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where screenshots go: look at them. `ANSWERABLE_SCREENSHOTS` names a folder to keep them."""
    folder = Path(os.environ.get("ANSWERABLE_SCREENSHOTS") or tmp_path / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Visit:
    """One visitor: a browser context that notes every host it asks and how many bytes each page weighs."""

    def __init__(
        self, browser: Browser, door: str, language: str, size: str, scheme: Any, **options: Any
    ) -> None:
        self.door, self.language, self.size, self.scheme = door, language, size, scheme
        self.context: BrowserContext = browser.new_context(
            viewport=SIZES[size], color_scheme=scheme, locale=language, reduced_motion="reduce", **options
        )
        self.page: Page = self.context.new_page()
        self.asked: list[str] = []
        self.problems: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on(
            "console", lambda said: self.problems.append(said.text) if said.type == "error" else None
        )

    def go(self, path: str) -> None:
        """Open a page of the visitor's language."""
        self.page.goto(f"{self.door}/{self.language}/{path}")

    def check(self, name: str, pictures: Path) -> None:
        """The page in front of the visitor has no barrier, no sideways scrolling and no small targets."""
        where = f"{name}-{self.language}-{self.size}-{self.scheme}"
        self.page.screenshot(path=pictures / f"{where}.png", full_page=True)
        tags = TAGS if name == "exit" else [*TAGS, "best-practice"]  # a blank page has no heading
        found = Axe().run(self.page, options={"runOnly": tags}).response["violations"]
        told = [(v["id"], [n["html"] for n in v["nodes"]]) for v in found]
        assert not told, f"{where}: {told}"
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, f"{where} scrolls {wide} pixels sideways"
        small = self.page.evaluate(_SMALL_TARGETS, SMALLEST_TARGET_PIXELS)
        assert not small, f"{where}: too small to hit: {small}"


_SMALL_TARGETS = """smallest => [...document.querySelectorAll(
    "main :is(.button, summary, .card, textarea, input[type=text]), .top a, .foot a")]
    .filter(e => e.checkVisibility() && !e.closest(".unseen"))
    .filter(e => e.getBoundingClientRect().height < smallest - 0.5).map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_is_accessible_whole_and_alone(
    browser: Browser, door: str, pictures: Path, language: str, scheme: str, size: str
) -> None:
    dana = Visit(browser, door, language, size, scheme)
    for path in ("", "about", "terms", "log", "appeal", "status", "exit", "nowhere"):
        dana.go(path)
        dana.check(path or "home", pictures)
    dana.go("report?link=https://photos.example/p/7")
    dana.check("unknown-site", pictures)
    dana.go(f"report?link={LINK}")
    dana.check("report", pictures)
    dana.page.locator("button.send").click()
    dana.page.wait_for_selector(".panel.error")
    dana.check("report-wrong", pictures)
    dana.page.check("input[value=me_adult]")
    dana.page.check("#danger-now")
    for summary in dana.page.locator("main form details:visible > summary").all():
        if summary.evaluate("e => !e.parentElement.open"):
            summary.click()
    dana.page.fill("#signature", "Dana")
    dana.page.fill("#statement", "It was shared in our class.")
    dana.check("report-open", pictures)
    dana.page.locator("button.send").click()
    dana.page.wait_for_selector(".code")
    dana.check("received", pictures)
    dana.page.locator("button.send").click()
    dana.page.wait_for_selector("#answer-form")
    dana.page.fill("#text", "I am thirteen.")
    dana.page.locator("#answer-form button[type=submit]").click()
    dana.page.wait_for_selector(".message.mine")
    dana.check("status", pictures)
    dana.page.locator("a[href$='/withdraw']").click()
    dana.check("withdraw", pictures)
    assert {url.split("/")[2] for url in dana.asked if not url.startswith("data:")} == {door.split("/")[2]}
    expected = "the server responded with a status of 4"
    assert [problem for problem in dana.problems if expected not in problem] == []
    dana.context.close()
