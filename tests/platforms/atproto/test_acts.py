"""What the adapter does on the platform's own programs, looked at as a stranger would."""

from collections.abc import Callable
from typing import Any

import pytest

from answerable.cases.models import Item
from answerable.demo.atproto.cache import Cache
from answerable.demo.atproto.person import Account, Stranger
from answerable.platforms import base
from answerable.platforms.atproto.adapter import Adapter
from answerable.platforms.base import ItemKind
from answerable.policy.words import Visibility
from answerable.settings.config import Platform as Entry
from tests.platforms.atproto.people import Moderators, landscape, png
from tests.platforms.atproto.waiting import until

pytestmark = [pytest.mark.atproto, pytest.mark.usefixtures("db")]
SHOWN = [True, True, True, True, True]
BUT_THE_POST = [False, False, False, True, True]
NOTHING = [False, False, False, False, False]


def set_(adapter: Adapter, ref: str, wanted: Visibility) -> bool:
    """Ask, and look until it is so, as the desk's handler does: the AppView may hear of a post after that."""
    kept = adapter.set_visibility(ref, wanted, 1)
    until(lambda: adapter.visibility(ref) is wanted)
    return kept


def test_hidden_gone_and_put_back_are_seen_by_a_stranger_at_every_place(
    adapter: Adapter, uri: Account, max_: Stranger, moderators: Moderators
) -> None:
    picture = png(landscape(1))
    post = uri.post(picture)
    ref = post.ref()
    until(lambda: max_.everywhere(post) == SHOWN)  # which fills the AppView's cache

    assert set_(adapter, ref, Visibility.HIDDEN)
    assert max_.everywhere(post) == BUT_THE_POST
    assert moderators.labels(post.uri) == {"!hide"}
    fetched = adapter.fetch(ref)
    assert fetched.media is not None
    assert fetched.media.data == picture, "those who judge it see it, though the server gives it to nobody"

    set_(adapter, ref, Visibility.GONE)
    assert max_.everywhere(post) == NOTHING
    (event,) = moderators.events("Takedown", subject=post.uri)
    assert event["modTool"]["name"] == "answerable"
    again = uri.try_("com.atproto.repo.uploadBlob", picture, **{"content-type": "image/png"})
    assert (again.status_code, "takendown" in again.text) == (400, True)

    until(lambda: "BSKY" in str(adapter._acting.status(adapter._xrpc.pds, _blob(ref)).ref))
    set_(adapter, ref, Visibility.VISIBLE)
    assert max_.everywhere(post) == SHOWN
    assert moderators.labels(post.uri) == set()
    fetched = adapter.fetch(ref)
    assert fetched.media is not None
    assert fetched.media.data == picture, "put back with the same bytes"
    assert not adapter._sealed.has(uri.did, post.blobs[0]), "and kept here no longer"


def _blob(ref: str) -> dict[str, str]:
    did, _, _, cid = ref.split("!")
    return {"did": did, "cid": cid}


def test_asking_twice_changes_nothing(adapter: Adapter, uri: Account) -> None:
    ref = uri.post(png(landscape(2))).ref()
    for wanted in (Visibility.HIDDEN, Visibility.HIDDEN, Visibility.GONE, Visibility.GONE, Visibility.HIDDEN):
        set_(adapter, ref, wanted)
    for _ in range(2):
        set_(adapter, ref, Visibility.VISIBLE)


def test_of_a_post_with_several_pictures_only_the_one_is_hidden(
    adapter: Adapter, uri: Account, max_: Stranger, moderators: Moderators
) -> None:
    post = uri.post(png(landscape(3)), png(landscape(4)))
    until(lambda: max_.everywhere(post) == SHOWN)
    set_(adapter, post.ref(1), Visibility.HIDDEN)
    assert max_.everywhere(post, 1) == BUT_THE_POST
    set_(adapter, post.ref(1), Visibility.GONE)
    assert max_.everywhere(post, 1) == BUT_THE_POST
    assert max_.everywhere(post, 0) == SHOWN
    assert moderators.labels(post.uri) == set()
    set_(adapter, post.ref(1), Visibility.VISIBLE)
    assert max_.everywhere(post, 1) == SHOWN


