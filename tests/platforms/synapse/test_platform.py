"""What Synapse really does, and what the adapter makes of it: identical files, protection, accounts, odd answers."""

import pytest

from answerable.cases.models import Item, ReportedItem
from answerable.demo.matrix.person import Refused
from answerable.obligations.models import Obligation
from answerable.platforms import base
from answerable.platforms.base import ItemKind
from answerable.platforms.synapse.adapter import Adapter
from answerable.policy.words import Verdict, Visibility
from tests.api.pictures import jpeg, picture
from tests.media.videos import film, scene
from tests.platforms.synapse.conftest import Place, event, judge, media, until

pytestmark = pytest.mark.synapse


def posted_by(place: Place, name: str, seed: int) -> tuple[str, str, str]:
    """Somebody posts a picture in a room of their own; room, event, and the upload."""
    person = place.person(name)
    room, mxc = person.room(), person.upload(jpeg(picture(seed)))
    return room, person.post(room, mxc), mxc


def test_a_protected_upload_is_hidden_all_the_same(place: Place, adapter: Adapter) -> None:
    _, _, mxc = posted_by(place, "uri", 10)
    petra, max_ = place.people["petra"], place.person("max")
    petra.call("POST", f"/_synapse/admin/v1/media/protect/{mxc.rsplit('/', 1)[1]}", {})
    petra.call("POST", f"/_synapse/admin/v1/media/quarantine/hs.test/{mxc.rsplit('/', 1)[1]}", {})
    assert max_.sees(mxc), "Synapse says yes and does nothing"
    assert adapter.visibility(media(mxc)) is Visibility.VISIBLE
    assert adapter.set_visibility(media(mxc), Visibility.HIDDEN, 1) is True
    assert adapter.visibility(media(mxc)) is Visibility.GONE
    assert not max_.sees(mxc)


def test_freezing_protects_what_is_shown_and_hiding_still_hides_it(place: Place, adapter: Adapter) -> None:
    room, posted, mxc = posted_by(place, "uri", 11)
    adapter.freeze(event(room, posted))
    info = place.people["petra"].call("GET", f"/_synapse/admin/v1/media/{mxc.removeprefix('mxc://')}")
    assert info["media_info"]["safe_from_quarantine"]
    adapter.set_visibility(event(room, posted), Visibility.HIDDEN, 1)
    assert adapter.visibility(event(room, posted)) is Visibility.GONE


def test_an_events_own_thumbnail_is_another_upload_and_is_hidden_too(place: Place, adapter: Adapter) -> None:
    uri, max_ = place.person("uri"), place.person("max")
    room = uri.room()
    mxc, small = uri.upload(jpeg(picture(12))), uri.upload(jpeg(picture(13)))
    posted = uri.post(room, mxc, info={"thumbnail_url": small})
    adapter.set_visibility(event(room, posted), Visibility.HIDDEN, 1)
    assert not max_.sees(mxc)
    assert not max_.sees(small)
    place.people["petra"].call(
        "POST", f"/_synapse/admin/v1/media/unquarantine/{small.removeprefix('mxc://')}"
    )
    assert adapter.visibility(event(room, posted)) is Visibility.VISIBLE, "one that is served is enough"


def test_showing_one_item_never_shows_an_identical_one_that_is_to_stay_hidden(place: Place) -> None:
    uri, yann, dana, max_ = (place.person(name) for name in ("uri", "yann", "dana", "max"))
    data = jpeg(picture(14))
    mine, theirs = uri.room(), yann.room()
    first, second = uri.upload(data), yann.upload(data)
    one, two = uri.post(mine, first), yann.post(theirs, second)

    def taken(room: str, posted: str) -> bool:
        known = ReportedItem.objects.filter(item__ref=event(room, posted)).exists()
        return known and place.item(event(room, posted)).content_id is not None

    for room, posted in ((mine, one), (theirs, two)):
        dana.join(room)
        dana.report_event(room, posted)
        place.hidden(event(room, posted))
    until(lambda: taken(mine, one) and taken(theirs, two), "both reports arrived, and the bytes were seen")
    judge(place, event(mine, one), "Ravi", Verdict.NOT_VIOLATING, nobody_in_it=True)
    subject = f"item:{place.item(event(mine, one)).pk}"
    until(
        lambda: Obligation.objects.filter(kind="do_by_hand", subject__startswith=subject).exists(),
        "people are asked to see to it",
    )
    by_hand = Obligation.objects.get(kind="do_by_hand", subject__startswith=subject)
    assert "identical file" in by_hand.params["reason"]
    assert by_hand.params["at"].startswith("https://matrix.to/#/!")
    assert not max_.sees(first)
    assert not max_.sees(second)
    judge(place, event(theirs, two), "Ravi", Verdict.NOT_VIOLATING, nobody_in_it=True)
    place.seen(event(theirs, two), "visible")
    assert max_.sees(second)
    assert max_.sees(first)


