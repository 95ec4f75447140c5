"""The documented case on a real homeserver: reported in a client, hidden, found, decided, gone, kept out."""

import io

import pytest
from PIL import Image

from answerable.cases.models import Case, Item, Report, ReportedItem
from answerable.demo.matrix.person import Refused
from answerable.obligations.models import Obligation
from answerable.policy.words import Verdict
from tests.api.pictures import jpeg, picture
from tests.platforms.synapse.conftest import Place, event, judge, media, until

pytestmark = pytest.mark.synapse


def smaller(data: bytes) -> bytes:
    """The same picture as somebody makes it again: another size, another compression."""
    image = Image.open(io.BytesIO(data))
    return jpeg(image.resize((image.width * 3 // 4, image.height * 3 // 4)), 70)


def report_of(ref: str) -> Report:
    return Report.objects.get(reported_items__item__ref=ref)


def test_reported_in_a_client_then_hidden_with_all_copies_decided_gone_and_kept_out(place: Place) -> None:
    uri, yann, dana, max_ = (place.person(name) for name in ("uri", "yann", "dana", "max"))
    room, other = uri.room(), yann.room()
    dana.join(room)
    original = jpeg(picture(1))
    first = uri.upload(original)
    posted = uri.post(room, first, info={"mimetype": "image/jpeg"})
    again, near = yann.upload(original), yann.upload(smaller(original), "image/jpeg")
    elsewhere = [yann.post(other, again), yann.post(other, near)]
    unrelated = yann.upload(jpeg(picture(2)))
    copies = [media(first), media(again), media(near), *(event(other, one) for one in elsewhere)]
    until(
        lambda: Item.objects.filter(ref__in=copies, content__isnull=False).count() == len(copies),
        "all uploads and posts are registered and fingerprinted",
    )
    assert max_.sees(first)

    dana.report_event(room, posted, "It is me. I am 13.")
    place.hidden(event(room, posted))
    for mxc in (first, again, near):
        place.hidden(media(mxc))
        assert not max_.sees(mxc)
        assert not max_.sees(mxc, thumbnail=True)
    assert not uri.sees(first), "nor does its author"
    assert max_.sees(unrelated)
    report = report_of(event(room, posted))
    assert (report.relation, report.age) == ("platform_user", "unsure")
    assert place.item(event(room, posted)).account.ref == uri.user_id
    assert Case.objects.filter(items__ref__in=[event(room, posted), *copies[:3]]).distinct().count() == 1

    judge(place, event(room, posted), "Ravi", Verdict.VIOLATING)
    for ref in (event(room, posted), media(first), media(again), event(other, elsewhere[0])):
        place.seen(ref, "gone")
    with pytest.raises(Refused) as refused:
        yann.upload(original)
    assert refused.value.status == 400
    with pytest.raises(
        Refused
    ):  # a person is asked about what is only near, and uploads wait for nobody here
        yann.upload(smaller(original))
    assert uri.reads(room, posted)["content"]["url"] == first, "one person's yes takes nothing away for good"
    judge(place, event(room, posted), "Rosa", Verdict.VIOLATING)
    judge(place, media(near), "Ravi", Verdict.VIOLATING)
    place.seen(media(near), "gone")
    place.seen(event(other, elsewhere[1]), "gone")
    assert not any(max_.sees(mxc) for mxc in (first, again, near))
    until(lambda: not uri.reads(room, posted)["content"], "two confirmed it: it is redacted")
    until(lambda: not yann.reads(other, elsewhere[0])["content"], "and where the same file was posted")
    assert yann.reads(other, elsewhere[1])["content"], "what one person judged is not"
    failed = Obligation.objects.filter(state="owed", by="worker", last_error__gt="")
    until(
        lambda: not failed.exists(),
        lambda: f"what failed once is done: {failed.values('kind', 'last_error')}",
    )


def test_an_innocent_picture_is_back_as_soon_as_a_person_says_so(place: Place) -> None:
    uri, dana, max_ = (place.person(name) for name in ("uri", "dana", "max"))
    room = uri.room()
    dana.join(room)
    mxc = uri.upload(jpeg(picture(3)))
    posted = uri.post(room, mxc)
    dana.report_event(room, posted)
    place.hidden(event(room, posted))
    until(lambda: place.item(event(room, posted)).content_id is not None, "its bytes were seen")
    place.hidden(media(mxc))
    assert not max_.sees(mxc)
    judge(place, event(room, posted), "Ravi", Verdict.NOT_VIOLATING, nobody_in_it=True)
    place.seen(event(room, posted), "visible")
    place.seen(media(mxc), "visible")
    assert max_.sees(mxc)


def test_texts_rooms_and_users_that_are_reported_wait_for_a_look(place: Place) -> None:
    uri, dana = place.person("uri"), place.person("dana")
    room = uri.room()
    dana.join(room)
    said = uri.say(room, "Send me a picture, or else.")
    dana.report_event(room, said, "He threatens me.")
    dana.report_user(uri.user_id, "This user writes to children.")
    dana.report_room(room, "All of this room.")
    wanted = {event(room, said): "text", f"user/{uri.user_id}": "account", f"room/{room}": "room"}
    until(lambda: ReportedItem.objects.filter(item__ref__in=wanted).count() == 3, "all three arrived")
    for ref, kind in wanted.items():
        item = place.item(ref)
        assert (item.kind, item.wanted) == (kind, "visible")
        assert Obligation.objects.filter(subject=f"item:{item.pk}", kind="look", state="owed").exists()
        assert not Obligation.objects.filter(subject=f"item:{item.pk}", kind="hide").exists()
    until(lambda: place.item(event(room, said)).content_id, "the words were fetched")
    assert uri.reads(room, said)["content"]["body"] == "Send me a picture, or else."


def test_a_report_on_the_public_form_by_a_link_is_taken_as_one_by_a_client(place: Place) -> None:
    uri, max_ = place.person("uri"), place.person("max")
    room = uri.room()
    mxc = uri.upload(jpeg(picture(4)))
    posted = uri.post(room, mxc)
    from answerable import clock
    from answerable.cases import commands
    from answerable.cases.inputs import Link, ReportIn
    from answerable.platforms.registry import locate
    from answerable.policy.words import Age, Relation

    def file(link: str) -> None:
        at = locate(link)
        links = (Link(at.link, at.platform, at.ref or "", at.kind),)
        commands.file_report(
            ReportIn(harm="csam", relation=Relation.DEPICTED, age=Age.CHILD, links=links), now=clock.now()
        )

    file(f"https://matrix.to/#/{room}/{posted}?via=hs.test")
    place.hidden(event(room, posted))
    assert not max_.sees(mxc)
    other = uri.upload(jpeg(picture(5)))
    file(f"{place.synapse.url}/_matrix/client/v1/media/thumbnail/hs.test/{other.rsplit('/', 1)[1]}?width=96")
    place.hidden(media(other))
    assert not max_.sees(other)
