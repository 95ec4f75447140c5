"""A server that is down, busy, lies or no longer knows us: nothing is lost, claimed or hammered."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from answerable.cases.models import Item, PlatformWatch
from answerable.obligations.models import Obligation
from answerable.platforms import base, registry, watching
from answerable.platforms.mastodon.adapter import Adapter
from answerable.platforms.mastodon.wire import LARGEST_ANSWER_BYTES
from answerable.policy.words import Visibility
from answerable.settings.config import Platform as Entry
from tests.fakes.mastodon import Mastodon
from tests.fakes.web import Reply, Request
from tests.platforms.mastodon.conftest import by_hand, file_report
from tests.support.turns import Turns

pytestmark = pytest.mark.django_db


def test_a_busy_server_is_left_alone_until_it_says(adapter: Adapter, server: Mastodon) -> None:
    server.limited = True
    with pytest.raises(base.PlatformFailed):
        adapter.is_suspended(server.uri.id)
    asked = len(server.requests)
    for _ in range(20):
        with pytest.raises(base.PlatformFailed):
            adapter.is_suspended(server.uri.id)
    assert len(server.requests) == asked


def test_a_revoked_token_is_not_tried_again_at_once_and_a_new_one_is(
    adapter: Adapter, server: Mastodon, entry: Entry
) -> None:
    server.desk.token = "another"
    for _ in range(20):
        with pytest.raises(base.PlatformRefused):
            adapter.is_suspended(server.uri.id)
    assert len(server.requests) == 1
    Path(entry.secret_file).write_text("another\n")
    assert not adapter.is_suspended(server.uri.id)


def test_a_token_that_lacks_a_permission_says_so(adapter: Adapter, server: Mastodon) -> None:
    server.desk.permissions = frozenset({"manage_reports"})
    with pytest.raises(base.PlatformRefused, match="403"):
        adapter.suspend(server.uri.id)
    assert not server.uri.suspended


def test_another_accounts_token_is_refused_before_our_own_reports_come_back(
    adapter: Adapter, server: Mastodon, entry: Entry
) -> None:
    Path(entry.secret_file).write_text(server.uri.token)
    with pytest.raises(base.PlatformRefused, match="another account"):
        list(adapter.watch(""))


BROKEN = {
    "html": (Reply(200, b"<html>Welcome</html>", "text/html"), base.AnswerMalformed),
    "another": (Reply(200, b'{"id":"77","suspended":true}'), base.AnswerMalformed),
    "a number": (Reply(200, b'{"id":1001,"suspended":true}'), base.AnswerMalformed),
    "cut": (Reply(200, b'{"id":"1001"}', cut=4), base.PlatformUnreachable),
    "elsewhere": (Reply(302, b"", headers={"Location": "https://elsewhere.example/"}), base.RedirectRefused),
    "failing": (Reply(503, b""), base.PlatformFailed),
    "huge": (Reply(200, b"[" + b" " * (LARGEST_ANSWER_BYTES + 1)), base.AnswerTooLarge),
    "gone": (Reply(410, b"{}"), base.ItemNotFound),
    "odd": (Reply(202, b"{}"), base.PlatformRefused),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_answer_is_named(adapter: Adapter, server: Mastodon, fault: str) -> None:
    reply, error = BROKEN[fault]
    server.trouble.append(reply)
    with pytest.raises(error):
        adapter.is_suspended(server.uri.id)


def test_pages_that_go_round_in_circles_end(adapter: Adapter, server: Mastodon) -> None:
    for _ in range(3):
        server.flag(server.dana, server.uri)
    server.circles = True
    with pytest.raises(base.AnswerMalformed, match="circles"):
        list(adapter.watch(json.dumps({"report": 1})))


def test_a_link_to_another_host_is_never_followed(adapter: Adapter, server: Mastodon) -> None:
    server.flag(server.dana, server.uri)
    answer = server.answer

    def elsewhere(request: Request) -> Reply:
        reply = answer(request)
        link = reply.headers.get("Link", "")
        reply.headers["Link"] = link.replace(server.url, "http://198.51.100.7")
        return reply

    server.answer = elsewhere  # type: ignore[method-assign]
    assert [len(news.reports) for news in adapter.watch(json.dumps({"report": 0}))] == [1, 0]


def test_a_hundred_reports_come_in_order_over_several_pages(adapter: Adapter, server: Mastodon) -> None:
    for _ in range(450):
        server.flag(server.dana, server.uri)
    told = [one.key for news in adapter.watch(json.dumps({"report": 0})) for one in news.reports]
    assert told == [str(number) for number in range(1, 451)]


def test_while_it_is_down_a_person_is_paged_all_the_same(
    worker: Turns, server: Mastodon, adapter: Adapter, picture: bytes
) -> None:
    post = server.post(server.uri, picture)
    file_report(worker, server, post)
    [claimed] = [one for one in Obligation.objects.filter(kind="resolve", state="owed")]
    assert claimed
    server.before = lambda request: down(server) if request.path.startswith("/api/v1/admin") else None
    worker.live(minutes=2)
    [hide] = by_hand("hide")
    assert hide.params["at"] == f"{server.url}/@uri/{post.id}", "the report there failed: the post's own page"
    assert server.flags == {}


def down(server: Mastodon) -> None:
    server.trouble.append(Reply(503, b""))


def test_a_kill_after_the_report_was_made_there_makes_no_second_one(
    worker: Turns, server: Mastodon, picture: bytes
) -> None:
    post = server.post(server.uri, picture)
    answer, cut = server.answer, []

    def cut_once(request: Request) -> Reply:
        reply = answer(request)
        if request.method == "POST" and request.path == "/api/v1/reports" and not cut:
            cut.append(request)
            reply.cut = 3  # it was made; nobody heard
        return reply

    server.answer = cut_once  # type: ignore[method-assign]
    file_report(worker, server, post)
    worker.live(minutes=1)
    assert cut
    assert len(server.flags) == 1
    assert by_hand("hide")[0].params["at"] == f"{server.url}/admin/reports/1"


def test_more_reports_than_the_server_takes_in_a_day_still_page_people(
    worker: Turns, server: Mastodon, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.fakes.mastodon import server as module

    monkeypatch.setattr(module, "REPORTS_A_DAY", 0)
    post = server.post(server.uri, picture)
    file_report(worker, server, post)
    worker.live(minutes=2)
    [hide] = by_hand("hide")
    assert hide.params["at"] == f"{server.url}/@uri/{post.id}"


def test_a_server_that_shows_strangers_nothing_proves_nothing(
    adapter: Adapter, server: Mastodon, picture: bytes
) -> None:
    post = server.post(server.uri, picture)
    ref = f"status/{post.id}/media/{post.files[0].id}"
    server.public_api = False
    with pytest.raises(base.PlatformRefused):
        adapter.visibility(ref)


def test_a_file_that_a_cache_still_hands_out_is_visible(
    adapter: Adapter, server: Mastodon, picture: bytes
) -> None:
    post = server.post(server.uri, picture)
    ref = f"status/{post.id}/media/{post.files[0].id}"
    Item.objects.bulk_create(
        [
            Item(
                platform="birds",
                ref=ref,
                media_url=server.url + post.files[0].path,
                registered_at="2026-12-01T09:00Z",
            )
        ]
    )
    post.discarded = True
    assert adapter.visibility(ref) is Visibility.VISIBLE
    server.thirty_days_pass()
    assert adapter.visibility(ref) is Visibility.GONE


def test_media_at_a_host_that_is_not_configured_are_not_asked_for(
    adapter: Adapter, server: Mastodon, picture: bytes
) -> None:
    post = server.post(server.uri, picture)
    body = json.dumps(server.entities.status(post)).replace(f"{server.url}/system", "http://198.51.100.7/x")
    server.trouble.append(Reply(200, body.encode()))
    with pytest.raises(base.HostNotConfigured):
        adapter.visibility(f"status/{post.id}/media/{post.files[0].id}")


def test_reports_that_cannot_be_asked_for_are_visible_and_paged(
    worker: Turns, server: Mastodon, adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    paged: list[str] = []
    monkeypatch.setattr(watching.paging, "page", lambda title, body: paged.append(title) or 1)
    server.desk.token = "revoked"
    for _ in range(5):
        with pytest.raises(base.PlatformRefused) as caught:
            watching.watch(registry.platform("birds"))
        watching._failed(registry.platform("birds"), caught.value)
        worker.pass_(minutes=1)
    row = PlatformWatch.objects.get()
    assert row.failed_since is not None
    assert row.last_error.startswith("The platform refused")
    assert len(paged) == 1
    assert len(server.requests) == 1


@pytest.mark.parametrize("options", [{}, {"account_id": "uri"}, {"account_id": "1", "hide_with": "silence"}])
def test_options_that_make_no_sense_are_named(entry: Entry, options: dict[str, Any]) -> None:
    with pytest.raises(base.OptionsUnusable, match=r"options\."):
        Adapter(entry.model_copy(update={"options": options}))
    assert not issubclass(base.OptionsUnusable, ValidationError)
