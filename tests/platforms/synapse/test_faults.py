"""A homeserver that is away, slow, busy, wrong or dishonest: never taken for one that did what was asked."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from answerable.platforms import base
from answerable.platforms.synapse.adapter import Adapter
from answerable.policy.words import Visibility
from tests.api.pictures import jpeg, picture
from tests.platforms.synapse.conftest import Place, event, media
from tests.platforms.synapse.front import Front

pytestmark = pytest.mark.synapse
PAGE = (404, "text/html", b"<h1>Not Found</h1>")
NOT_FOUND = (404, "application/json", b'{"errcode": "M_NOT_FOUND", "error": "Not found"}')
LIMITED = (429, "application/json", b'{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2000}')
BROKEN = {
    "is away": (("drops", None), base.PlatformUnreachable),
    "hangs": (("hangs", None), base.PlatformTooSlow),
    "fails": (("answers", (500, "application/json", b'{"errcode": "M_UNKNOWN"}')), base.PlatformFailed),
    "is busy": (("answers", LIMITED), base.PlatformFailed),
    "is behind a broken proxy": (
        ("answers", (502, "text/html", b"<h1>Bad Gateway</h1>")),
        base.PlatformFailed,
    ),
    "has no such address": (("answers", PAGE), base.AnswerMalformed),
    "redirects": (("answers", (302, "text/html", b"")), base.RedirectRefused),
    "takes back its token": (
        ("answers", (401, "application/json", b'{"errcode": "M_UNKNOWN_TOKEN"}')),
        base.PlatformRefused,
    ),
    "answers nonsense": (("answers", (200, "application/json", b'{"media_info": []}')), base.AnswerMalformed),
    "answers with a page": (("answers", (200, "text/html", b"<h1>Hello</h1>")), base.AnswerMalformed),
}


@pytest.fixture
def front(place: Place) -> Iterator[Front]:
    between = Front("127.0.0.1", place.synapse.port)
    yield between
    between.stop()


@pytest.fixture
def through(place: Place, front: Front) -> Adapter:
    """The adapter, asking through a proxy."""
    entry = next(one for one in settings.CONFIG.platforms if one.name == "matrix")
    return Adapter(entry.model_copy(update={"base_url": front.url}))


@pytest.fixture(scope="module")
def mxc(place: Place) -> str:
    return place.person("uri").upload(jpeg(picture(80)), "image/jpeg")


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_homeserver_is_an_error_and_no_answer(
    through: Adapter, front: Front, mxc: str, fault: str
) -> None:
    (how, answer), error = BROKEN[fault]
    front.breaks(how, answer=answer)
    asked = [
        lambda: through.set_visibility(media(mxc), Visibility.HIDDEN, 1),
        lambda: through.fetch(media(mxc)),
        lambda: list(through.watch("")),
    ]
    for ask in asked:
        with pytest.raises(error), base.asking("test", 0.5):
            ask()
    front.heals()
    assert through.visibility(media(mxc)) is Visibility.VISIBLE


def test_a_homeserver_that_says_yes_and_does_nothing_is_seen_through(
    through: Adapter, front: Front, mxc: str
) -> None:
    front.breaks("answers", at="/media/quarantine/", answer=(200, "application/json", b"{}"))
    through.set_visibility(media(mxc), Visibility.GONE, 1)
    assert through.visibility(media(mxc)) is Visibility.VISIBLE


@pytest.mark.parametrize(
    "answer", [PAGE, LIMITED, (401, "application/json", b'{"errcode": "M_UNKNOWN_TOKEN"}')]
)
def test_only_synapses_own_word_says_that_a_stranger_sees_nothing(
    through: Adapter, front: Front, mxc: str, answer: tuple[int, str, bytes]
) -> None:
    front.breaks("answers", at="/client/v1/media/", answer=answer)
    with pytest.raises(base.PlatformError):
        through.visibility(media(mxc))


def test_not_served_and_not_quarantined_is_not_gone(through: Adapter, front: Front, mxc: str) -> None:
    front.breaks("answers", at="/client/v1/media/", answer=NOT_FOUND)
    assert through.visibility(media(mxc)) is Visibility.HIDDEN


def test_a_cache_that_still_serves_a_hidden_file_is_seen(
    place: Place, through: Adapter, front: Front
) -> None:
    data = jpeg(picture(81))
    mxc = place.person("uri").upload(data, "image/jpeg")
    through.set_visibility(media(mxc), Visibility.HIDDEN, 1)
    front.breaks("answers", at="/client/v1/media/download", answer=(200, "image/jpeg", data))
    assert through.visibility(media(mxc)) is Visibility.VISIBLE
    front.heals()
    assert through.visibility(media(mxc)) is Visibility.GONE


def test_other_bytes_than_those_named_are_refused(through: Adapter, front: Front, mxc: str) -> None:
    front.breaks("answers", at="/client/v1/media/", answer=(200, "image/jpeg", jpeg(picture(82))))
    with pytest.raises(base.AnswerMalformed, match="not those that the platform names"):
        through.fetch(media(mxc))


def test_news_that_failed_to_be_taken_are_told_again(place: Place, through: Adapter) -> None:
    uri, dana = place.person("uri"), place.person("dana")
    room = uri.room()
    dana.join(room)
    [first] = list(through.watch(""))
    for number in range(3):
        dana.report_event(room, uri.say(room, f"words {number}"))
    told = next(iter(through.watch(first.cursor)))  # taken half: the caller never came back for more
    again = next(iter(through.watch(first.cursor)))
    assert [one.key for one in again.reports] == [one.key for one in told.reports]
    assert len(told.reports) == 3
    assert len(list(through.watch(first.cursor))) == 1
    assert list(through.watch(again.cursor)) == [], "what was taken whole is not told twice"
    with pytest.raises(base.AnswerMalformed, match="cursor"):
        list(through.watch("somewhere"))


def test_a_report_with_a_hostile_text_and_event_stops_nobody_elses(place: Place, through: Adapter) -> None:
    uri, dana = place.person("uri"), place.person("dana")
    room = uri.room()
    dana.join(room)
    [first] = list(through.watch(""))
    odd = {"msgtype": ["m.image"], "url": {"a": 1}, "info": "none", "body": "?"}
    dana.report_event(room, uri.send(room, odd, "odd.kind"), "x" * 60_000 + "\u202e")
    dana.report_event(room, uri.send(room, {"msgtype": "m.image", "url": "mxc://../../etc", "body": ""}))
    dana.report_event(room, uri.say(room, "words"))
    reports = [one for news in through.watch(first.cursor) for one in news.reports]
    assert len(reports) == 3
    assert all(one.about[0].ref.startswith(event(room, "$")) for one in reports)
