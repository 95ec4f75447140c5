"""The worker keeps what is owed, tries again what fails, and gives up what hangs."""

import logging
from datetime import timedelta

import pytest
from django.db import connection, transaction

from answerable import clock
from answerable.audit.models import AuditCheckpoint, AuditEntry
from answerable.db import triggers
from answerable.obligations import attempts, registry
from answerable.obligations.models import Obligation
from answerable.worker import crew, heartbeat, loop, place
from tests.support.desks import Desk
from tests.worker import handlers
from tests.worker.conftest import calls, owe_now, states, until, worker_thread


def kept(number: int) -> bool:
    return states() == ["kept"] * number


def test_what_is_owed_is_kept_and_proved(desk: Desk, working: object) -> None:
    owe_now("hide", *(f"item:{number}" for number in range(20)))
    until(lambda: kept(20), "all is kept")
    proofs = set(Obligation.objects.values_list("proof_entry_id", flat=True))
    assert proofs == set(AuditEntry.objects.filter(kind="obligation_kept").values_list("pk", flat=True))
    assert sorted(calls(desk)) == sorted(f"hide item:{number} 1" for number in range(20))


def test_what_was_owed_before_it_started_is_kept_too(desk: Desk) -> None:
    owe_now("hide", "item:1")
    with worker_thread():
        until(lambda: kept(1), "it is kept")


def test_audit_entries_get_their_place_and_a_signature(working: object) -> None:
    owe_now("hide", "item:1")
    until(lambda: kept(1), "it is kept")
    until(lambda: not AuditEntry.objects.filter(leaf_index=None).exists(), "every entry is placed")
    until(AuditCheckpoint.objects.exists, "the tree is signed")


def test_a_failed_attempt_is_tried_again_until_it_is_kept(desk: Desk, working: object) -> None:
    owe_now("fail_twice", "item:1")
    until(lambda: kept(1), "it is kept")
    row = Obligation.objects.get()
    assert (row.attempt, row.urgency) == (3, 2)
    assert row.last_error == "PlatformIsAway"
    assert calls(desk) == [f"fail_twice item:1 {attempt}" for attempt in (1, 2, 3)]


def test_a_hanging_handler_is_given_up_and_changes_nothing_later(
    desk: Desk, working: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "GRACE_SECONDS", 0.1)
    owe_now("hang_once", "item:1")
    until(lambda: kept(1), "another thread keeps it while the first hangs")
    row = Obligation.objects.get()
    assert row.attempt == 2
    assert row.last_error.startswith("HandlerTooSlow")
    handlers.HANG.set()
    entries = until(AuditEntry.objects.count, "entries")
    owe_now("hide", "item:2")
    until(lambda: kept(2), "the worker goes on")
    assert AuditEntry.objects.filter(kind="obligation_kept").count() == entries + 1 == 2


def test_hanging_handlers_leave_room_for_others(desk: Desk, working: object) -> None:
    owe_now("hang_once", *(f"item:{number}" for number in range(30)), platform="slow")
    rows = owe_now("hide", "item:99", platform="sample")
    until(lambda: Obligation.objects.get(pk=rows[0].pk).state == "kept", "the other platform is served")


def test_a_handler_that_keeps_nothing_has_failed(desk: Desk, working: object) -> None:
    owe_now("keep_nothing", "item:1")
    until(lambda: kept(1), "it is tried again")
    assert Obligation.objects.get().last_error.startswith("NothingKept")


def test_what_no_handler_knows_stays_owed_and_says_so(working: object) -> None:
    [row] = owe_now("dance", "item:1")
    until(lambda: Obligation.objects.get(pk=row.pk).attempt >= 2, "it is tried again")
    row.refresh_from_db()
    assert (row.state, row.last_error) == (
        "owed",
        "NoHandler: This version knows no obligation of kind 'dance'.",
    )


def test_no_persons_words_reach_the_row_or_the_log(
    working: object, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        [row] = owe_now("quote_a_person", "item:1")
        until(lambda: Obligation.objects.get(pk=row.pk).last_error, "it fails")
    assert Obligation.objects.get(pk=row.pk).last_error == "ValueError"


def test_it_says_that_it_is_alive_and_takes_the_sign_away(desk: Desk) -> None:
    assert not heartbeat.is_ready(desk.data)
    with worker_thread():
        until(lambda: heartbeat.is_ready(desk.data), "a sign of life")
        assert not heartbeat.is_ready(desk.data, within_seconds=-1)
    assert not heartbeat.is_ready(desk.data)


def test_it_forgets_the_leases_of_a_dead_worker(desk: Desk) -> None:
    owe_now("hide", "item:1")
    assert attempts.claim("dead", 1, clock.now())
    with worker_thread():
        until(lambda: kept(1), "it is kept before the lease runs out")
    assert Obligation.objects.get().closed_at < clock.now() + timedelta(seconds=10)
    assert calls(desk) == ["hide item:1 2"]


def test_beside_a_living_worker(desk: Desk, working: object) -> None:
    until(lambda: heartbeat.is_ready(desk.data), "the first one runs")
    owe_now("hang_once", "item:1")
    held = until(
        lambda: Obligation.objects.filter(lease_until__isnull=False).first() or kept(1), "it is in hand"
    )
    if connection.vendor == "sqlite":
        with pytest.raises(place.WorkerRunsAlready, match="process"), place.taken(desk.data):
            pytest.fail("two workers on one machine")
    else:
        with place.taken(desk.data) as cleared:
            assert cleared == 0, "the leases of a living worker stay"
    assert held


def test_it_does_not_serve_without_the_databases_own_refusals(desk: Desk) -> None:
    gone = next(one for one in triggers.statements(connection.vendor) if one.name)
    of = f' ON "{gone.table}"' if connection.vendor == "postgresql" else ""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'DROP TRIGGER "{gone.name}"{of}')
    with pytest.raises(triggers.TriggersMissing):
        loop.run(pytest.fail)  # type: ignore[arg-type]


def test_every_kind_of_these_tests_has_its_handler(desk: Desk) -> None:
    assert all(info.resolve() for info in registry.kinds().values())
