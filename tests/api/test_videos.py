"""Videos through the machine API: a confirmed clip, and what is uploaded afterwards."""

import base64
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest

from answerable.cases.models import ContentFrame, Copy, KnownChange, Person
from answerable.matching import handlers
from answerable.matching import items as items_module
from answerable.matching import known as known_module
from answerable.matching.items import ItemIndex
from answerable.matching.known import Known
from answerable.media import fingerprint
from answerable.media.frames import Frame
from answerable.obligations.models import Obligation
from tests.api.conftest import Caller
from tests.api.pictures import inline, jpeg
from tests.cases.desk import TestDesk, prints
from tests.media.videos import film, scene

pytestmark = pytest.mark.django_db
TIME = "2026-12-01T09:00:00+00:00"


@pytest.fixture(scope="module")
def clip() -> bytes:
    """What Uri posted: six seconds."""
    return film(scene(1, 6))


@pytest.fixture(scope="module")
def compilation() -> bytes:
    """The same six seconds in the middle of others, encoded anew."""
    return film(chain(scene(2, 8), scene(1, 6), scene(3, 6)), crf=28)


@pytest.fixture(scope="module")
def other() -> bytes:
    """Something else."""
    return film(scene(5, 6))


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, desk: TestDesk) -> None:
    """Processes that have read nothing yet."""
    monkeypatch.setattr(known_module, "_known", Known())
    monkeypatch.setattr(items_module, "_items", ItemIndex())
    monkeypatch.setattr(handlers.clock, "now", lambda: desk.clock.now)


def film_of(data: bytes) -> dict[str, str]:
    """Bytes as the contract writes them."""
    return {"inline": base64.b64encode(data).decode(), "media_type": "video/mp4"}


def registered(ref: str, data: bytes, account: str = "uri") -> dict[str, Any]:
    """An event about an upload."""
    about = {"ref": ref, "kind": "video", "account": account, "media": film_of(data)}
    return {"type": "item.registered", "timestamp": TIME, "data": about}


def verdict(platform: Caller, data: bytes) -> str:
    """What the platform is told about an upload."""
    answer = platform.post("/screen", {"account": "stranger", "media": film_of(data)})
    assert answer.status_code == 200, answer.content
    return str(answer.json()["verdict"])


def find_copies(ref: str, desk: TestDesk) -> None:
    """The worker searches."""
    handlers.find_copies(
        Obligation.objects.get(kind="find_copies", subject=f"item:{desk.item(ref).pk}", state="owed")
    )


def test_a_confirmed_clip_is_held_inside_a_longer_upload(
    platform: Caller, desk: TestDesk, ravi: Person, clip: bytes, compilation: bytes, other: bytes
) -> None:
    assert platform.post("/events", registered("clip", clip)).status_code == 200
    assert [verdict(platform, data) for data in (clip, compilation, other)] == ["clear", "clear", "clear"]
    desk.report("clip", kind="video")
    assert [verdict(platform, data) for data in (clip, compilation, other)] == ["hold", "hold", "clear"]
    desk.yes(ravi, "clip")
    assert [verdict(platform, data) for data in (clip, compilation, other)] == ["block", "hold", "clear"]
    assert verdict(platform, film(scene(1, 3, start=2))) == "hold", "a piece of it"

    answer = platform.post("/events", registered("compilation", compilation, account="stranger"))
    assert answer.json()["wanted"] == "hidden"
    assert {"look", "find_copies"} <= desk.owed("compilation")
    assert platform.post("/events", registered("other", other)).json()["wanted"] == "visible"

    find_copies("compilation", desk)
    edge = Copy.objects.get(content__item__ref="compilation")
    assert (edge.original.item.ref, edge.kind) == ("clip", "near")
    assert edge.overlap is not None
    assert edge.overlap["of_theirs"] > 0.9, "nearly all of the clip"
    assert edge.overlap["of_mine"] < 0.4, "a part of the compilation"
    assert (edge.overlap["bits"], edge.overlap["quality"]) == (31, 50)
    assert desk.item("compilation").case == desk.item("clip").case


