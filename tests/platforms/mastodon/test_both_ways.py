"""A report at our door reaches the server's moderators, theirs reach us, and what is decided is told there."""

from datetime import timedelta
from typing import Any

import pytest

from answerable.cases import commands
from answerable.cases.inputs import ReviewIn
from answerable.cases.models import Item, Person, Report
from answerable.obligations.models import Obligation
from answerable.platforms import base, looking, watching
from answerable.platforms.mastodon.adapter import Adapter
from answerable.policy.words import Age, Verdict, Visibility
from tests.fakes.mastodon import Mastodon
from tests.fakes.mastodon.entities import Post
from tests.platforms.mastodon.conftest import by_hand, file_report
from tests.support.turns import Turns

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(server: Mastodon, picture: bytes) -> Post:
    """Uri's post with one picture."""
    return server.post(server.uri, picture)


def judge(worker: Turns, person: Person, verdict: Verdict) -> None:
    item = Item.objects.get()
    worker.now += timedelta(minutes=1)
    commands.review(
        ReviewIn(
            content_ids=(item.content_id or 0,),
            person_id=person.pk,
            verdict=verdict,
            age=Age.CHILD,
            clause="csam.depiction",
            reason="as the clause says",
            began_at=worker.now,
        ),
        now=worker.now,
    )
    worker.settle()


def look_until(worker: Turns, **by: float) -> None:
    """Time passes, and what is due to be looked at is looked at."""
    worker.now += timedelta(**by)
    looking.look_again(worker.now)
    worker.settle()


def test_a_reported_post_is_put_before_its_moderators_once_and_a_person_is_paged_with_the_page(
    worker: Turns, server: Mastodon, post: Post
) -> None:
    file_report(worker, server, post)
    worker.settle()
    item = Item.objects.get()
    assert (item.ref, item.kind) == (f"status/{post.id}/media/{post.files[0].id}", "image")
    assert item.content is not None, "its bytes were fetched and hashed all the same"
    [hide] = by_hand("hide")
    assert hide.params["at"] == f"{server.url}/admin/reports/1"
    assert by_hand("freeze"), "nothing there keeps the bytes against their author: people know that, too"
    assert Obligation.objects.filter(kind="page_people", params__why="by_hand").exists()
    [flag] = server.flags.values()
    assert (flag.by, flag.about, flag.posts) == (server.desk.id, server.uri.id, [post.id])
    assert (flag.category, flag.forwarded) == ("legal", False)
    assert "thirteen" not in flag.comment
    assert not server.uri.suspended, "nothing wider is done"
    again = file_report(worker, server, post, statement="Still there.")
    worker.settle()
    assert again.report_id
    assert len(server.flags) == 1, "asked again, not reported again"


def test_its_reporter_is_told_that_it_is_still_visible(worker: Turns, server: Mastodon, post: Post) -> None:
    from answerable.cases.queries import things

    filed = file_report(worker, server, post)
    worker.settle()
    report = Report.objects.get(pk=filed.report_id)
    [row] = report.reported_items.all()
    assert things.thing(row, report).state == "by_hand"


def test_what_a_moderator_did_is_seen_only_once_the_file_is_gone_too(
    worker: Turns, server: Mastodon, post: Post
) -> None:
    file_report(worker, server, post)
    worker.settle()
    server.moderator_deletes(server.flags["1"])
    look_until(worker, minutes=4)
    assert Item.objects.get().seen == "visible", "the post is gone, its file is served for thirty days"
    assert by_hand("hide")
    server.thirty_days_pass()
    look_until(worker, minutes=4)
    item = Item.objects.get()
    assert (item.seen, item.hidden_at is not None) == ("gone", True)
    hide = Obligation.objects.get(kind="do_by_hand", params__kind="hide")
    assert hide.state in ("kept", "kept_late")
    assert hide.proof_entry_id is not None
    assert item.look_again_at is not None, "and it is looked at again"


def test_a_post_that_is_gone_already_pages_nobody(worker: Turns, server: Mastodon, post: Post) -> None:
    file_report(worker, server, post)
    worker.settle()
    server.moderator_deletes(server.flags["1"])
    server.thirty_days_pass()
    look_until(worker, minutes=4)
    file_report(worker, server, post, statement="Again.")
    worker.settle()
    assert not by_hand("hide")


def test_a_cleared_report_is_closed_there_and_opened_again_with_the_round(
    worker: Turns, server: Mastodon, post: Post, ravi: Person, rosa: Person
) -> None:
    flag = server.flag(server.dana, server.uri, post, comment="This is me.", category="legal")
    file_report(worker, server, post)
    watch(worker)
    worker.settle()
    judge(worker, ravi, Verdict.NOT_VIOLATING)
    assert all(one.closed_by is None for one in server.flags.values()), "one of two people"
    judge(worker, rosa, Verdict.NOT_VIOLATING)
    assert {one.closed_by for one in server.flags.values()} == {server.desk.id}
    assert not by_hand("restore"), "it was visible all the time: nobody is asked to put it back"
    worker.now += timedelta(hours=1)
    file_report(worker, server, post, statement="Look again, please.")
    worker.settle()
    assert server.flags[flag.id].closed_by is None


def test_a_report_stays_open_until_a_moderator_removed_what_people_here_confirmed(
    worker: Turns, server: Mastodon, post: Post, ravi: Person
) -> None:
    file_report(worker, server, post)
    worker.settle()
    judge(worker, ravi, Verdict.VIOLATING)
    assert server.flags["1"].closed_by is None
    assert by_hand("remove")
    assert not by_hand("hide")
    server.moderator_deletes(server.flags["1"])
    server.flags["1"].closed_by = None
    server.thirty_days_pass()
    look_until(worker, minutes=6)
    assert Item.objects.get().seen == "gone"
    assert server.flags["1"].closed_by == server.desk.id


