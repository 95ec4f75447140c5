"""`POST /api/v1/copies`: tools of the desk ask where else something is."""

import hashlib
from datetime import datetime

import pytest

from answerable.api.keys import KeyRefused, create_key
from answerable.audit.models import AuditEntry
from tests.api.conftest import Caller
from tests.api.pictures import inline, jpeg, picture
from tests.api.test_events_and_screening import registered

pytestmark = pytest.mark.django_db


@pytest.fixture
def tool(pack: None, now: datetime) -> Caller:
    """A tool of the desk."""
    return Caller(create_key("tool", ["copies:search"], now=now))


def test_a_file_finds_the_items_that_hold_it(platform: Caller, tool: Caller) -> None:
    data = jpeg(picture(1))
    for ref, held in (("a", data), ("b", jpeg(picture(2)))):
        platform.post("/events", registered(ref, held, url=f"https://sample.example/p/{ref}"))
    answer = tool.post("/copies", {"media": inline(data)})
    assert answer.status_code == 200, answer.content
    assert answer.json()["total"] == 1
    [copy] = answer.json()["copies"]
    assert (copy["platform"], copy["ref"], copy["kind"], copy["distance"]) == ("sample", "a", "exact", 0)
    by_hash = tool.post("/copies", {"hashes": {"sha256": hashlib.sha256(data).hexdigest()}})
    assert by_hash.json()["copies"] == [copy]
    assert [e.actor[:4] for e in AuditEntry.objects.filter(kind="searched")] == ["key:", "key:"]


def test_an_item_finds_its_copies_and_not_itself(platform: Caller, tool: Caller) -> None:
    for ref in ("a", "b"):
        platform.post("/events", registered(ref, jpeg(picture(1))))
    answer = tool.post("/copies", {"item": {"platform": "sample", "ref": "a"}}).json()
    assert [copy["ref"] for copy in answer["copies"]] == ["b"]


def test_an_unknown_item_and_an_empty_question_are_refused(tool: Caller) -> None:
    assert tool.post("/copies", {"item": {"platform": "sample", "ref": "z"}}).status_code == 404
    assert tool.post("/copies", {}).status_code == 422
    weak = {"hashes": {"pdq": "00" * 32, "pdq_quality": 10}}
    assert tool.post("/copies", weak).status_code == 422


def test_who_uploads_can_not_search_for_copies(platform: Caller, now: datetime) -> None:
    assert platform.post("/copies", {"hashes": {"sha256": "0" * 64}}).status_code == 403
    with pytest.raises(KeyRefused):
        create_key("both", ["screen", "copies:search"], now=now)


def test_a_key_of_one_platform_is_told_of_that_platform_only(platform: Caller, now: datetime) -> None:
    platform.post("/events", registered("a", jpeg(picture(1))))
    other = Caller(create_key("other", ["copies:search"], now=now, platform="elsewhere"))
    digest = hashlib.sha256(jpeg(picture(1))).hexdigest()
    assert other.post("/copies", {"hashes": {"sha256": digest}}).json() == {"total": 0, "copies": []}
    assert other.post("/copies", {"item": {"platform": "sample", "ref": "a"}}).status_code == 403