def test_of_a_profile_its_picture_is_hidden_and_no_more(
    adapter: Adapter, uri: Account, max_: Stranger
) -> None:
    ref = uri.set_avatar(png(landscape(5)))
    cid = ref.rsplit("!", 1)[1]
    until(lambda: max_.picture(uri.did, cid, "avatar"))
    named = adapter.resolve(f"https://sky.example/profile/{uri.handle}")
    assert named is not None
    assert (named.ref, named.kind) == (ref, ItemKind.PROFILE)
    assert adapter.resolve(f"@{uri.handle}") == named
    for wanted in (Visibility.HIDDEN, Visibility.GONE):
        set_(adapter, ref, wanted)
        assert not max_.blob(uri.did, cid)
        assert not max_.picture(uri.did, cid, "avatar")
    query = f"repo={uri.did}&collection=app.bsky.actor.profile&rkey=self"
    assert max_.status(f"{max_.network.pds}/xrpc/com.atproto.repo.getRecord?{query}") == 200
    set_(adapter, ref, Visibility.VISIBLE)


def test_a_text_goes_as_a_record(adapter: Adapter, uri: Account, max_: Stranger) -> None:
    post = uri.post(text="Words alone")
    named = adapter.resolve(f"https://sky.example/profile/{uri.did}/post/{post.rkey}")
    assert named is not None
    assert named.kind is ItemKind.TEXT
    fetched = adapter.fetch(named.ref)
    assert fetched.media is not None
    assert fetched.media.data == b"Words alone"
    until(lambda: max_.in_appview(post))
    adapter.set_visibility(named.ref, Visibility.HIDDEN, 1)
    assert adapter.visibility(named.ref) is Visibility.GONE
    assert not max_.record(post)
    assert not max_.in_appview(post)
    fetched = adapter.fetch(named.ref)
    assert fetched.media is not None
    assert fetched.media.data == b"Words alone"
    set_(adapter, named.ref, Visibility.VISIBLE)


def test_a_takedown_is_per_account_so_the_same_file_of_another_stays(
    adapter: Adapter, uri: Account, network: Any, max_: Stranger
) -> None:
    picture = png(landscape(6))
    first, second = uri.post(picture), Account(network, "carol").post(picture)
    assert first.blobs == second.blobs
    until(lambda: max_.in_appview(second))
    set_(adapter, first.ref(), Visibility.HIDDEN)
    assert max_.everywhere(second) == SHOWN
    assert adapter.visibility(second.ref()) is Visibility.VISIBLE


def test_a_file_that_stays_hidden_in_another_post_is_not_put_back_with_one(
    adapter: Adapter, uri: Account, max_: Stranger, now: Any
) -> None:
    from answerable.cases.models import Account as Known

    picture = png(landscape(7))
    first, second = uri.post(picture), uri.post(picture)
    account = Known.objects.create(platform="sky", ref=uri.did)
    for post in (first, second):
        Item.objects.create(
            platform="sky", ref=post.ref(), account=account, registered_at=now, wanted=Visibility.HIDDEN
        )
        set_(adapter, post.ref(), Visibility.HIDDEN)
    with pytest.raises(base.CannotDo, match="another of its records"):
        adapter.set_visibility(first.ref(), Visibility.VISIBLE, 2)
    assert not max_.blob(uri.did, first.blobs[0])
    Item.objects.filter(ref=first.ref()).update(wanted=Visibility.VISIBLE, wanted_serial=1)
    set_(adapter, second.ref(), Visibility.VISIBLE)
    assert adapter.visibility(first.ref()) is Visibility.VISIBLE


