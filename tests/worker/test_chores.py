"""The worker's chores: a fault in one delays it alone; texts are erased; SQLite's log stays short."""

import itertools
import json
import os
from datetime import timedelta

import pytest
from django.db import connection, transaction

from answerable import audit, clock
from answerable.audit.models import AuditEntry
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.policy import load_named, store
from answerable.worker import chores
from answerable.worker.chores import Chore
from tests.support.desks import Desk


@pytest.fixture
def clock_hand(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock of chores, moved by hand."""
    at = [1000.0]
    monkeypatch.setattr(chores.time, "monotonic", lambda: at[0])
    return at


def test_a_chore_waits_for_its_time(clock_hand: list[float]) -> None:
    done: list[float] = []
    chore = Chore("sweep", lambda: done.append(clock_hand[0]), 5.0)
    for _ in range(11):
        chore.turn()
        clock_hand[0] += 1
    assert done == [1000.0, 1005.0, 1010.0]


def test_a_fault_is_logged_and_delays_only_that_chore(fresh_database: Desk, clock_hand: list[float]) -> None:
    tried: list[float] = []

    def fail() -> None:
        tried.append(clock_hand[0])
        raise ZeroDivisionError

    chore = Chore("sweep", fail, 1.0)
    for _ in range(200):
        chore.turn()
        clock_hand[0] += 1
    assert tried[:5] == [1000.0, 1002.0, 1006.0, 1014.0, 1030.0]
    assert max(b - a for a, b in itertools.pairwise(tried)) <= 60.0


def test_texts_past_their_time_are_erased_with_an_entry(fresh_database: Desk) -> None:
    old = personal.seal("statement", "words", clock.now() - timedelta(seconds=1))
    new = personal.seal("statement", "words", clock.now() + timedelta(days=1))
    forever = personal.seal("statement", "words")
    with transaction.atomic():
        for text in (old, new, forever):
            text.save()
    number = old.pk
    chores.erase()
    chores.erase()
    assert list(PersonalText.objects.values_list("pk", flat=True).order_by("pk")) == [new.pk, forever.pk]
    [entry] = AuditEntry.objects.filter(kind="text_erased")
    assert json.loads(entry.event) == {"ground": "schedule", "texts": [number]}


def test_sealed_parts_of_the_log_are_forgotten_once_they_are_past_their_time(fresh_database: Desk) -> None:
    now = clock.now()
    kept_for = load_named("baseline").erases["log"]
    written = []
    with transaction.atomic():
        store.activate(load_named("baseline"), now)
        for kind, age in (("report_received", 1), ("looked_at", 1), ("report_received", -1)):
            at = now - kept_for - timedelta(hours=age)
            written.append(audit.append(kind, actor="reporter", now=at, event={"report": 1}))
    chores.forget()
    chores.forget()
    old, look, young = (AuditEntry.objects.get(pk=entry.pk) for entry in written)
    assert (old.event, old.salt) == (None, None)
    assert look.event is not None
    assert young.event is not None
    [entry] = AuditEntry.objects.filter(kind="forgotten")
    assert json.loads(entry.event) == {"entries": [old.pk], "reason": "schedule", "second_actor": None}


def test_erased_words_leave_the_file(fresh_database: Desk) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's own file")
    row = personal.seal("statement", "words" * 500, clock.now() - timedelta(seconds=1))
    with transaction.atomic():
        row.save()
    ciphertext = bytes(row.ciphertext)
    connection.checkpoint("TRUNCATE")
    path = fresh_database.data / "answerable.sqlite3"
    assert ciphertext[:64] in path.read_bytes()
    chores.erase()
    connection.checkpoint("TRUNCATE")
    assert ciphertext[:64] not in path.read_bytes()


def test_sqlites_log_is_moved_once_it_is_worth_it(
    fresh_database: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's own log")
    chores.move_log()
    with transaction.atomic():
        personal.seal("statement", "words").save()
    log = f"{fresh_database.database}-wal"
    chores.move_log()
    assert os.path.getsize(log) > 0, "too short to be worth it"
    monkeypatch.setattr(chores, "LOG_WORTH_MOVING_BYTES", 1)
    monkeypatch.setattr(chores, "LOG_WORTH_SHRINKING_BYTES", 1)
    chores.move_log()
    assert os.path.getsize(log) == 0
