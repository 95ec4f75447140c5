"""Authorities' requests on the console: typed in, opened by an act that is logged, seen by who may answer them."""

from datetime import datetime
from typing import Any

import pytest

from answerable.audit.models import AuditEntry
from answerable.cases.models import AuthorityRequest, Item, Person
from tests.console.conftest import Photos, landscape, post, signed_in

pytestmark = pytest.mark.django_db


def typed(**facts: Any) -> dict[str, Any]:
    """The form as somebody fills it in."""
    return {
        "asks": "remove",
        "came": "mail",
        "received_at": "2026-12-01T08:55",
        "authority": "Police, unit 5",
        "country": "fr",
        "regime": "eu",
        "basis": "Regulation (EU) 2021/784, Art. 3",
        "contacts": "ames@police.example",
        "words": "Remove it within the hour.",
        "harm": "other_illegal",
        "age": "adult",
        "links": "http://127.0.0.1:8402/p/a1",
        **facts,
    }


def test_an_order_is_typed_in_and_stands_in_the_queue_of_who_answers(
    policy: None, photos: Photos, ravi: Person, petra: Person, now: datetime
) -> None:
    post(photos, "a1", landscape(), now)
    entering, answering = signed_in(ravi), signed_in(petra)
    assert "Enter it" in entering.get("/requests/new/").content.decode()
    missing = entering.post("/requests/new/", typed(authority="")).content.decode()
    assert "Write who says to be asking" in missing
    assert entering.post("/requests/new/", typed()).status_code == 302
    row = AuthorityRequest.objects.get()
    assert row.country == "FR"
    page = f"/requests/{row.pk}/"
    assert page in answering.get("/").content.decode()
    assert page not in entering.get("/").content.decode()
    shown = answering.get(page).content.decode()
    assert "Not verified" in shown
    assert "ames@police.example" not in shown
    opened = answering.post(page, {"action": "open"}).content.decode()
    assert "ames@police.example" in opened
    assert AuditEntry.objects.filter(kind="request_opened").count() == 1
    assert page in answering.get("/requests/").content.decode()
    assert Item.objects.get().wanted == "hidden"


def test_who_has_nothing_to_do_with_it_sees_nothing(policy: None, ravi: Person, rosa: Person) -> None:
    signed_in(ravi).post("/requests/new/", typed(links="", accounts="sample uri", asks="preserve"))
    row = AuthorityRequest.objects.get()
    assert signed_in(rosa).get(f"/requests/{row.pk}/").status_code == 403
    assert f"/requests/{row.pk}/" not in signed_in(rosa).get("/requests/").content.decode()
    assert signed_in(ravi).get(f"/requests/{row.pk}/").status_code == 200
    assert signed_in(ravi).get("/requests/777/").status_code == 404
