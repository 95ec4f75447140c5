"""The public pages in a real browser: accessible, whole at 320 pixels, light and dark, and alone on the wire."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.intake.serving import public_door
from tests.support.browser import barriers
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
    connections.close_all()  # under Playwright's loop Django finds another one: this would stay open behind it
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
def pictures() -> Path | None:
    """The folder that `ANSWERABLE_SCREENSHOTS` names, for pictures of every page: look at them."""
    name = os.environ.get("ANSWERABLE_SCREENSHOTS")
    if name:
        Path(name).mkdir(parents=True, exist_ok=True)
    return Path(name) if name else None


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

    def check(self, name: str, pictures: Path | None) -> None:
        """The page in front of the visitor has no barrier, no sideways scrolling and no small targets."""
        where = f"{name}-{self.language}-{self.size}-{self.scheme}"
        if pictures:
            self.page.screenshot(path=pictures / f"{where}.png", full_page=True)
        tags = TAGS if name == "exit" else [*TAGS, "best-practice"]  # a blank page has no heading
        told = barriers(self.page, tags)
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


@pytest.mark.parametrize(
    ("language", "scheme", "size"),  # every pair of two choices meets once
    [
        ("en", "light", "phone"),
        ("en", "dark", "desktop"),
        ("fr", "dark", "phone"),
        ("fr", "light", "desktop"),
    ],
)
def test_every_page_is_accessible_whole_and_alone(
    browser: Browser, door: str, pictures: Path | None, language: str, scheme: str, size: str
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
    dana.page.go_back()
    dana.page.locator("a[href$='/erase']").click()
    dana.check("erase", pictures)
    dana.page.locator("form[action$='/erase'] button").click()
    dana.page.wait_for_selector("#erasure")
    dana.check("erase-asked", pictures)
    assert {url.split("/")[2] for url in dana.asked if not url.startswith("data:")} == {door.split("/")[2]}
    expected = "the server responded with a status of 4"
    assert [problem for problem in dana.problems if expected not in problem] == []
    dana.context.close()


def test_the_whole_way_works_without_javascript(browser: Browser, door: str) -> None:
    dana = Visit(browser, door, "en", "phone", "light", java_script_enabled=False)
    dana.go(f"report?link={LINK}")
    assert not dana.page.locator(".when-now").is_visible()
    assert not dana.page.locator(".when-about").is_visible()
    dana.page.check("input[value=threat]")
    assert dana.page.locator(".when-about").is_visible()
    assert not dana.page.locator("details.when-adult").is_visible(), "never asked from who may be a child"
    dana.page.check("#danger-now")
    assert dana.page.locator(".when-now").is_visible()
    dana.page.check("input[value=me_child]")
    dana.page.locator("button.send").click()
    code = dana.page.locator(".code").inner_text()
    assert len("".join(code.split())) == 16
    assert not dana.page.locator("[data-copy]").is_visible(), "a button that can do nothing is not shown"
    dana.go("status")
    dana.page.fill("#code", " ".join(code.split()))
    dana.page.locator("button.send").click()
    with dana.page.expect_download() as download:
        dana.page.get_by_role("button", name="Save the receipt").click()
    assert download.value.suggested_filename == "receipt.json"
    dana.page.get_by_role("link", name="Leave quickly").click()
    assert not dana.page.locator("body").inner_text().strip()
    dana.go("status")
    assert dana.page.locator("#code").is_visible(), "leaving closed the report"
    dana.context.close()


def test_leaving_quickly_is_two_keys_away_and_leaves_no_way_back(browser: Browser, door: str) -> None:
    dana = Visit(browser, door, "en", "desktop", "light")
    dana.go("")
    dana.go("report")
    for _ in range(4):
        dana.page.keyboard.press("Tab")
    assert dana.page.evaluate("document.activeElement.textContent") == "Leave quickly"
    dana.page.keyboard.press("Enter")
    dana.page.wait_for_url("**/exit")
    dana.page.go_back()
    assert "/report" not in dana.page.url
    dana.context.close()


def test_the_form_can_be_filled_and_sent_with_the_keyboard(browser: Browser, door: str) -> None:
    dana = Visit(browser, door, "en", "desktop", "dark")
    dana.go(f"report?link={LINK}")
    dana.page.locator("input[value=me_child]").focus()
    dana.page.keyboard.press("Space")
    for _ in range(20):
        ring = dana.page.evaluate(_FOCUS_IS_SEEN)
        assert ring["seen"], f"no focus to be seen on {ring['what']}"
        assert ring["uncovered"], f"{ring['what']} is covered by something"
        if ring["what"] == "Send report":
            break
        dana.page.keyboard.press("Tab")
    dana.page.keyboard.press("Enter")
    dana.page.wait_for_selector(".code")
    dana.context.close()


_FOCUS_IS_SEEN = """() => {
    const active = document.activeElement, card = active.closest(".card") || active;
    const box = card.getBoundingClientRect(), middle = document.elementFromPoint(
        box.x + box.width / 2, Math.min(box.y + box.height / 2, innerHeight - 2));
    return { what: active.textContent.trim() || active.name,
             seen: [active, card].some(e => getComputedStyle(e).outlineStyle === "solid"),
             uncovered: card.contains(middle) || middle.contains(card) };
}"""


def test_the_code_can_be_copied(browser: Browser, door: str) -> None:
    dana = Visit(browser, door, "fr", "desktop", "light", permissions=["clipboard-read", "clipboard-write"])
    dana.go(f"report?link={LINK}")
    dana.page.check("input[value=me_child]")
    dana.page.locator("button.send").click()
    dana.page.locator("[data-copy]").click()
    dana.page.wait_for_function("document.getElementById('copied').textContent === 'Copié.'")
    code = "".join(dana.page.locator(".code").inner_text().split())
    assert dana.page.evaluate("navigator.clipboard.readText()") == code
    dana.context.close()
