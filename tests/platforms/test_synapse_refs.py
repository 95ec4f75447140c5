"""Links and names of a Matrix homeserver, as people copy them. No homeserver is needed for these."""

import pytest

from answerable.platforms.registry import locate
from answerable.platforms.synapse import refs
from answerable.platforms.synapse.adapter import Adapter
from answerable.settings.config import Config, Desk
from answerable.settings.config import Platform as Entry

ENTRY = Entry(
    name="matrix",
    adapter="synapse",
    base_url="https://matrix.example",
    secret_file="none",
    hosts=("matrix.example", "matrix.to", "app.element.io"),
    options={"reader_token_file": "none"},
)


@pytest.fixture(autouse=True)
def desk(settings: object) -> None:
    settings.CONFIG = Config(desk=Desk(regimes=("us",)), platforms=(ENTRY,), environment="test")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("typed", "ref", "kind"),
    [
        (
            "https://matrix.example/_matrix/client/v1/media/download/hs.test/AbCd",
            "media/hs.test/AbCd",
            "image",
        ),
        (
            "https://matrix.example/_matrix/client/v1/media/thumbnail/hs.test/AbCd?width=96&height=96",
            "media/hs.test/AbCd",
            "image",
        ),
        (
            "https://matrix.example/_matrix/media/v3/download/hs.test/AbCd/a.png",
            "media/hs.test/AbCd",
            "image",
        ),
        ("https://matrix.to/#/!room:hs.test", "room/!room:hs.test", "room"),
        ("https://matrix.to/#/%21room%3Ahs.test?via=hs.test", "room/!room:hs.test", "room"),
        ("https://app.element.io/#/room/!room:hs.test", "room/!room:hs.test", "room"),
        ("https://matrix.to/#/@uri:hs.test", "user/@uri:hs.test", "account"),
        ("https://app.element.io/#/user/@uri:hs.test", "user/@uri:hs.test", "account"),
    ],
)
def test_what_a_link_names_is_known_without_asking(typed: str, ref: str, kind: str) -> None:
    located = locate(typed)
    assert (located.platform, located.ref, located.kind) == ("matrix", ref, kind)


@pytest.mark.parametrize(
    "typed",
    [
        "https://matrix.to/#/!room:hs.test/$event-id_43?via=hs.test",
        "https://matrix.to/#/%21room%3Ahs.test/%24event-id_43",
        "https://app.element.io/#/room/!room:hs.test/$event-id_43",
        "(see https://matrix.to/#/!room:hs.test/$event-id_43)",
    ],
)
def test_what_an_event_is_has_to_be_asked_and_its_link_stays_whole(typed: str) -> None:
    located = locate(typed)
    assert (located.platform, located.ref) == ("matrix", None)
    named = refs.in_link(located.link)
    assert named is not None
    assert named.ref == "event/!room:hs.test/$event-id_43"


@pytest.mark.parametrize(
    "typed",
    [
        "https://matrix.example/",
        "https://matrix.to/#/#alias:hs.test",
        "https://matrix.to/#/!room:hs.test/$event/more",
        "https://matrix.example/_matrix/client/v1/media/download/hs.test/../../x",
        "https://matrix.to/#/!" + "r" * 280 + "/$" + "e" * 200,
    ],
)
def test_what_is_no_item_is_none(typed: str) -> None:
    assert locate(typed).ref is None
    assert Adapter(ENTRY).ref_of(typed) is None


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "media/hs.test",
        "media/hs.test/a/b",
        "event/room/event",
        "event/!r/$e/x",
        "user/uri",
        "room/!r/../x",
        "x",
    ],
)
def test_what_is_no_ref_is_none(ref: str) -> None:
    assert refs.thing(ref) is None
