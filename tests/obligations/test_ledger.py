"""Owing, keeping, releasing: one row for each thing owed, its time never later than promised."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from answerable.obligations import InCase, Owed, keep, keep_all, owe, owe_in_cases, release, release_all
from answerable.obligations.models import Obligation
from answerable.policy.words import By

NO_ZONE = datetime(2026, 1, 1)  # noqa: DTZ001  the fault under test
pytestmark = pytest.mark.django_db


def hide(now: datetime, **changes: object) -> Owed:
    owed = Owed(
        kind="hide", subject="item:42", by=By.WORKER, due_at=now + timedelta(seconds=60), platform="sample"
    )
    return replace(owed, **changes)


def test_what_is_owed_is_written_with_all_that_was_said(now: datetime) -> None:
    [row] = owe(
        [hide(now, regime="us", params={"why": "report"})],
        now=now,
        cause="report:7",
        case_id=3,
        pack_digest="d",
    )
    row.refresh_from_db()
    assert (row.kind, row.subject, row.by, row.state) == ("hide", "item:42", "worker", "owed")
    assert (row.cause, row.case_id, row.pack_digest, row.regime) == ("report:7", 3, "d", "us")
    assert row.params == {"why": "report"}
    assert (row.owed_at, row.due_at, row.next_attempt_at) == (now, now + timedelta(seconds=60), now)
    assert row.urgency == 0
    assert row.closed_at is None


def test_many_things_are_owed_with_one_statement(now: datetime) -> None:
    items = [hide(now, subject=f"item:{number}") for number in range(1, 300)]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        rows = owe_in_cases([InCase(item, None, "") for item in items], now=now, cause="report:7")
    assert [row.subject for row in rows] == [item.subject for item in items]
    assert [row.pk for row in rows] == [row.pk for row in owe(items, now=now, cause="report:7")]
    writes = [q["sql"] for q in queries if not q["sql"].startswith("NOTIFY")]
    assert len(writes) == 1


def test_a_second_cause_keeps_the_earlier_due_time_and_wakes_it_up(now: datetime) -> None:
    [first] = owe([hide(now)], now=now, cause="report:7")
    with transaction.atomic():
        Obligation.objects.filter(pk=first.pk).update(
            attempt=3, urgency=2, next_attempt_at=now + timedelta(minutes=5)
        )
    later = now + timedelta(seconds=30)
    [again] = owe([hide(later)], now=later, cause="report:8")
    assert again.pk == first.pk
    assert again.due_at == first.due_at
    assert again.next_attempt_at == later
    assert again.urgency == 2, "a retry stays a retry"
    assert again.cause == "report:7"
    assert Obligation.objects.count() == 1


def test_a_second_cause_may_make_it_due_earlier(now: datetime) -> None:
    owe([hide(now, due_at=now + timedelta(hours=1))], now=now, cause="report:7")
    [row] = owe([hide(now)], now=now, cause="report:8")
    assert row.due_at == now + timedelta(seconds=60)


def test_without_a_wait_of_its_own_a_second_cause_ends_the_wait(now: datetime) -> None:
    wait = now + timedelta(days=2)
    [row] = owe([hide(now, kind="remove", not_before=wait)], now=now, cause="report:7")
    assert row.next_attempt_at == wait
    [row] = owe([hide(now, kind="remove")], now=now, cause="review:1")
    assert (row.not_before, row.next_attempt_at) == (None, now)
    [row] = owe([hide(now, kind="remove", not_before=wait)], now=now, cause="report:8")
    assert (row.not_before, row.next_attempt_at) == (None, now)


def test_the_same_twice_in_one_call_is_one_row_with_the_stricter_times(now: datetime) -> None:
    soon = hide(now, due_at=now + timedelta(seconds=5), not_before=now + timedelta(seconds=2))
    [row] = owe([hide(now), soon, hide(now)], now=now, cause="report:7")
    assert row.due_at == now + timedelta(seconds=5)
    assert row.not_before is None


def test_kept_by_its_due_time_is_kept_and_a_microsecond_after_is_late(now: datetime) -> None:
    rows = owe([hide(now), hide(now, subject="item:43")], now=now, cause="report:7")
    due = rows[0].due_at
    assert keep(rows[0], now=due, proof_entry_id=9, reference="case 12")
    assert keep(rows[1].pk, now=due + timedelta(microseconds=1), proof_entry_id=10)
    states = Obligation.objects.order_by("pk").values_list(
        "state", "proof_entry_id", "reference", "closed_at"
    )
    assert list(states) == [
        ("kept", 9, "case 12", due),
        ("kept_late", 10, "", due + timedelta(microseconds=1)),
    ]


def test_what_is_closed_stays_as_it_is(now: datetime) -> None:
    [row] = owe([hide(now)], now=now, cause="report:7")
    assert release(row, "superseded", now)
    assert not keep(row, now=now, proof_entry_id=1)
    assert not release(row, "duplicate", now)
    row.refresh_from_db()
    assert (row.state, row.reason, row.proof_entry_id) == ("released", "superseded", None)


def test_after_closing_the_same_can_be_owed_anew(now: datetime) -> None:
    [first] = owe([hide(now)], now=now, cause="report:7")
    keep(first, now=now, proof_entry_id=1)
    [second] = owe([hide(now)], now=now, cause="report:8")
    assert second.pk != first.pk


def test_all_kinds_of_one_subject_close_together(now: datetime) -> None:
    owe(
        [hide(now), hide(now, kind="limit"), hide(now, kind="restore"), hide(now, subject="item:43")],
        now=now,
        cause="report:7",
    )
    assert keep_all(["hide", "limit"], "item:42", now=now, proof_entry_id=5) == 2
    assert release_all("restore", "item:42", "superseded", now) == 1
    assert list(Obligation.objects.filter(state="owed").values_list("subject", flat=True)) == ["item:43"]


def test_a_release_without_a_reason_is_refused(now: datetime) -> None:
    [row] = owe([hide(now)], now=now, cause="report:7")
    with pytest.raises(ValueError, match="Say why"):
        release(row, " ", now)


@pytest.mark.parametrize("changes", [{"kind": ""}, {"subject": "42"}, {"due_at": NO_ZONE}])
def test_a_thing_owed_to_nobody_or_at_no_known_time_is_refused(
    now: datetime, changes: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=r"obligation|time zone"):
        hide(now, **changes)


def test_owing_nothing_is_no_statement(now: datetime) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert owe([], now=now, cause="report:7") == []
    assert len(queries) == 0
