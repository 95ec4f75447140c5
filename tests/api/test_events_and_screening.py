"""What a platform tells and asks: uploads, views, verdicts."""

import base64
import hashlib
from datetime import datetime
from typing import Any

import pytest
from PIL import Image

from answerable.api.keys import KeyRefused, create_key, revoke_key
from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.list_inputs import EntryIn, ListPageIn
from answerable.cases.models import Item, Person, ViewSample
from answerable.media import fingerprint
from answerable.obligations.models import Obligation
from tests.api.conftest import Caller
from tests.api.pictures import inline, jpeg, picture
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db
TIME = "2026-12-01T09:00:00+00:00"


def registered(ref: str, data: bytes, **more: Any) -> dict[str, Any]:
    """An event about an upload."""
    about = {"ref": ref, "kind": "image", "account": "uri", "media": inline(data), **more}
    return {"type": "item.registered", "timestamp": TIME, "data": about}


def test_an_upload_is_known_by_its_fingerprints_and_its_bytes_are_not_kept(platform: Caller) -> None:
    response = platform.post("/events", registered("a", jpeg(picture(1))))
    assert response.status_code == 200, response.content
    item = Item.objects.select_related("content", "account").get(ref="a")
    assert item.content is not None
    assert item.content.pdq is not None
    assert item.account is not None
    assert not Obligation.objects.exists()
    assert not AuditEntry.objects.filter(kind__startswith="item").exists()


def test_the_same_event_twice_is_taken_once(platform: Caller) -> None:
    event = registered("a", jpeg(picture(1)))
    key = {"Idempotency-Key": "event-1"}
    assert platform.post("/events", event, **key).status_code == 200
    assert platform.post("/events", event, **key).status_code == 200
    other = platform.post("/events", registered("b", jpeg(picture(2))), **key)
    assert other.status_code == 409
    assert Item.objects.count() == 1


def test_views_are_counted_and_sampled_from_the_first_notice_on(platform: Caller, desk: TestDesk) -> None:
    platform.post("/events", registered("a", jpeg(picture(1)), views=40))
    viewed = {"type": "item.viewed", "timestamp": TIME, "data": {"items": [{"ref": "a", "views": 50}]}}
    assert platform.post("/events", viewed).json() == {"taken": 1, "unknown": 0, "wanted": None}
    assert not ViewSample.objects.exists()
    desk.report("a")
    viewed["data"] = {"items": [{"ref": "a", "views": 60}, {"ref": "nowhere", "views": 1}]}
    assert platform.post("/events", viewed).json() == {"taken": 1, "unknown": 1, "wanted": None}
    item = Item.objects.get(ref="a")
    assert (item.views_at_first_notice, item.views) == (50, 60)
    assert list(ViewSample.objects.order_by("pk").values_list("views", flat=True)) == [50, 60]


def test_a_file_hidden_undecided_is_held_and_a_confirmed_one_blocked(
    platform: Caller, desk: TestDesk, ravi: Person
) -> None:
    image = picture(1)
    data = jpeg(image)
    resized = jpeg(image.resize((200, 150)), 60)
    platform.post("/events", registered("a", data))
    ask = {"account": "stranger", "media": inline(data)}
    assert platform.post("/screen", ask).json()["verdict"] == "clear"
    desk.report("a")
    assert platform.post("/screen", ask).json()["verdict"] == "hold"
    desk.yes(ravi, "a")
    answer = platform.post("/screen", ask).json()
    assert answer["verdict"] == "block"
    assert answer["match"] is None
    near = {"account": "stranger", "media": inline(resized)}
    assert platform.post("/screen", near).json()["verdict"] == "hold"
    other = {"account": "stranger", "media": inline(jpeg(picture(2)))}
    assert platform.post("/screen", other).json()["verdict"] == "clear"
    kinds = set(AuditEntry.objects.filter(kind__startswith="screened").values_list("kind", flat=True))
    assert kinds == {"screened_hold", "screened_block"}