def test_a_compilation_that_was_there_before_is_found_and_hidden_when_the_clip_is_reported(
    platform: Caller, desk: TestDesk, ravi: Person, clip: bytes, compilation: bytes, other: bytes
) -> None:
    for ref, data in {"compilation": compilation, "other": other, "clip": clip}.items():
        platform.post("/events", registered(ref, data, account=ref))
    desk.report("clip", kind="video")
    find_copies("clip", desk)
    assert {ref: desk.wanted(ref) for ref in ("clip", "compilation", "other")} == {
        "clip": "hidden",
        "compilation": "hidden",
        "other": "visible",
    }
    assert "look" in desk.owed("compilation")


def test_a_still_of_a_confirmed_clip_is_held(
    platform: Caller, desk: TestDesk, ravi: Person, clip: bytes
) -> None:
    from PIL import Image

    still = jpeg(Image.fromarray(next(scene(1, 1, start=2.5))))
    platform.post("/events", registered("clip", clip))
    ask = {"account": "stranger", "media": inline(still)}
    assert platform.post("/screen", ask).json()["verdict"] == "clear"
    desk.report("clip", kind="video")
    desk.yes(ravi, "clip")
    assert platform.post("/screen", ask).json()["verdict"] == "hold"


def test_an_overturned_clip_is_known_no_longer(
    platform: Caller, desk: TestDesk, ravi: Person, rosa: Person, clip: bytes, compilation: bytes
) -> None:
    platform.post("/events", registered("clip", clip))
    desk.report("clip", kind="video")
    desk.no(ravi, "clip")
    desk.no(rosa, "clip")
    assert verdict(platform, compilation) == "clear"
    added = KnownChange.objects.filter(kind="frame", op="add").count()
    assert added == KnownChange.objects.filter(kind="frame", op="remove").count() > 0


def test_a_video_registered_by_its_hash_alone_is_known_by_its_frames_once_its_bytes_were_seen(
    platform: Caller, desk: TestDesk, ravi: Person, clip: bytes, compilation: bytes
) -> None:
    hashes = {"sha256": fingerprint(clip).sha256}
    event = registered("clip", clip)
    event["data"] |= {"media": None, "hashes": hashes}
    platform.post("/events", event)
    desk.report("clip", kind="video")
    desk.yes(ravi, "clip")
    assert verdict(platform, compilation) == "clear"
    platform.post("/events", {**registered("clip", clip), "type": "item.edited"})
    assert ContentFrame.objects.exists()
    assert verdict(platform, compilation) == "hold"


def test_a_video_that_cannot_be_read_is_held(platform: Caller, clip: bytes) -> None:
    assert verdict(platform, clip[: len(clip) // 2]) == "hold"


def test_a_video_is_screened_by_frames_that_the_platform_hashed(
    platform: Caller, desk: TestDesk, ravi: Person, clip: bytes, compilation: bytes
) -> None:
    platform.post("/events", registered("clip", clip))
    desk.report("clip", kind="video")
    desk.yes(ravi, "clip")
    found = fingerprint(compilation)
    frames = [
        {"pdq": one.pdq.hex(), "quality": one.quality, "at_seconds": one.at_seconds} for one in found.frames
    ]
    hashes = {"frames": frames[::-1], "duration_seconds": found.duration_seconds}
    assert platform.post("/screen", {"hashes": hashes}).json()["verdict"] == "hold"
    assert platform.post("/screen", {"batch": [hashes]}).status_code == 422
    event = registered("compilation", compilation)
    event["data"] |= {"media": None, "hashes": {**hashes, "sha256": found.sha256}}
    assert platform.post("/events", event).json()["wanted"] == "hidden"


def test_a_time_that_no_database_holds_is_cut_off(desk: TestDesk) -> None:
    frames = (Frame(bytes(32), 90, 0.0), Frame(bytes([7] * 32), 90, 1e12))
    desk.upload("long", prints=replace(prints("long"), frames=frames, duration_seconds=1e13))
    assert list(ContentFrame.objects.order_by("number").values_list("at_ms", "until_ms")) == [
        (0, 2**31 - 1),
        (2**31 - 1, 2**31 - 1),
    ]
