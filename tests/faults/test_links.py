"""Links to nowhere, to other sites and to private addresses: told clearly, and nothing is ever asked there."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from answerable.api.keys import create_key
from answerable.cases.models import Item, Message, Report
from answerable.console import pictures
from answerable.obligations.models import Obligation
from tests.fakes.platform import Platform
from tests.faults.conftest import Reporter, assert_log_whole, owed, owed_kinds
from tests.support.turns import Turns

PRIVATE = (
    "http://10.0.0.1/p/1",
    "http://192.168.1.1:8080/admin",
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1:22/",
    "http://[::1]:5432/",
    "http://2130706433/p/1",
    "http://0x7f.1/p/1",
    "http://localhost:6379/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:70/",
)


@pytest.fixture
def trap(site: Platform) -> Iterator[socket.socket]:
    """A port of this machine that nobody configured. Whoever connects is seen: `assert_untouched`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        site.site.elsewhere = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield listener


def assert_untouched(trap: socket.socket) -> None:
    trap.setblocking(False)
    with pytest.raises(BlockingIOError):
        trap.accept()


def test_a_link_to_nothing_is_told_to_the_reporter_and_read_by_a_person(
    dana: Reporter, worker: Turns, site: Platform
) -> None:
    code = dana.report("9gone")
    worker.settle()
    item = Item.objects.get()
    assert (item.seen, item.content_id) == ("gone", None)
    assert Message.objects.filter(reply="not_found").count() == 1
    assert owed("read_report").by == "people"
    assert not {"look", "decide"} & owed_kinds("people"), "nobody is asked to judge what isn't there"
    assert owed_kinds() == set(), "and nothing is tried for ever"
    assert "3pic" not in dana.status(code)
    assert_log_whole()


def test_a_short_link_to_nothing_is_read_by_a_person(dana: Reporter, worker: Turns, site: Platform) -> None:
    dana.report(links=f"{site.site.url}/s/zzz")
    worker.settle()
    assert Item.objects.count() == 0
    assert owed("read_report").by == "people"
    assert owed_kinds() == set()
    assert_log_whole()


def test_a_short_link_waits_for_a_site_that_is_away(dana: Reporter, worker: Turns, site: Platform) -> None:
    site.stop()
    dana.report(links=f"{site.site.url}/s/3pic")
    worker.live(hours=1)
    assert owed("resolve").attempt > 12
    site.start()
    worker.live(minutes=6)
    assert site.site.things["3pic"].wanted == "hidden"
    assert Obligation.objects.get(kind="hide").state == "kept_late", "due from receipt, not from now"
    assert_log_whole()


@pytest.mark.parametrize("link", ["https://elsewhere.example/p/1", *PRIVATE])
def test_no_link_makes_the_desk_ask_a_host_that_is_not_configured(
    dana: Reporter, worker: Turns, site: Platform, link: str, no_outside_network: list[str]
) -> None:
    """It is told at once; sent anyway, a person reads it."""
    told = dana.send(dana.form(links=link))
    if told.status_code == 422:
        assert "We don’t answer for this site" in told.content.decode()
        dana.report(links=link, send_anyway="on")
    else:
        assert "file:" in link or "0x7f" in link or "2130706433" in link, "what is no link is kept as words"
    worker.settle()
    assert Report.objects.count() == 1
    assert owed("read_report").by == "people"
    assert owed_kinds() == set()
    assert site.site.requests == []
    assert site.site.gets == []
    assert no_outside_network == []


@pytest.mark.parametrize("fault", ["media_elsewhere", "media_redirects"])
def test_media_addresses_and_redirects_lead_to_no_other_host(
    dana: Reporter, worker: Turns, site: Platform, trap: socket.socket, fault: str
) -> None:
    """The fetch is delayed and says why; it comes once the site is right again."""
    site.site.faults = {fault}
    dana.report()
    worker.settle()
    fetch = Obligation.objects.get(kind="fetch_item")
    assert (fetch.state, fetch.last_error.split(":")[0]) == ("owed", "HostNotConfigured")
    assert_untouched(trap)
    site.site.faults = set()
    worker.live(minutes=6)
    assert Item.objects.get().content is not None
    assert owed_kinds() == set()
    assert_log_whole()


def test_a_look_at_an_address_elsewhere_is_refused(
    dana: Reporter, worker: Turns, site: Platform, trap: socket.socket
) -> None:
    site.site.faults = {"look_elsewhere"}
    dana.report()
    worker.settle()
    assert owed("hide").last_error.startswith("HostNotConfigured")
    assert_untouched(trap)
    site.site.faults = set()
    worker.live(minutes=6)
    assert Obligation.objects.get(kind="hide").state in ("kept", "kept_late")


def test_a_redirecting_endpoint_is_not_followed(
    dana: Reporter, worker: Turns, site: Platform, trap: socket.socket
) -> None:
    site.site.faults = {"redirects"}
    dana.report()
    worker.settle()
    assert owed("hide").last_error.startswith("RedirectRefused")
    assert_untouched(trap)


def test_the_console_fetches_from_no_other_host(
    dana: Reporter, worker: Turns, site: Platform, trap: socket.socket
) -> None:
    dana.report()
    worker.settle()
    site.site.faults = {"media_elsewhere"}
    picture = pictures.revealed(Item.objects.get(), colour=False)
    assert "configured media hosts only" in picture.problem
    assert_untouched(trap)


@pytest.mark.parametrize("path", ["/screen", "/events"])
def test_a_platforms_own_word_leads_to_no_other_host(
    dana: Reporter, worker: Turns, trap: socket.socket, path: str, configured: Any
) -> None:
    """`/screen` refuses with what is wrong. `/events` takes the upload; its fetch is owed and never goes there."""
    key = create_key("site", ["events:write", "screen"], now=worker.now, platform="site")
    url = f"http://127.0.0.1:{trap.getsockname()[1]}/media/1"
    upload = {"ref": "7new", "kind": "image", "media": {"url": url}}
    body: dict[str, Any] = {"media": {"url": url}}
    if path == "/events":
        body = {"type": "item.registered", "timestamp": worker.now.isoformat(), "data": upload}
    answer = Client(SERVER_NAME="localhost").post(
        f"/api/v1{path}",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code in ((422,) if path == "/screen" else (200, 202, 422)), answer.content
    worker.settle()
    assert_untouched(trap)
