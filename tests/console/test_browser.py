"""The console in a real browser: sign-in with a passkey, a judgement by keyboard, no barrier that axe finds."""

import os
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections, transaction
from playwright.sync_api import Browser, Page, expect, sync_playwright

from answerable import obligations
from answerable.cases import commands
from answerable.cases.filing_inputs import FileDraft, FilingDraft
from answerable.cases.models import Decision, Finding, Item, Person, Report, Review
from answerable.console import links
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import By, Danger, Relation
from tests.console.conftest import Photos, judge, landscape, post, report
from tests.support.browser import add_passkey_device, barriers

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
expect.set_options(timeout=20_000)  # a busy machine is no fault
SHOTS = os.environ.get("ANSWERABLE_SCREENSHOTS")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")


class Server(ThreadingMixIn, WSGIServer):
    """A small web server: a thread for each request."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def closing(application: WSGIHandler) -> Any:
    """The application, whose threads leave no connection behind."""

    def serve(environ: Any, start_response: Any) -> Any:
        try:
            return list(application(environ, start_response))
        finally:
            connections.close_all()

    return serve


@pytest.fixture
def door(fresh_database: object, policy: None) -> Iterator[str]:
    """The staff door, served for a browser; its address."""
    server = make_server("127.0.0.1", 0, closing(WSGIHandler()), Server, Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    # Playwright keeps an event loop in this thread, in which Django would refuse to ask its database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    connections.close_all()  # under Playwright's loop Django finds another one: this would stay open behind it
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield started
        started.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def new_page(browser: Browser, *, dark: bool = False, width: int = 1280) -> Page:
    """A page with a device that makes passkeys."""
    context = browser.new_context(
        color_scheme="dark" if dark else "light", viewport={"width": width, "height": 860}
    )
    page = context.new_page()
    add_passkey_device(page)
    return page


def check(page: Page, name: str) -> None:
    """No barrier on this page, nothing from another host, nothing wider than the window; a picture of it."""
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        f"{name} scrolls sideways"
    )
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def come_in(page: Page, door: str, person: Person, now: datetime) -> None:
    """From the link to the queue, with a passkey."""
    url = links.create_sign_in_link(person=person, now=now)
    page.goto(door + "/link/" + url.rsplit("/link/", 1)[1])
    page.get_by_role("button", name="Use the link").click()
    for field in ("new_password1", "new_password2"):
        page.locator(f"[name={field}]").fill("an old boat under the bridge")
    page.get_by_role("button", name="Set it").click()
    page.get_by_role("link", name="Passkey or security key").click()
    page.get_by_label("It may sign me in by itself").check()
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("button", name="Go to the queue").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()


@pytest.fixture
def busy(door: str, photos: Photos, now: datetime) -> Item:
    """A desk at night: several reports, one of them with danger."""
    before = now - timedelta(minutes=11)
    for place in range(4):
        post(photos, f"a{place}", landscape(place + 1), before, views=40)
    report(["a0", "a1", "a2"], before)
    report(["a0"], before + timedelta(minutes=2), relation=Relation.GUARDIAN)
    report(["a3"], before + timedelta(minutes=5), harm="sextortion", danger=Danger.NOW)
    last = Report.objects.latest("pk").pk
    with transaction.atomic():
        owed = Owed(
            kind="emergency_duty", subject=f"report:{last}", by=By.PEOPLE, due_at=now - timedelta(minutes=1)
        )
        obligations.owe([owed], now=before, cause=f"report:{last}")
    commands.count_views("sample", {"a0": 42}, now=before + timedelta(seconds=30))
    return Item.objects.get(ref="a0")


def test_a_link_a_passkey_and_the_next_sign_in_with_the_passkey_alone(
    door: str, browser: Browser, ravi: Person, now: datetime
) -> None:
    page = new_page(browser)
    url = links.create_sign_in_link(person=ravi, now=now)
    page.goto(door + "/link/" + url.rsplit("/link/", 1)[1])
    check(page, "link")
    page.get_by_role("button", name="Use the link").click()
    check(page, "enrol-password")
    for field in ("new_password1", "new_password2"):
        page.locator(f"[name={field}]").fill("an old boat under the bridge")
    page.get_by_role("button", name="Set it").click()
    check(page, "enrol-choice")
    page.get_by_role("link", name="Authenticator app").click()
    check(page, "enrol-app")
    page.go_back()
    page.get_by_role("link", name="Passkey or security key").click()
    check(page, "enrol-passkey")
    page.get_by_label("It may sign me in by itself").check()
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("button", name="Go to the queue")).to_be_visible()
    check(page, "enrol-done")
    page.get_by_role("button", name="Go to the queue").click()
    check(page, "queue-empty")
    page.get_by_role("link", name="Sign out").click()
    check(page, "sign-out")
    page.get_by_role("button", name="Sign out").click()
    check(page, "sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    page.context.clear_cookies()
    page.goto(door)
    page.get_by_label("Username").fill("ravi")
    page.get_by_label("Password").fill("an old boat under the bridge")
    page.get_by_role("button", name="Sign in", exact=True).click()
    check(page, "second-factor")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    page.context.close()


def drafted(now: datetime) -> int:
    """A report to the authority that waits for somebody to agree."""
    summary = (
        "<incidentSummary><incidentType>As the law calls it, in many words</incidentType></incidentSummary>"
    )
    files = tuple(
        FileDraft(finding.pk, finding.content_id, viewed=True, public=None)
        for finding in Finding.objects.all()
    )
    draft = FilingDraft(
        purpose="report", account_id=None, document=f"<report>{summary}</report>", files=files
    )
    owed = Obligation.objects.filter(kind="report_authority", state="owed").earliest("pk")
    told = {"authority": "ncmec", "environment": "test", "at_once": False}
    return commands.draft_filings(owed.pk, [draft], now=now, **told)[0]


@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 1280), (False, 360)])
def test_a_judgement_from_the_queue_to_the_end_by_keyboard(
    dark: bool, width: int, door: str, busy: Item, browser: Browser, ravi: Person, rosa: Person, now: datetime
) -> None:
    kind = f"{'dark' if dark else 'light'}-{width}"
    page = new_page(browser, dark=dark, width=width)
    come_in(page, door, ravi, now)
    check(page, f"queue-{kind}")
    page.goto(f"{door}/cases/{busy.case_id}/")
    check(page, f"case-blind-{kind}")
    page.goto(f"{door}/items/{busy.pk}/")
    check(page, f"item-{kind}")
    page.keyboard.press("l")
    expect(page.get_by_alt_text("as it stands on the platform")).to_be_visible()
    page.keyboard.press("v")
    page.keyboard.press("c")
    page.keyboard.press("1")
    check(page, f"item-seen-{kind}")
    page.get_by_label("Your reason").fill("A child, by face and room; v and n typed here are letters.")
    page.get_by_role("button", name="See what follows").click()
    check(page, f"confirm-{kind}")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status")).to_contain_text("Your judgement is recorded.")
    assert Review.objects.get().reason_id is not None
    assert Decision.objects.get().verdict == "violating"
    judge(rosa, busy, "violating", now)
    for other in Item.objects.filter(case_id=busy.case_id).exclude(pk=busy.pk):
        for person in (ravi, rosa):
            judge(person, other, "violating", now)
    page.goto(f"{door}/cases/{busy.case_id}/")
    check(page, f"case-{kind}")
    page.goto(f"{door}/figures/")
    check(page, f"figures-{kind}")
    page.goto(door)
    check(page, f"queue-after-{kind}")
    first = Report.objects.order_by("pk").values_list("pk", flat=True)[0]
    page.goto(f"{door}/reports/{first}/")
    check(page, f"report-{kind}")
    page.get_by_role("button", name=f"Open the statement of report {first}").click()
    check(page, f"text-{kind}")
    page.goto(f"{door}/accounts/{busy.account_id}/")
    check(page, f"account-{kind}")
    page.goto(door)
    page.get_by_role("link", name="Report to the authority").first.click()
    check(page, f"duty-{kind}")
    page.get_by_role("button", name="Open what to enter").click()
    expect(page.get_by_role("heading", name="File 1")).to_be_visible()
    check(page, f"duty-sheet-{kind}")
    page.goto(f"{door}/filings/{drafted(now)}/")
    check(page, f"filing-{kind}")
    page.goto(f"{door}/filings/")
    check(page, f"filings-{kind}")
    page.get_by_role("link", name="Report to NCMEC").click()
    page.get_by_role("button", name="Open what is sent").click()
    page.get_by_text("As it is sent").click()
    check(page, f"filing-opened-{kind}")
    page.goto(f"{door}/cases/4711/")
    check(page, f"missing-{kind}")
    page.context.close()


def test_what_was_typed_survives_without_script(
    door: str, busy: Item, browser: Browser, ravi: Person, now: datetime
) -> None:
    page = new_page(browser)
    come_in(page, door, ravi, now)
    cookies = page.context.cookies()
    page.context.close()
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{door}/items/{busy.pk}/")
    page.get_by_label("Your reason").fill("Half a sentence")
    page.get_by_role("button", name=f"Show item {busy.pk} in grey").click()
    expect(page.get_by_alt_text("as it stands on the platform")).to_be_visible()
    expect(page.get_by_label("Your reason")).to_have_value("Half a sentence")
    context.close()


def test_an_administrator_works_through_the_checklist(
    door: str, browser: Browser, petra: Person, now: datetime
) -> None:
    page = new_page(browser, width=360)
    come_in(page, door, petra, now)
    page.get_by_role("link", name="Going live").click()
    check(page, "checklist")
    line = page.get_by_role("listitem").filter(has_text="The desk works under the laws")
    line.get_by_text("State it").first.click()
    check(page, "checklist-stating")
    line.get_by_label("Note").fill("minutes of 1 December")
    line.get_by_role("button", name="State it").click()
    expect(page.get_by_text("minutes of 1 December")).to_be_visible()
    page.context.close()