def watch(worker: Turns) -> None:
    """What the worker's thread for this platform does once."""
    from answerable.platforms import registry

    watching.watch(registry.platform("birds"))


def test_a_report_made_there_becomes_one_here_once_and_its_words_are_sealed(
    worker: Turns, server: Mastodon, post: Post, adapter: Adapter
) -> None:
    watch(worker)
    server.flag(server.dana, server.uri, post, comment="This is me.", category="legal")
    watch(worker)
    watch(worker)
    report = Report.objects.get()
    assert (report.relation, report.channel) == ("platform_user", "platform")
    assert server.dana.id not in report.token
    assert Item.objects.get().ref == f"status/{post.id}/media/{post.files[0].id}"
    fresh = Adapter(adapter.api.entry)
    watching.watch(fresh)  # a restarted worker is told the last fifty again
    assert Report.objects.count() == 1


def test_a_private_post_that_its_audience_reports_is_fetched_by_its_file(
    worker: Turns, server: Mastodon, picture: bytes
) -> None:
    watch(worker)
    private = server.post(server.uri, picture, visibility="private")
    server.flag(server.dana, server.uri, private, category="legal")
    watch(worker)
    worker.settle()
    item = Item.objects.get()
    assert item.content is not None
    assert item.seen == "visible", "its file is served to everybody"


def test_reports_that_were_closed_before_we_asked_are_not_left_out(
    worker: Turns, server: Mastodon, post: Post
) -> None:
    watch(worker)
    flag = server.flag(server.dana, server.uri, post, category="legal")
    server.moderator_deletes(flag)
    server.flag(server.dana, server.uri, category="other")
    watch(worker)
    assert Report.objects.count() == 2


def test_spam_and_our_own_reports_do_not_come_back(worker: Turns, server: Mastodon, post: Post) -> None:
    watch(worker)
    server.flag(server.dana, server.uri, post, category="spam")
    server.flag(server.desk, server.uri, post, category="legal")
    watch(worker)
    assert not Report.objects.exists()


def test_an_account_is_suspended_without_a_letter_and_let_go_again(
    adapter: Adapter, server: Mastodon, post: Post
) -> None:
    adapter.suspend(server.uri.id)
    assert adapter.is_suspended(server.uri.id)
    assert server.uri.letters == []
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
    assert adapter.visibility(ref) is Visibility.GONE
    adapter.suspend(server.uri.id, False)
    assert not adapter.is_suspended(server.uri.id)
    assert adapter.visibility(ref) is Visibility.VISIBLE


def test_what_moderators_are_told_of_an_account_is_told(adapter: Adapter, server: Mastodon) -> None:
    known = adapter.account_facts(server.uri.id, [])
    assert known.account == server.uri.id
    [mail] = known.emails
    assert (mail.value, mail.verified) == ("uri@people.example", True)
    assert str(known.seen[0].ip) == "203.0.113.7"
    assert known.registered_at is not None
    assert known.profile_urls


def test_a_persons_picture_is_an_item_by_their_name(
    adapter: Adapter, server: Mastodon, picture: bytes
) -> None:
    file = server.upload(server.uri, picture)
    server.uri.avatar = file.path
    named = adapter.resolve(f"{server.url}/@uri")
    assert named == base.Named(f"account/{server.uri.id}/picture", base.ItemKind.PROFILE)
    assert adapter.resolve("@uri") == named
    fetched = adapter.fetch(named.ref)
    assert fetched.media is not None
    assert adapter.visibility(named.ref) is Visibility.VISIBLE
    server.uri.avatar = "/avatars/original/missing.png"
    assert adapter.visibility(named.ref) is Visibility.GONE


@pytest.mark.parametrize("path", ["/@uri/{}", "/users/uri/statuses/{}", "/web/statuses/{}", "/@uri/{}/embed"])
def test_the_addresses_of_a_post_lead_to_its_one_file(
    adapter: Adapter, server: Mastodon, post: Post, path: str
) -> None:
    named = adapter.resolve(server.url + path.format(post.id))
    assert named == base.Named(f"status/{post.id}/media/{post.files[0].id}", base.ItemKind.IMAGE)


def test_of_a_post_with_several_files_or_none_that_is_seen_people_decide_which(
    adapter: Adapter, server: Mastodon, picture: bytes
) -> None:
    several = server.post(server.uri, picture, picture)
    words = server.post(server.uri)
    private = server.post(server.uri, picture, visibility="private")
    kinds = [adapter.resolve(f"{server.url}/@uri/{one.id}") for one in (several, words, private)]
    assert [one and one.kind for one in kinds] == ["page", "text", "page"]
    with pytest.raises(base.CannotDo) as caught:
        adapter.fetch(f"status/{private.id}")
    assert caught.value.by_hand == f"{server.url}/web/statuses/{private.id}"


def test_what_it_cannot_do_is_not_among_its_capabilities(adapter: Adapter, server: Mastodon) -> None:
    capable = base.Capability
    lacking = {capable.HIDE, capable.LIMIT, capable.REMOVE, capable.RESTORE, capable.FREEZE, capable.NOTIFY}
    assert not lacking & adapter.capabilities
    calls: list[Any] = [
        lambda: adapter.set_visibility("status/1", Visibility.HIDDEN, 1),
        lambda: adapter.freeze("status/1"),
        lambda: adapter.notify("1", "words", "key"),
    ]
    for call in calls:
        with pytest.raises(base.CannotDo):
            call()
    assert server.requests == []
