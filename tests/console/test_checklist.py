"""The checklist for going live on its page: administrators alone see it, and state what no code can check."""

from datetime import datetime

import pytest

from answerable.audit.models import AuditEntry
from answerable.cases.models import Person
from answerable.checklist.models import Confirmation
from tests.console.conftest import signed_in

pytestmark = pytest.mark.django_db


def test_an_administrator_states_a_line_and_takes_it_back(policy: None, petra: Person) -> None:
    client = signed_in(petra)
    page = client.get("/checklist/").content.decode()
    assert "Counsel has read this policy pack" in page
    assert "Going live" in client.get("/").content.decode()
    assert "Write a note" in client.post("/checklist/", {"line": "counsel", "note": " "}).content.decode()
    stated = client.post("/checklist/", {"line": "counsel", "note": "file 7"}, follow=True).content.decode()
    assert "Petra, 1 Dec 09:00: file 7" in stated
    assert Confirmation.objects.get().line == "counsel"
    taken = {"line": "counsel", "action": "take_back"}
    assert "file 7" not in client.post("/checklist/", taken, follow=True).content.decode()
    kinds = AuditEntry.objects.filter(kind__startswith="checklist_").order_by("pk")
    assert [entry.kind for entry in kinds] == ["checklist_confirmed", "checklist_taken_back"]


def test_what_the_desk_sees_by_itself_is_not_stated(policy: None, petra: Person) -> None:
    client = signed_in(petra)
    answer = client.post("/checklist/", {"line": "staff", "note": "enough"})
    assert "the desk sees it by itself" in answer.content.decode()
    assert "There is no such line." in client.post("/checklist/", {"line": "x", "note": "y"}).content.decode()
    assert not Confirmation.objects.exists()


def test_nobody_else_sees_or_states_anything(policy: None, ravi: Person, now: datetime) -> None:
    client = signed_in(ravi)
    assert "Going live" not in client.get("/").content.decode()
    assert client.get("/checklist/").status_code == 403
    assert client.post("/checklist/", {"line": "counsel", "note": "read"}).status_code == 403
    assert not Confirmation.objects.exists()