def test_a_turned_picture_is_held_by_its_bytes_and_by_all_its_hashes(
    platform: Caller, desk: TestDesk, ravi: Person
) -> None:
    image = picture(1)
    platform.post("/events", registered("a", jpeg(image)))
    desk.report("a")
    desk.yes(ravi, "a")
    mirrored = jpeg(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert platform.post("/screen", {"media": inline(mirrored)}).json()["verdict"] == "hold"
    prints = fingerprint(mirrored)
    first, *others = [turn.hex() for turn in prints.pdq_dihedral]
    asked = {"pdq": first, "pdq_turns": others}
    assert platform.post("/screen", {"hashes": asked}).json()["verdict"] == "hold"
    assert platform.post("/screen", {"hashes": {**asked, "pdq_turns": others[:3]}}).status_code == 422


def test_a_near_copy_uploaded_later_is_hidden_and_looked_at(
    platform: Caller, desk: TestDesk, ravi: Person
) -> None:
    image = picture(1)
    platform.post("/events", registered("a", jpeg(image)))
    desk.report("a")
    desk.yes(ravi, "a")
    answer = platform.post("/events", registered("near", jpeg(image.resize((200, 150)), 60), account="other"))
    assert answer.json()["wanted"] == "hidden"
    assert {"look", "find_copies"} <= desk.owed("near")


def test_a_batch_of_hashes_is_answered_in_order(platform: Caller, desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    content = desk.item("a").content
    assert content is not None
    batch = [{"sha256": "0" * 64}, {"sha256": content.sha256}, {"pdq": "f" * 64}]
    results = platform.post("/screen", {"batch": batch}).json()["results"]
    assert [one["verdict"] for one in results] == ["clear", "block", "clear"]


def test_a_file_that_is_no_image_is_registered_and_never_breaks_anything(platform: Caller) -> None:
    for ref, data in {"text": b"not an image", "cut": jpeg(picture(3))[:700], "empty": b""}.items():
        assert platform.post("/events", registered(ref, data)).status_code == 200
    assert Item.objects.count() == 3


def test_no_key_may_screen_and_read_matches(db: None, now: datetime) -> None:
    with pytest.raises(KeyRefused, match="climb"):
        create_key("greedy", ["screen", "matches:read"], now=now)
    with pytest.raises(KeyRefused, match="platform"):
        create_key("lost", ["events:write"], now=now)


@pytest.mark.parametrize("path", ["/events", "/screen", "/reports"])
def test_without_a_key_nothing_is_taken(max_: Caller, path: str) -> None:
    response = max_.post(path, {})
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"


def test_a_key_of_no_platform_has_nothing_fetched(pack: None, now: datetime) -> None:
    tool = Caller(create_key("tool", ["screen"], now=now))
    answer = tool.post("/screen", {"media": {"url": "http://localhost:8402/media/1"}})
    assert answer.status_code == 403
    assert "send the bytes" in answer.json()["detail"]


def test_a_revoked_key_ends_at_once(platform: Caller, now: datetime) -> None:
    revoke_key("sample", now=now)
    assert platform.post("/screen", {"hashes": {"sha256": "0" * 64}}).status_code == 401


def test_a_scope_is_not_more_than_it_says(button: Caller) -> None:
    assert button.post("/screen", {"hashes": {"sha256": "0" * 64}}).status_code == 403


@pytest.mark.parametrize(
    "body", ["{", "[]", "null", '{"type": "item.unknown"}', '{"type": "item.viewed"}', b"\xff\xfe"]
)
def test_what_does_not_fit_is_a_problem_with_what_to_do(platform: Caller, body: str | bytes) -> None:
    response = platform.post("/events", body)
    assert response.status_code in (400, 422)
    assert response.json()["detail"]


@pytest.mark.parametrize("said", [{"held": True}, {"screened": "hold"}])
def test_an_upload_that_the_platform_keeps_back_gets_a_persons_look(
    platform: Caller, desk: TestDesk, said: dict[str, Any]
) -> None:
    answer = platform.post("/events", registered("a", jpeg(picture(1)), **said))
    assert answer.json()["wanted"] == "hidden"
    assert {"hide", "look"} <= desk.owed("a")
    assert Item.objects.get(ref="a").wanted_why == "platform"


def test_an_edit_that_gives_its_media_by_address_has_them_fetched(platform: Caller, desk: TestDesk) -> None:
    platform.post("/events", registered("a", jpeg(picture(1))))
    edited = registered("a", b"")
    edited["type"] = "item.edited"
    edited["data"]["media"] = {"url": "https://media.example/a.jpg"}
    assert platform.post("/events", edited).status_code == 200
    assert desk.owed("a") == {"fetch_item"}


def test_an_edit_that_names_no_kind_makes_nothing_an_image(platform: Caller) -> None:
    words = {"inline": base64.b64encode(b"Words.").decode(), "media_type": "text/plain"}
    made = {
        "type": "item.registered",
        "timestamp": "2026-12-01T09:00:00Z",
        "data": {"ref": "t", "kind": "text"},
    }
    assert platform.post("/events", made).status_code == 200
    edited = {
        **made,
        "type": "item.edited",
        "data": {"ref": "t", "url": "https://photos.example/p/t", "media": words},
    }
    assert platform.post("/events", edited).status_code == 200
    assert Item.objects.get(ref="t").kind == "text"


def test_an_upload_that_a_list_of_others_holds_is_looked_at_under_its_harm(
    platform: Caller, desk: TestDesk
) -> None:
    data = jpeg(picture(1))
    entry = EntryIn("1", (("md5", hashlib.md5(data).digest()),), label="Active")
    commands.make_list("stopncii", source="stopncii", now=desk.clock.now)
    commands.store_page("stopncii", ListPageIn((entry,), {}, {"at": 1}, is_last=True), now=desk.clock.now)
    platform.post("/events", registered("a", data))
    item = Item.objects.select_related("case").get(ref="a")
    assert item.case is not None
    assert (item.wanted, item.wanted_why, item.case.harm) == ("hidden", "list", "ncii")
