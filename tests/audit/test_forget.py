"""What may be forgotten is, leaving a whole log; what may not stays, whoever asks."""

from datetime import datetime

import pytest

from answerable.audit.check import check
from answerable.audit.errors import NoSuchEntry, NotForgettable
from answerable.audit.forget import AT_ONCE, forget
from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.audit.sequencer import sequence
from tests.audit.conftest import Write


@pytest.mark.parametrize("placed_before", [True, False])
def test_a_forgotten_entry_leaves_a_log_that_verifies(
    write: Write, now: datetime, placed_before: bool
) -> None:
    entries = [write(report=number) for number in range(5)]
    if placed_before:
        sequence()
    record = forget([entries[1].pk, entries[3].pk], actor="worker", now=now)
    sequence()
    assert record is not None
    assert event_of(record) == {
        "entries": [entries[1].pk, entries[3].pk],
        "reason": "schedule",
        "second_actor": None,
    }
    erased = AuditEntry.objects.filter(event__isnull=True, salt__isnull=True)
    assert set(erased.values_list("pk", flat=True)) == {entries[1].pk, entries[3].pk}
    assert check() == []


@pytest.mark.parametrize("kind", ["looked_at", "revealed", "text_opened", "review_made", "decision_made"])
def test_a_look_or_a_decision_cannot_be_forgotten(write: Write, now: datetime, kind: str) -> None:
    sealed, whole = write(report=1), write(kind, item=1)
    with pytest.raises(NotForgettable, match=kind):
        forget([sealed.pk, whole.pk], actor="worker", now=now)
    assert AuditEntry.objects.filter(event__isnull=True).count() == 0


def test_forgetting_cannot_be_forgotten(write: Write, now: datetime) -> None:
    record = forget([write().pk], actor="worker", now=now)
    assert record is not None
    with pytest.raises(NotForgettable, match="forgotten"):
        forget([record.pk], actor="worker", now=now)


@pytest.mark.parametrize("second", ["", "person:1"])
def test_forgetting_outside_the_schedule_takes_two_people(write: Write, now: datetime, second: str) -> None:
    entry = write()
    with pytest.raises(NotForgettable, match="two people"):
        forget([entry.pk], actor="person:1", second_actor=second, now=now, reason="court_order")
    assert AuditEntry.objects.get(pk=entry.pk).event is not None


def test_two_people_can_forget_with_a_reason(write: Write, now: datetime) -> None:
    record = forget([write().pk], actor="person:1", second_actor="person:2", now=now, reason="reporter_asked")
    assert record is not None
    assert '"reason":"reporter_asked","second_actor":"person:2"' in (record.event or "")


def test_forgetting_without_a_reason_is_refused(write: Write, now: datetime) -> None:
    with pytest.raises(NotForgettable, match="reason"):
        forget([write().pk], actor="person:1", second_actor="person:2", now=now, reason="")


def test_forgetting_twice_records_once(write: Write, now: datetime) -> None:
    entry = write()
    assert forget([entry.pk], actor="worker", now=now) is not None
    assert forget([entry.pk], actor="worker", now=now) is None
    assert forget([], actor="worker", now=now) is None
    assert AuditEntry.objects.filter(kind="forgotten").count() == 1


def test_an_entry_that_is_not_there_is_named_and_nothing_is_erased(write: Write, now: datetime) -> None:
    entry = write()
    with pytest.raises(NoSuchEntry, match="999999"):
        forget([entry.pk, 999999], actor="worker", now=now)
    assert AuditEntry.objects.get(pk=entry.pk).event is not None


@pytest.mark.django_db
def test_forgetting_goes_in_bounded_steps(now: datetime) -> None:
    with pytest.raises(NotForgettable, match=str(AT_ONCE)):
        forget(range(AT_ONCE + 1), actor="worker", now=now)
