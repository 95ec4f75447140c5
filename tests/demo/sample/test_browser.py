"""Uri and Dana with a real browser: what no HTTP client shows, such as a form whose origin is refused."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from answerable.policy.words import Visibility
from tests.demo.sample.conftest import Running

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install the package chromium")


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM)
        yield browser.new_page(viewport={"width": 390, "height": 844}, java_script_enabled=False)
        browser.close()


def test_a_picture_is_shared_from_a_phone_without_javascript_and_vanishes_when_hidden(
    sample: Running, draw: Callable[[int], bytes], page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "picture.jpg"
    file.write_bytes(draw(60))
    page.goto(f"{sample.url}/new")
    page.get_by_label("Your name").fill("uri")
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/new")
    page.get_by_label("Picture").set_input_files(file)
    page.get_by_label("Caption").fill("From a phone")
    page.get_by_role("button", name="Share").click()
    page.wait_for_url("**/p/*")
    assert page.get_by_role("heading", name="From a phone").is_visible()
    report = page.get_by_role("link", name="Report this post").get_attribute("href") or ""
    assert report.startswith(f"{sample.desk.url}/?link=http")
    assert page.get_by_role("img", name="From a phone").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    ref = page.url.rsplit("/", 1)[-1]
    with ThreadPoolExecutor() as elsewhere:  # the browser's library keeps an event loop in this thread
        elsewhere.submit(sample.adapter.set_visibility, ref, Visibility.HIDDEN, 1).result(10)
    page.reload()
    assert page.get_by_role("heading", name="There is nothing here").is_visible()