def test_what_the_platforms_moderators_took_down_is_not_put_back(
    adapter: Adapter, uri: Account, max_: Stranger, moderators: Moderators
) -> None:
    post = uri.post(png(landscape(8)))
    until(lambda: max_.in_appview(post))
    moderators.take_down(post)
    until(lambda: not max_.blob(uri.did, post.blobs[0]))
    until(lambda: adapter.visibility(post.ref()) is Visibility.HIDDEN)
    set_(adapter, post.ref(), Visibility.HIDDEN)
    with pytest.raises(base.CannotDo, match="own moderators") as refused:
        adapter.set_visibility(post.ref(), Visibility.VISIBLE, 2)
    assert refused.value.by_hand.startswith("https://ozone.example/")
    assert not max_.blob(uri.did, post.blobs[0])


def test_a_cache_that_serves_it_still_is_seen_and_a_person_gets_its_address(
    make_entry: Callable[..., Entry], uri: Account, max_: Stranger, cache: Cache, settings: Any, tmp_path: Any
) -> None:
    settings.DATA = tmp_path
    post = uri.post(png(landscape(9)))
    until(lambda: max_.everywhere(post) == SHOWN)
    adapter = Adapter(make_entry())  # nowhere to tell a cache
    with pytest.raises(base.CannotDo, match="purge this address") as refused:
        adapter.set_visibility(post.ref(), Visibility.HIDDEN, 1)
    assert not max_.blob(uri.did, post.blobs[0]), "what can be hidden is"
    assert max_.picture(uri.did, post.blobs[0])
    assert adapter.visibility(post.ref()) is Visibility.VISIBLE, "never a false 'hidden'"
    assert max_.status(refused.value.by_hand) == 200
    for preset in ("feed_fullsize", "feed_thumbnail"):  # the person purges
        cache.forget(f"{max_.network.appview}/img/{preset}/plain/{uri.did}/{post.blobs[0]}")
    set_(adapter, post.ref(), Visibility.HIDDEN)


def test_what_the_data_server_knows_of_an_account_is_told(adapter: Adapter, uri: Account) -> None:
    known = adapter.account_facts(uri.did, [])
    assert (known.account, known.screen_name) == (uri.did, uri.handle)
    [mail] = known.emails
    assert "@" in mail.value
    assert mail.verified is False
    assert known.registered_at is not None


def test_an_account_is_suspended_and_let_go(adapter: Adapter, uri: Account, max_: Stranger) -> None:
    post = uri.post(png(landscape(10)))
    until(lambda: max_.in_appview(post))
    adapter.suspend(uri.did)
    assert adapter.is_suspended(uri.did)
    assert uri.try_("com.atproto.repo.uploadBlob", b"x", **{"content-type": "image/png"}).status_code == 401
    assert not max_.blob(uri.did, post.blobs[0])
    fetched = adapter.fetch(post.ref())
    assert fetched.media is not None, "reviewers still see what it posted"
    adapter.suspend(uri.did, suspended=False)
    assert not adapter.is_suspended(uri.did)
    assert max_.blob(uri.did, post.blobs[0])


def test_a_holder_is_told_once_for_each_key(adapter: Adapter, uri: Account, moderators: Moderators) -> None:
    for key in ("notice-1", "notice-1", "notice-12", "notice-1"):
        adapter.notify(uri.did, "One of your posts is being checked.\nIt is not visible meanwhile.", key)
    events = moderators.events("Email", subject=uri.did)
    assert sorted(one["event"]["comment"] for one in events) == ["notice-1", "notice-12"]
    assert all(one["event"]["isDelivered"] for one in events)


