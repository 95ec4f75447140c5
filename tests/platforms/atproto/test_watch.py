"""What the network tells: uploads within moments, reports from its own client, edits, deletions; and what breaks."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import libipld
import pytest

from answerable import clock
from answerable.cases import commands
from answerable.cases.inputs import Link, ReportIn
from answerable.cases.models import Account as Known
from answerable.cases.models import Item, PlatformWatch, Report
from answerable.demo.atproto.network import Network
from answerable.demo.atproto.person import Account
from answerable.obligations.models import Obligation
from answerable.platforms import base, watching
from answerable.platforms.atproto.adapter import Adapter
from answerable.platforms.base import ItemKind, News
from answerable.policy import load_named, store
from answerable.policy.words import Age, Relation
from answerable.settings.config import Platform as Entry
from tests.platforms.atproto.between import Between
from tests.platforms.atproto.people import landscape, png

pytestmark = [pytest.mark.atproto, pytest.mark.usefixtures("db")]


class Told:
    """What an adapter told from a cursor on, read on until something is there."""

    def __init__(self, adapter: Adapter, cursor: str = "") -> None:
        self.adapter = adapter
        self.cursor = cursor
        self.news: list[News] = []
        self._stream = adapter.watch(cursor)

    def until(self, there: Callable[["Told"], bool], seconds: float = 15.0) -> float:
        """Seconds until something was told."""
        began = time.monotonic()
        while not there(self):
            assert time.monotonic() - began < seconds, "it was not told"
            self.step()
        return time.monotonic() - began

    def step(self) -> News:
        news = next(self._stream)
        self.news.append(news)
        self.cursor = news.cursor
        return news

    @property
    def posted(self) -> list[str]:
        return [item.ref for one in self.news for item in one.posted]

    @property
    def reports(self) -> list[base.ReportThere]:
        return [report for one in self.news for report in one.reports]

    def again(self) -> "Told":
        """As after a restart of the worker."""
        self._stream.close()  # type: ignore[attr-defined]
        return Told(self.adapter, self.cursor)


@pytest.fixture
def told(adapter: Adapter) -> Iterator[Told]:
    """From now on."""
    reading = Told(adapter)
    reading.step()
    yield reading
    reading._stream.close()  # type: ignore[attr-defined]


@pytest.fixture
def between(network: Network) -> Iterator[Between]:
    """A proxy before the data server."""
    proxy = Between(network.pds)
    proxy.start()
    yield proxy
    proxy.stop()


def test_uploads_are_told_within_moments_each_picture_by_itself(told: Told, uri: Account) -> None:
    post = uri.post(png(landscape(101)), png(landscape(102)))
    seconds = told.until(lambda one: post.ref(1) in one.posted)
    assert post.ref(0) in told.posted
    assert seconds < 2
    avatar = uri.set_avatar(png(landscape(103)))
    told.until(lambda one: avatar in one.posted)
    (item,) = [item for one in told.news for item in one.posted if item.ref == avatar]
    assert (item.kind, item.account) == (ItemKind.PROFILE, uri.did)
    assert item.media is not None
    assert item.media.url.startswith(uri.network.pds)


def test_nothing_is_left_out_while_the_desk_is_away(told: Told, uri: Account) -> None:
    before = uri.post(png(landscape(104)))
    told.until(lambda one: before.ref() in one.posted)
    for _ in range(2):  # a new account is read as a whole, and its post comes on the stream besides
        told.step()
    told._stream.close()  # type: ignore[attr-defined]
    missed = [uri.post(png(landscape(110 + n))) for n in range(3)]
    again = told.again()
    again.until(lambda one: missed[-1].ref() in one.posted)
    assert {post.ref() for post in missed} <= set(again.posted)
    assert before.ref() not in again.posted


def test_the_first_hour_is_not_lost_when_nothing_was_told_before_a_restart(
    adapter: Adapter, uri: Account
) -> None:
    first = Told(adapter)
    first.step()
    if json.loads(first.cursor)["seq"] is not None:
        pytest.fail("something was told meanwhile")
    first._stream.close()  # type: ignore[attr-defined]
    post = uri.post(png(landscape(120)))
    again = first.again()
    again.until(lambda one: post.ref() in one.posted)


@pytest.mark.parametrize("seq", [99_999_999, 0])
def test_a_cursor_that_the_server_does_not_know_leaves_nothing_out(
    adapter: Adapter, uri: Account, seq: int
) -> None:
    now = clock.system_now().isoformat()
    post = uri.post(png(landscape(130 + (seq > 0))))
    reading = Told(adapter, json.dumps({"seq": seq, "time": now, "reports": now}))
    reading.until(lambda one: post.ref() in one.posted)
    later = uri.post(png(landscape(132)))
    reading.until(lambda one: later.ref() in one.posted)
    reading._stream.close()  # type: ignore[attr-defined]


def test_reports_made_in_the_client_come_with_what_they_are_about(
    told: Told, uri: Account, dana: Account
) -> None:
    post = uri.post(png(landscape(140)), png(landscape(141)))
    text = uri.post(text="Words")
    dana.report(post, "ChildSafetyCSAM", "This is me, I was thirteen.")
    dana.report(post, "SexualDeepfake")
    dana.report(text, "MisleadingSpam", "this one stays there")
    dana.report(text, "Other", "what may be anything")
    account = {"$type": "com.atproto.admin.defs#repoRef", "did": uri.did}
    dana.report_subject(account, "ChildSafetyGroom")
    told.until(lambda one: len(one.reports) >= 4)
    csam, deepfake, other, groom = told.reports
    assert [named.ref for named in csam.about] == [post.ref(0), post.ref(1)]
    assert (csam.words, csam.harm, csam.reporter) == ("This is me, I was thirteen.", "csam", dana.did)
    assert deepfake.harm == "ncii"
    assert (other.harm, other.about[0].kind) == ("", ItemKind.TEXT)
    assert (groom.harm, groom.about) == ("grooming", (base.Named(uri.did, ItemKind.ACCOUNT),))
    again = told.again()
    again.step()
    again.step()
    assert {one.key for one in again.reports} <= {one.key for one in told.reports}, "the same by their keys"
    again._stream.close()  # type: ignore[attr-defined]


def test_a_report_of_a_deleted_post_still_comes_for_people_to_read(
    told: Told, uri: Account, dana: Account
) -> None:
    post = uri.post(png(landscape(150)))
    uri.delete(post)
    dana.report(post, "SexualNCII", "It was there a minute ago.")
    told.until(lambda one: bool(one.reports))
    (report,) = told.reports
    assert (report.about, report.words) == ((), "It was there a minute ago.")


@pytest.fixture
def desk(configured: Entry, settings: Any, tmp_path: Any) -> Adapter:
    """A desk that takes what is told."""
    settings.DATA = tmp_path
    from django.db import transaction

    with transaction.atomic():
        store.activate(load_named("baseline"), clock.now())
    return Adapter(configured)


def take(reading: Told, there: Callable[[], bool], seconds: float = 15.0) -> None:
    """Read on, and take each piece as the worker does, until something is so."""
    began = time.monotonic()
    while not there():
        assert time.monotonic() - began < seconds, "it did not come"
        watching.take("sky", reading.step())


def test_the_desk_registers_hides_and_learns_of_deletions(desk: Adapter, uri: Account, dana: Account) -> None:
    reading = Told(desk)
    watching.take("sky", reading.step())
    post, other = uri.post(png(landscape(160))), uri.post(png(landscape(161)))
    dana.report(post, "ChildSafetyCSAM", "This is me.")
    take(reading, Report.objects.exists)
    take(reading, lambda: Item.objects.filter(ref=other.ref()).exists())
    item = Item.objects.get(ref=post.ref())
    assert (item.wanted, item.account.ref if item.account else "") == ("hidden", uri.did)
    assert Obligation.objects.filter(kind="fetch_item", subject=f"item:{item.pk}", state="owed").exists()
    uri.delete(post)
    from answerable.audit.models import AuditEntry

    take(reading, lambda: AuditEntry.objects.filter(kind="item_deleted").exists())
    assert PlatformWatch.objects.get().cursor == reading.cursor
    reading._stream.close()  # type: ignore[attr-defined]


def test_a_link_to_a_post_reports_each_of_its_pictures(desk: Adapter, uri: Account) -> None:
    from answerable.platforms import handlers

    post = uri.post(png(landscape(170)), png(landscape(171)))
    link = f"https://sky.example/profile/{uri.handle}/post/{post.rkey}"
    commands.file_report(
        ReportIn(
            harm="csam", relation=Relation.DEPICTED, age=Age.CHILD, links=(Link(link, "sky", "", "image"),)
        ),
        now=clock.now(),
    )
    handlers.resolve(Obligation.objects.get(kind="resolve"))
    wanted = {item.ref: item.wanted for item in Item.objects.all()}
    assert wanted == {post.ref(0): "hidden", post.ref(1): "hidden"}
    named = Report.objects.get().reported_items.order_by("pk")
    assert [row.link for row in named] == [link, f"{link}#2"]


def test_an_account_deleted_by_its_holder_takes_all_its_items_along(
    desk: Adapter, uri: Account, dana: Account
) -> None:
    from answerable.audit.models import AuditEntry
    from tests.platforms.atproto.people import basic

    reading = Told(desk)
    watching.take("sky", reading.step())
    post = uri.post(png(landscape(180)))
    dana.report(post, "ChildSafetyCSAM")
    take(reading, lambda: Report.objects.exists() and Known.objects.exists())
    uri.http.post(
        f"{uri.network.pds}/xrpc/com.atproto.admin.deleteAccount",
        json={"did": uri.did},
        headers={"authorization": basic()},
    )
    take(reading, lambda: AuditEntry.objects.filter(kind="item_deleted").exists())
    assert desk.visibility(post.ref()).value == "gone"
    reading._stream.close()  # type: ignore[attr-defined]


def test_while_ozone_fails_uploads_go_on_and_it_is_said(
    make_entry: Callable[..., Entry],
    between: Between,
    settings: Any,
    tmp_path: Any,
    uri: Account,
    dana: Account,
) -> None:
    settings.DATA = tmp_path
    adapter = Adapter(make_entry(pds=between.url))
    reading = Told(adapter)
    reading.step()
    between.faults["queryEvents"] = lambda: (429, b'{"error":"RateLimitExceeded"}')
    post = uri.post(png(landscape(190)))
    dana.report(post)
    reading.until(lambda one: post.ref() in one.posted)
    reading.until(lambda one: "429" in one.news[-1].failing)
    assert reading.reports == []
    between.faults.clear()
    reading.until(lambda one: len(one.reports) == 1)
    assert reading.news[-1].failing == ""
    reading._stream.close()  # type: ignore[attr-defined]


def test_a_stream_that_is_cut_is_unreachable_and_goes_on_from_its_cursor(
    make_entry: Callable[..., Entry], between: Between, settings: Any, tmp_path: Any, uri: Account
) -> None:
    settings.DATA = tmp_path
    reading = Told(Adapter(make_entry(pds=between.url)))
    reading.step()
    first = uri.post(png(landscape(200)))
    reading.until(lambda one: first.ref() in one.posted)
    between.drop_streams()
    with pytest.raises(base.PlatformUnreachable, match="stream"):
        reading.until(lambda _: False)
    second = uri.post(png(landscape(201)))
    again = reading.again()
    again.until(lambda one: second.ref() in one.posted)
    again._stream.close()  # type: ignore[attr-defined]
    between.stop()
    with pytest.raises(base.PlatformUnreachable, match="stream"):
        again.again().step()
    between.start()


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\xff",
        b"not a message",
        libipld.encode_dag_cbor({"op": 1, "t": "#commit"}) + libipld.encode_dag_cbor({"what": 1}),
    ],
)
def test_what_cannot_be_read_on_the_stream_is_not_skipped(
    make_entry: Callable[..., Entry],
    between: Between,
    settings: Any,
    tmp_path: Any,
    uri: Account,
    garbage: bytes,
) -> None:
    settings.DATA = tmp_path
    reading = Told(Adapter(make_entry(pds=between.url)))
    reading.step()
    first = uri.post(png(landscape(210)))
    reading.until(lambda one: first.ref() in one.posted)
    told = reading.posted.count(first.ref())
    between.frames.append(garbage)
    second = uri.post(png(landscape(211)))
    reading.until(lambda one: second.ref() in one.posted)
    reading.until(lambda one: one.posted.count(first.ref()) > told, 5)  # what changed lately was read anew
    reading._stream.close()  # type: ignore[attr-defined]
