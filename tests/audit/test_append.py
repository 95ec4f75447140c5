"""Writing entries: inside the caller's transaction only, of known kinds only, holding no words of people."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import transaction

from answerable import audit
from answerable.audit.errors import BadEvent, NotInTransaction, UnknownKind
from answerable.audit.kinds import KINDS
from answerable.audit.log import MAX_EVENT_BYTES, event_of
from answerable.audit.models import AuditEntry
from tests.audit.conftest import Write
from tests.support.desks import Desk

SEALED = {
    "report_received",
    "request_received",
    "answer_received",
    "complaint_received",
    "appeal_received",
    "message_sent",
    "evidence_captured",
    "hidden_captured",
}


def test_an_entry_commits_to_its_event_under_a_salt_of_its_own(write: Write) -> None:
    first, second = write(report=7), write(report=7)
    assert first.salt != second.salt
    assert first.commitment != second.commitment
    assert first.event == '{"report":7}'
    assert event_of(first) == {"report": 7}
    assert first.commitment == hashlib.sha256(bytes(first.salt) + b'{"report":7}').hexdigest()


def test_an_entry_reads_back_as_it_was_written(write: Write) -> None:
    entry = write(case_id=3)
    assert AuditEntry.objects.get(pk=entry.pk).skeleton() == entry.skeleton()
    assert entry.skeleton()["at"] == "2026-12-01T09:00:00.000000Z"
    assert entry.leaf_index is None


@pytest.mark.django_db
def test_the_time_of_an_entry_is_utc_whatever_zone_it_came_in() -> None:
    paris = datetime(2026, 12, 1, 10, 0, 0, 5, tzinfo=timezone(timedelta(hours=1)))
    with transaction.atomic():
        entry = audit.append("signed_in", actor="person:3", now=paris, event={})
    assert entry.skeleton()["at"] == "2026-12-01T09:00:00.000005Z"


def test_an_entry_outside_a_transaction_is_an_error(fresh_database: Desk, now: datetime) -> None:
    with pytest.raises(NotInTransaction):
        audit.append("signed_in", actor="person:3", now=now, event={})
    assert not AuditEntry.objects.exists()


def test_an_entry_goes_when_its_change_is_rolled_back(fresh_database: Desk, now: datetime) -> None:
    with transaction.atomic():
        audit.append("signed_in", actor="person:3", now=now, event={})
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()


def test_an_unknown_kind_is_an_error(write: Write) -> None:
    with pytest.raises(UnknownKind, match="dismissed"):
        write("dismissed")


@pytest.mark.parametrize(
    "event",
    [
        {"score": 0.5},
        {"when": datetime(2026, 12, 1, tzinfo=UTC)},
        {"bytes": b"\x00"},
        {"é": 1},
        {"half": "\ud800"},
        {"large": 2**53},
        {"set": {1}},
    ],
)
def test_an_event_of_anything_else_than_plain_values_is_refused(write: Write, event: dict[str, Any]) -> None:
    with pytest.raises(BadEvent):
        write(**event)


def test_an_event_is_short(write: Write) -> None:
    with pytest.raises(BadEvent, match="longer"):
        write(digest="a" * MAX_EVENT_BYTES)


def test_an_event_may_hold_any_character_even_the_first(write: Write) -> None:
    entry = write(text="\x00é\U0001f600")
    assert event_of(AuditEntry.objects.get(pk=entry.pk)) == {"text": "\x00é\U0001f600"}


@pytest.mark.django_db
@pytest.mark.parametrize("actor", ["", "two words", "a" * 81, "Zoé", "line\n"])
def test_an_actor_is_a_pseudonym(actor: str, now: datetime) -> None:
    with pytest.raises(ValueError, match="actor"), transaction.atomic():
        audit.append("signed_in", actor=actor, now=now, event={})


@pytest.mark.django_db
def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"), transaction.atomic():
        audit.append("signed_in", actor="person:3", now=datetime(2026, 12, 1), event={})  # noqa: DTZ001


def test_only_what_people_sent_or_were_sent_can_be_erased() -> None:
    assert {name for name, kind in KINDS.items() if kind.sealed} == SEALED


def test_looks_and_decisions_can_never_be_erased() -> None:
    for name in (
        "looked_at",
        "revealed",
        "text_opened",
        "searched",
        "review_made",
        "decision_made",
        "decision_overturned",
        "forgotten",
    ):
        assert not KINDS[name].sealed
