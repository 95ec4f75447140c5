"""The whole story in a real browser, on a real desk and a real site: report, hidden, judged, gone, proved.

`ANSWERABLE_PICTURES=docs/pictures` keeps the pictures that the documents show.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from answerable.audit import verify
from answerable.demo.stack import Stack
from tests.support.browser import add_passkey_device

CHROMIUM = Path(os.environ.get("ANSWERABLE_CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
]
PICTURES = os.environ.get("ANSWERABLE_PICTURES")
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
WITHIN_SECONDS = 20.0
expect.set_options(timeout=WITHIN_SECONDS * 1000)  # a busy machine is no fault

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium: set ANSWERABLE_CHROMIUM")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A desk with its sample site, as `make run` starts them."""
    with Stack(
        tmp_path_factory.mktemp("story") / "data", datetime.now(UTC), "json://127.0.0.1:9/"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield started
        started.close()


def picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep a picture of the page for the documents, when asked to."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=whole)


def status_of(page: Page, address: str) -> int:
    """What a stranger gets at an address now."""
    return page.context.request.get(address, headers={"Cookie": ""}).status


def until(page: Page, address: str, wanted: int) -> float:
    """Seconds until a stranger gets that status at an address."""
    began = time.monotonic()
    while status_of(page, address) != wanted:
        assert time.monotonic() - began < WITHIN_SECONDS, f"{address} did not become {wanted}"
        page.wait_for_timeout(50)
    return time.monotonic() - began


def report(page: Page, stack: Stack, place: int) -> tuple[str, str]:
    """From the site's home page to the code: the address of the post, and the code."""
    page.goto(f"{stack.sample_url}/")
    page.locator("a[href^='/p/']").nth(place).click()
    address = page.url
    page.get_by_role("link", name="Report").first.click()
    expect(page.get_by_label("Where is it?")).to_have_value(re.compile(re.escape(address.split("/p/")[1])))
    page.get_by_text("A picture or video of me").first.click()
    picture(page, "report")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name="We have your report")).to_be_visible()
    picture(page, "received")
    code = re.search(r"(\d{4}\s+){3}\d{4}", page.inner_text("body"))
    assert code is not None
    return address, code.group(0)


def come_in(browser: Browser, link: str) -> Page:
    """A reviewer at the queue: one-time link, password, passkey."""
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    add_passkey_device(page)
    page.goto(link)
    page.get_by_role("button", name="Use the link").click()
    for field in ("new_password1", "new_password2"):
        page.locator(f"[name={field}]").fill("an old boat under the bridge")
    page.get_by_role("button", name="Set it").click()
    page.get_by_role("link", name="Passkey or security key").click()
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("button", name="Go to the queue").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    return page


def judge_violating(page: Page, name: str) -> None:
    """The first item in the queue, looked at and judged by keyboard, confirmed."""
    picture(page, "queue")
    page.get_by_role("link", name="Look at this item").first.click()
    page.wait_for_load_state("load")
    page.keyboard.press("l")
    expect(page.get_by_alt_text("as it stands on the platform")).to_be_visible()
    for key in ("v", "c", "1"):
        page.keyboard.press(key)
    picture(page, "judge")
    page.get_by_label("Your reason").fill(f"As the clause says ({name}).")
    page.get_by_role("button", name="See what follows").click()
    picture(page, "confirm")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()


def test_without_javascript_a_report_hides_a_real_upload(stack: Stack, browser: Browser) -> None:
    page = browser.new_context(viewport=PHONE, java_script_enabled=False).new_page()
    address, code = report(page, stack, 8)
    until(page, address, 404)
    page.goto(f"{stack.public_url}/en/status")
    page.locator("[name=code]").fill(code)
    page.get_by_role("button", name=re.compile("Open|Show")).first.click()
    expect(page.get_by_text("Hidden, and checked on the site.")).to_be_visible()
    page.context.close()


def test_a_report_is_hidden_judged_by_two_removed_and_proved(
    stack: Stack, browser: Browser, tmp_path: Path
) -> None:
    dana = browser.new_context(viewport=PHONE).new_page()
    address, code = report(dana, stack, 2)
    media = f"{stack.sample_url}/media/{address.rsplit('/', 1)[1]}"
    until(dana, address, 404)
    assert status_of(dana, media) == 404
    links = stack.first_links()
    for name in ("Ravi", "Rosa"):
        reviewer = come_in(browser, links[name])
        while reviewer.get_by_role("link", name="Look at this item").count():
            judge_violating(reviewer, name)
        reviewer.context.close()
    dana.goto(f"{stack.public_url}/en/status")
    dana.locator("[name=code]").fill(code)
    dana.get_by_role("button", name=re.compile("Open|Show")).first.click()
    expect(dana.get_by_text("You were right: it breaks the rules.")).to_be_visible()
    picture(dana, "status", whole=True)
    assert status_of(dana, address) == 404
    assert status_of(dana, media) == 404
    with dana.expect_download() as download:
        dana.get_by_role("button", name="Save the receipt").click()
    receipt = tmp_path / "receipt.json"
    download.value.save_as(receipt)
    key = stack.command("audit", "key").stdout.split()[-1]
    alone = [sys.executable, "-I", verify.__file__, str(receipt), "--key", key]
    checked = subprocess.run(alone, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert stack.command("audit", "check").returncode == 0
    dana.context.close()
