"""An authority's request (rule 23): at once it keeps, hides, calls people; more after two verified it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.inputs import Link, NotFound, Refused
from answerable.cases.models import AuthorityRequest, EvidenceHold, Person, Report
from answerable.cases.queries import evidence, requests
from answerable.cases.request_inputs import Asks, Came, RequestIn
from answerable.cases.rules import requests as rules
from answerable.obligations.models import Obligation
from answerable.policy.words import Age
from tests.cases.desk import TestDesk

MAIL = "ames@police.example"


def link(ref: str) -> Link:
    return Link(f"http://127.0.0.1:8402/p/{ref}", "sample", ref)


def ask(desk: TestDesk, person: Person, asks: Asks, *refs: str, **facts: Any) -> AuthorityRequest:
    """Agent Ames's mail, typed in."""
    said: dict[str, Any] = {
        "asks": asks,
        "came": Came.MAIL,
        "received_at": desk.clock.now - timedelta(minutes=5),
        "regime": "us",
        "harm": "other_illegal",
        "authority": "Police, unit 5",
        "country": "us",
        "basis": "18 USC 2703(f)",
        "contacts": f"{MAIL}\n+1 (202) 555-0143",
        "words": "Please keep it.",
        "links": tuple(link(ref) for ref in refs),
        **facts,
    }
    number = commands.receive_request(RequestIn(**said), person_id=person.pk, now=desk.clock.now)
    return AuthorityRequest.objects.get(pk=number)


def test_everything_is_kept_from_the_receipt_on_and_nothing_is_hidden(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    row = ask(desk, ravi, Asks.PRESERVE, "a")
    item = desk.item("a")
    assert item.wanted == "visible"
    assert evidence.holds([item.case_id or 0], desk.clock.now).count() == 1
    hold = EvidenceHold.objects.get()
    assert hold.until == row.received_at + timedelta(days=90)
    assert desk.owed("a") == {"freeze"}
    assert {"check_request", "answer_request"} <= desk.owed()
    assert not Report.objects.exists()
    later = ask(desk, ravi, Asks.EXTEND, earlier_id=row.pk)
    assert later.holds.get().hold.until == hold.until + timedelta(days=90)


def test_an_order_to_remove_hides_at_once_and_is_due_in_its_hour(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    row = ask(desk, ravi, Asks.REMOVE, "a", regime="eu", age=Age.ADULT)
    assert desk.wanted("a") == "hidden"
    assert row.due_at == row.received_at + timedelta(hours=1)
    assert Obligation.objects.get(kind="answer_request").due_at == row.due_at
    assert Obligation.objects.get(kind="check_request").due_at == row.received_at + timedelta(minutes=30)
    assert Obligation.objects.filter(kind="page_people", subject=f"authority_request:{row.pk}").exists()
    assert Report.objects.get().relation == "authority"
    assert not Report.objects.get().verified
    assert list(row.named.values_list("item__ref", flat=True)) == ["a"]
    assert EvidenceHold.objects.get().until is None


def test_its_time_counts_from_the_report_by_which_it_came(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    filed = desk.report("a", relation="authority")
    desk.clock.pass_(minutes=50)
    row = ask(desk, ravi, Asks.REMOVE, regime="eu", report_id=filed.report_id, received_at=desk.clock.now)
    assert row.due_at == row.received_at + timedelta(hours=1) == desk.clock.now + timedelta(minutes=10)
    assert list(row.named.values_list("item__ref", flat=True)) == ["a"]
    assert Report.objects.count() == 1


def test_what_names_nothing_known_is_kept_all_the_same(desk: TestDesk, ravi: Person) -> None:
    row = ask(
        desk, ravi, Asks.PRESERVE, links=(Link("https://elsewhere.example/x"),), accounts=(("sample", "uri"),)
    )
    assert row.case is not None
    assert row.accounts.get().account.ref == "uri"
    assert requests.open_text(row.words)["links"] == ["https://elsewhere.example/x"]


def test_its_words_are_sealed_and_the_log_has_a_digest(desk: TestDesk, ravi: Person) -> None:
    row = ask(desk, ravi, Asks.DISCLOSE)
    assert row.words is not None
    assert b"ames" not in bytes(row.words.ciphertext)
    entry = AuditEntry.objects.get(kind="request_received")
    assert row.digest in str(entry.event)
    assert "ames" not in str(entry.event).lower()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"country": "usa"}, "two letters"),
        ({"regime": "mars"}, "knows no regime"),
        ({"harm": "nothing"}, "no harm"),
        ({"basis": " "}, "the law that they name"),
        ({"words": "x" * 20_001}, "too long"),
        ({"report_id": 77}, "no report 77"),
        ({"case_id": 77}, "no case 77"),
        ({"earlier_id": 77}, "no request 77"),
    ],
)
def test_what_it_lacks_is_said(desk: TestDesk, ravi: Person, facts: Any, said: str) -> None:
    with pytest.raises((Refused, NotFound), match=said):
        ask(desk, ravi, Asks.DISCLOSE, **facts)
    assert not AuthorityRequest.objects.exists()


def test_it_is_neither_of_the_future_nor_without_what_it_extends(desk: TestDesk, ravi: Person) -> None:
    with pytest.raises(Refused, match="future"):
        ask(desk, ravi, Asks.PRESERVE, received_at=desk.clock.now + timedelta(minutes=1))
    with pytest.raises(Refused, match="which earlier"):
        ask(desk, ravi, Asks.LIFT)


def test_the_database_refuses_what_two_people_did_not_verify(desk: TestDesk, ravi: Person) -> None:
    row = ask(desk, ravi, Asks.SILENCE)
    with pytest.raises(DatabaseError, match="two different people"), transaction.atomic():
        AuthorityRequest.objects.filter(pk=row.pk).update(verified_at=desk.clock.now)
    with pytest.raises(DatabaseError, match="two different people"), transaction.atomic():
        row.silences.create(
            placed_at=desk.clock.now, placed_by=ravi, until=desk.clock.now + timedelta(days=1), ground="x"
        )
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        AuthorityRequest.objects.filter(pk=row.pk).update(due_at=desk.clock.now)


@pytest.mark.parametrize(
    ("contact", "inside"),
    [
        ("AMES@police.example ", True),
        ("mailto:ames@police.example", True),
        ("202-555-0143", True),
        ("0012025550143", True),
        ("+1 202 555 0144", False),
        ("desk@police.example", False),
    ],
)
def test_a_contact_of_the_request_is_known_however_it_is_written(contact: str, inside: bool) -> None:
    assert rules.stands_in(contact, [f"Write to {MAIL} or call +1 (202) 555-0143."]) is inside


def test_nothing_but_keeping_hiding_and_calling_is_done_before_two() -> None:
    for asks in Asks:
        for verified_by in (0, 1):
            standing = rules.Standing(asks, verified_by, closed=False)
            assert {effect for effect in rules.Effect if rules.may(effect, standing)} == rules.AT_ONCE
        closed = rules.Standing(asks, 2, closed=True)
        assert not any(rules.may(effect, closed) for effect in rules.Effect)
        assert replace(closed, closed=False).verified_by == 2