def test_its_author_may_delete_it_and_it_is_gone(adapter: Adapter, uri: Account, max_: Stranger) -> None:
    picture = png(landscape(11))
    post = uri.post(picture)
    adapter.freeze(post.ref())
    uri.delete(post)
    until(lambda: not max_.blob(uri.did, post.blobs[0]))
    until(lambda: adapter.visibility(post.ref()) is Visibility.GONE)
    adapter.set_visibility(post.ref(), Visibility.GONE, 1)
    fetched = adapter.fetch(post.ref())
    assert fetched.media is not None
    assert fetched.media.data == picture, "frozen against its author's own deletion"
    text = uri.post(text="Words")
    named = adapter.resolve(f"https://sky.example/profile/{uri.did}/post/{text.rkey}")
    assert named is not None
    uri.delete(text)
    for ref, wanted in (
        (post.ref(), Visibility.VISIBLE),
        (named.ref, Visibility.VISIBLE),
        (named.ref, Visibility.GONE),
    ):
        with pytest.raises(base.ItemNotFound, match="author deleted"):
            adapter.set_visibility(ref, wanted, 2)


def test_links_lead_to_every_picture_or_nowhere(adapter: Adapter, uri: Account) -> None:
    post = uri.post(png(landscape(12)), png(landscape(13)), png(landscape(14)))
    for who in (uri.handle, uri.did):
        named = adapter.resolve(f"https://sky.example/profile/{who}/post/{post.rkey}")
        assert named is not None
        assert [named.ref, *(one.ref for one in named.also)] == [post.ref(place) for place in range(3)]
    for nowhere in (
        f"https://sky.example/profile/{uri.handle}/post/3kkkkkkkkkk2k",
        "https://sky.example/profile/nobody.test/post/3kkkkkkkkkk2k",
        "https://sky.example/profile/did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/post/3kkkkkkkkkk2k",
        "https://sky.example/profile/did:x:/post/3kkkkkkkkkk2k",
        f"https://sky.example/profile/{uri.handle}",
        "https://sky.example/about",
    ):
        assert adapter.resolve(nowhere) is None
    adapter.set_visibility(post.ref(), Visibility.GONE, 1)
    alone = uri.post(png(landscape(15)))
    adapter.set_visibility(alone.ref(), Visibility.GONE, 1)
    adapter.suspend(uri.did)
    for taken_down in (post, alone):
        for who in (uri.handle, uri.did):
            named = adapter.resolve(f"https://sky.example/profile/{who}/post/{taken_down.rkey}")
            assert named is not None, "what was taken down is found when somebody reports it again"
            assert named.ref == taken_down.ref()


def test_the_list_holds_everything_and_can_be_taken_up_anywhere(adapter: Adapter, uri: Account) -> None:
    posts = [uri.post(png(landscape(20 + n))) for n in range(3)]
    listed: list[str] = []
    cursor, pages = "", 0
    while True:
        page = adapter.list_items(cursor)
        assert adapter.list_items(cursor).items == page.items
        listed += [item.ref for item in page.items]
        pages += 1
        if not page.cursor:
            break
        cursor = page.cursor
    assert len(set(listed)) == len(listed)
    assert {post.ref() for post in posts} <= set(listed)


def test_reports_in_ozone_are_closed_once_they_are_answered_and_opened_again(
    adapter: Adapter, uri: Account, dana: Account, moderators: Moderators
) -> None:
    post = uri.post(png(landscape(30)))
    assert adapter.reports_on(post.ref()) == ()
    dana.report(post)
    number = dana.report(post, "SexualNCII")
    (report,) = adapter.reports_on(post.ref())
    assert (report.key, report.closed) == (
        f"ozone:{moderators.events('Report', subject=post.uri)[0]['id']}",
        False,
    )
    assert [named.ref for named in report.about] == [post.ref()]
    assert number
    for closed in (True, False, True):
        adapter.settle(report.key, closed)
        assert [one.closed for one in adapter.reports_on(post.ref())] == [closed]
    adapter.set_visibility(post.ref(), Visibility.GONE, 1)
    (report,) = adapter.reports_on(post.ref())
    assert report.closed, "a takedown closes them"
    assert [named.ref for named in report.about] == [post.ref()], "so that they aren't opened again for it"
    adapter.set_visibility(post.ref(), Visibility.VISIBLE, 2)
    dana.report(post, "MisleadingSpam")
    assert adapter.reports_on(post.ref()) == (), "one of them is for the platform's moderators"