def test_what_is_not_media_cannot_be_hidden_and_a_person_is_told_where(
    place: Place, adapter: Adapter
) -> None:
    uri = place.person("uri")
    room = uri.room()
    said = uri.say(room, "words")
    encrypted = uri.send(
        room, {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA"}, "m.room.encrypted"
    )
    for ref in (event(room, said), event(room, encrypted), f"room/{room}", f"user/{uri.user_id}"):
        for wanted in (Visibility.HIDDEN, Visibility.GONE):
            with pytest.raises(base.CannotDo) as cannot:
                adapter.set_visibility(ref, wanted, 1)
            assert cannot.value.by_hand.startswith("https://matrix.to/#/")
        assert adapter.visibility(ref) is Visibility.VISIBLE
    assert adapter.fetch(event(room, encrypted)).kind is ItemKind.TEXT
    assert adapter.fetch(event(room, encrypted)).media.data == b""
    uri.redact(room, said)
    assert adapter.visibility(event(room, said)) is Visibility.GONE
    assert adapter.fetch(event(room, said)).media.data == b"words", "Synapse keeps what was said for a while"


def test_what_two_people_confirmed_of_a_text_is_redacted_and_what_one_did_is_done_by_hand(
    place: Place,
) -> None:
    uri, dana = place.person("uri"), place.person("dana")
    room = uri.room()
    dana.join(room)
    said = uri.say(room, "Send me a picture, or else.")
    dana.report_event(room, said, "He threatens me.")
    ref = event(room, said)
    until(lambda: Item.objects.filter(ref=ref, content__isnull=False).exists(), "it was fetched")
    judge(place, ref, "Ravi", Verdict.VIOLATING)
    subject = f"item:{place.item(ref).pk}/remove"
    until(lambda: Obligation.objects.filter(kind="do_by_hand", subject=subject).exists(), "people are asked")
    assert uri.reads(room, said)["content"]
    judge(place, ref, "Rosa", Verdict.VIOLATING)
    place.seen(ref, "gone")
    assert not uri.reads(room, said)["content"]
    assert Obligation.objects.get(kind="do_by_hand", subject=subject).state in ("kept", "kept_late")


def test_nothing_is_redacted_that_is_served_still(place: Place, adapter: Adapter) -> None:
    room, posted, mxc = posted_by(place, "uri", 21)
    with pytest.raises(base.NotAsWanted, match="quarantined"):
        adapter.erase(event(room, posted))
    with pytest.raises(Refused) as refused:
        place.person("max").call(
            "POST", "/_synapse/client/answerable/redact", {"room_id": room, "event_id": posted}
        )
    assert refused.value.status == 403
    assert place.person("uri").reads(room, posted)["content"]
    adapter.erase(media(mxc))
    assert place.person("max").sees(mxc)


def test_what_is_not_there_is_gone_and_is_not_fetched(place: Place, adapter: Adapter) -> None:
    room = place.person("uri").room()
    for ref in ("media/hs.test/aaaaaaaaaaaaaaaaaaaaaaaa", event(room, "$" + "a" * 43), "nothing"):
        with pytest.raises(base.ItemNotFound):
            adapter.fetch(ref)
    assert adapter.visibility("media/hs.test/aaaaaaaaaaaaaaaaaaaaaaaa") is Visibility.GONE
    with pytest.raises(base.ItemNotFound):
        adapter.suspend("@nobody:hs.test")


def test_what_synapse_knows_of_an_account_is_told(place: Place, adapter: Adapter) -> None:
    person = place.person("hills")
    petra = place.people["petra"]
    proved = [{"medium": "email", "address": "hills@mail.example"}]
    petra.call(
        "PUT",
        f"/_synapse/admin/v2/users/{person.user_id}",
        {"displayname": "Hills", "threepids": proved},
    )
    person.room()
    known = adapter.account_facts(person.user_id, [])
    assert (known.account, known.display_names) == (person.user_id, ("Hills",))
    [mail] = known.emails
    assert (mail.value, mail.verified) == ("hills@mail.example", True)
    assert known.registered_at is not None
    assert known.registered_at.year >= 2026
    until(
        lambda: bool(adapter.account_facts(person.user_id, []).seen), "Synapse writes down where it was used"
    )
    assert str(adapter.account_facts(person.user_id, []).seen[0].ip) == "127.0.0.1"
    with pytest.raises(base.ItemNotFound):
        adapter.account_facts("@nobody:hs.test", [])


def test_suspending_is_suspending_and_nothing_more(place: Place, adapter: Adapter) -> None:
    person = place.person("suspended")
    room = person.room()
    adapter.suspend(person.user_id)
    assert adapter.is_suspended(person.user_id)
    with pytest.raises(Refused) as refused:
        person.say(room, "still here")
    assert refused.value.code == "M_USER_SUSPENDED"
    assert person.upload(jpeg(picture(15))), "Synapse lets a suspended account upload: the desk holds that"
    adapter.suspend(person.user_id, suspended=False)
    assert not adapter.is_suspended(person.user_id)
    assert person.say(room, "back")


def test_a_holder_is_told_by_a_server_notice_once(place: Place, adapter: Adapter) -> None:
    person = place.person("told")
    for _ in range(2):
        adapter.notify(person.user_id, "What you posted is not visible while it is checked.", "notice-1")
    invited = person.call("GET", "/_matrix/client/v3/sync")["rooms"].get("invite", {})
    assert len(invited) == 1
    [room] = invited
    person.join(room)
    messages = person.call("GET", f"/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=20")["chunk"]
    told = [one["content"]["body"] for one in messages if one["type"] == "m.room.message"]
    assert told == ["What you posted is not visible while it is checked."]


def test_every_upload_is_listed_once_oldest_first(place: Place, adapter: Adapter) -> None:
    uploads = [place.person("lister").upload(jpeg(picture(16 + one))) for one in range(3)]
    clip = place.person("lister").upload(film(scene(1, 1)), "video/mp4")
    page = adapter.list_items()
    while page.cursor:
        page = adapter.list_items(page.cursor)
    refs = [item.ref for item in page.items]
    mine = [media(mxc) for mxc in (*uploads, clip)]
    assert [ref for ref in refs if ref in mine] == mine
    assert page.items[refs.index(media(clip))].kind is ItemKind.VIDEO


def test_a_look_needs_a_stranger_who_is_let_in(place: Place, adapter: Adapter) -> None:
    """A refused token says nothing about what others see: never `hidden`."""
    _, _, mxc = posted_by(place, "uri", 20)
    adapter.set_visibility(media(mxc), Visibility.HIDDEN, 1)
    token = place.desk.data / "matrix-reader.token"
    good = token.read_text()
    try:
        for bad in ("syt_expired_token", "", "two words"):
            token.write_text(bad)
            with pytest.raises(base.PlatformRefused):
                adapter.visibility(media(mxc))
    finally:
        token.write_text(good)
    assert adapter.visibility(media(mxc)) is Visibility.GONE


def test_an_administrator_who_is_none_is_told_nothing(place: Place) -> None:
    from answerable.demo.matrix.person import Person

    for path in ("news", "media"):
        with pytest.raises(Refused) as refused:
            place.person("max").call("GET", f"/_synapse/client/answerable/{path}")
        assert refused.value.status == 403
        stranger = Person(place.synapse.url, "", "no token")
        with pytest.raises(Refused) as refused:
            stranger.call("GET", f"/_synapse/client/answerable/{path}")
        assert refused.value.status == 401


def test_a_broken_number_is_refused_not_taken_for_the_beginning(place: Place) -> None:
    for bad in ("x", "-1", "9" * 30):
        with pytest.raises(Refused) as refused:
            place.people["petra"].call("GET", f"/_synapse/client/answerable/news?event={bad}")
        assert refused.value.status == 400
