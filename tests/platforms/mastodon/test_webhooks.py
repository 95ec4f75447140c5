"""What the server sends by itself: taken once if its signature fits, refused by name else."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from answerable.cases.models import Item, PlatformWatch, Report
from answerable.obligations.models import Obligation
from answerable.settings.config import Platform as Entry
from tests.conftest import use_door
from tests.fakes.mastodon import SECRET, Mastodon
from tests.fakes.mastodon.server import signed
from tests.platforms.mastodon.test_both_ways import watch
from tests.support.turns import Turns

PATH = "/api/v1/platforms/birds/webhook"


@pytest.fixture
def door(worker: Turns, settings: Any) -> Client:
    """The public door, of the desk that answers for the server."""
    configuration = settings.CONFIG
    use_door("public", settings)
    settings.CONFIG = configuration
    return Client(SERVER_NAME="localhost")


def sent(door: Client, body: bytes, headers: dict[str, str] | None = None) -> Any:
    given = signed(body) if headers is None else headers
    return door.post(PATH, body, content_type="application/json", headers=given)


def latest(server: Mastodon) -> bytes:
    """The body of the webhook that waits last."""
    return server.unsent[-1][1]


@pytest.fixture
def hooked(server: Mastodon) -> Mastodon:
    """A server whose webhooks wait to be sent."""
    server.hooks.append(("http://127.0.0.1:9/", SECRET))
    return server


pytestmark = pytest.mark.django_db


def test_a_report_there_is_one_here_at_once_and_the_poll_adds_nothing(
    worker: Turns, door: Client, hooked: Mastodon, picture: bytes
) -> None:
    watch(worker)
    post = hooked.post(hooked.uri, picture)
    hooked.flag(hooked.dana, hooked.uri, post, comment="This is me.", category="legal")
    answer = sent(door, latest(hooked))
    assert (answer.status_code, answer.json()) == (200, {"reports": 1, "items": 1})
    asked = len(hooked.requests)
    assert Report.objects.count() == 1
    assert len(hooked.requests) == asked, "the web process only writes"
    cursor = PlatformWatch.objects.get().cursor
    assert cursor == json.dumps({"report": 0}), "up to where it was watched stays"
    watch(worker)
    assert Report.objects.count() == 1


def test_doubled_replayed_and_out_of_order_changes_nothing(
    door: Client, hooked: Mastodon, picture: bytes
) -> None:
    post = hooked.post(hooked.uri, picture)
    created = latest(hooked)
    flag = hooked.flag(hooked.dana, hooked.uri, post, category="legal")
    reported = latest(hooked)
    hooked.moderator_deletes(flag)
    closed = latest(hooked)
    for body in (closed, reported, created, reported, closed, created):
        assert sent(door, body).status_code == 200
    assert (Report.objects.count(), Item.objects.count()) == (1, 1)
    assert Obligation.objects.filter(kind="fetch_item").count() == 1


def test_an_upload_is_an_item_that_is_fetched_and_an_edit_is_fetched_once(
    worker: Turns, door: Client, hooked: Mastodon, picture: bytes
) -> None:
    post = hooked.post(hooked.uri, picture)
    sent(door, latest(hooked))
    worker.settle()
    item = Item.objects.get()
    assert item.content is not None
    assert item.account is not None
    assert item.account.ref == hooked.uri.id
    hooked.edit(post, picture + b"\0")
    edited = latest(hooked)
    assert sent(door, edited).json() == {"reports": 0, "items": 1}
    worker.settle()
    assert Item.objects.count() == 2
    fetched = Obligation.objects.filter(kind="fetch_item").count()
    assert sent(door, edited).status_code == 200
    assert Obligation.objects.filter(kind="fetch_item").count() == fetched


def test_an_accounts_new_picture_is_an_item(
    worker: Turns, door: Client, hooked: Mastodon, picture: bytes
) -> None:
    hooked.uri.avatar = hooked.upload(hooked.uri, picture).path
    hooked.announce("account.updated", hooked.entities.admin_account(hooked.uri))
    assert sent(door, latest(hooked)).json() == {"reports": 0, "items": 1}
    worker.settle()
    item = Item.objects.get()
    assert (item.ref, item.kind) == (f"account/{hooked.uri.id}/picture", "profile")
    assert item.content is not None


FORGERIES = {
    "none": {},
    "another secret": "another secret, long enough",
    "no scheme": "bare",
    "not ascii": "snow",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_message_is_refused_and_changes_nothing(
    door: Client, hooked: Mastodon, picture: bytes, forgery: str
) -> None:
    hooked.flag(hooked.dana, hooked.uri, hooked.post(hooked.uri, picture), category="legal")
    body = latest(hooked)
    right = signed(body)["X-Hub-Signature"]
    headers = {
        "none": {},
        "another secret": signed(body, "another secret, long enough"),
        "no scheme": {"X-Hub-Signature": right.removeprefix("sha256=")},
        "not ascii": {"X-Hub-Signature": right + "\N{SNOWMAN}"},
    }[forgery]
    assert sent(door, body, headers).status_code == 401
    assert not Report.objects.exists()
    assert not PlatformWatch.objects.exists()


def test_a_changed_body_no_longer_fits_its_signature(door: Client, hooked: Mastodon) -> None:
    hooked.flag(hooked.dana, hooked.uri, category="legal")
    body = latest(hooked)
    assert sent(door, body.replace(b"legal", b"other"), signed(body)).status_code == 401


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b'{"text": "a report was made"}', "event"),
        (b"not JSON", "the whole"),
        (b'{"event":"status.exploded","created_at":"2026-11-01T08:00:00Z","object":{}}', "status.exploded"),
        (b'{"event":"report.created","created_at":"2026-11-01T08:00:00Z","object":{"id":"1"}}', "object."),
        (
            b'{"event":"report.created","created_at":"2026-11-01T08:00:00Z","object":{"id":"../1"}}',
            "object.id",
        ),
    ],
)
def test_a_template_or_an_unknown_shape_is_refused_by_name_and_stays_visible(
    door: Client, hooked: Mastodon, body: bytes, named: str
) -> None:
    answer = sent(door, body)
    assert answer.status_code == 422
    assert named in answer.json()["detail"]
    row = PlatformWatch.objects.get()
    assert row.unheard_at is not None
    assert named in row.unheard_why


def test_a_message_that_is_too_long_is_not_read(door: Client, hooked: Mastodon) -> None:
    assert sent(door, b" " * 1_000_001).status_code == 413


def test_only_a_platform_that_sends_webhooks_has_this_address(door: Client, hooked: Mastodon) -> None:
    body = b"{}"
    other = door.post(
        PATH.replace("birds", "fish"), body, content_type="application/json", headers=signed(body)
    )
    assert other.status_code == 404
    assert door.get(PATH).status_code == 405


def test_a_secret_that_is_too_short_is_the_desks_own_fault(
    door: Client, hooked: Mastodon, entry: Entry
) -> None:
    Path(entry.options["webhook_secret_file"]).write_text("short")
    assert sent(door, b"{}").status_code == 503
