"""Placing entries: by number, by one sequencer at a time, signed only once committed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from answerable.audit import sequencer
from answerable.audit.check import check
from answerable.audit.errors import LogBroken
from answerable.audit.log import append
from answerable.audit.merkle import Frontier, verify_consistency
from answerable.audit.models import AuditCheckpoint, AuditEntry, AuditHead, AuditNode
from answerable.audit.proofs import consistency_proof
from answerable.audit.sequencer import sequence
from answerable.audit.signing import desk_signer
from answerable.audit.verify import open_checkpoint
from tests.audit.conftest import Write
from tests.support.desks import Desk

Together = Callable[[Sequence[Callable[[], Any]]], list[Any]]


def append_many(count: int, now: datetime) -> None:
    with transaction.atomic():
        for number in range(count):
            append("report_received", actor="reporter", now=now, event={"report": number})


def test_an_empty_log_has_nothing_to_place_and_nothing_to_sign(db: None) -> None:
    assert sequence() == 0
    assert not AuditCheckpoint.objects.exists()
    assert check() == []


def test_a_thousand_entries_get_their_places_by_number(db: None, now: datetime) -> None:
    append_many(1005, now)
    assert sequence() == 1000
    assert sequence() == 5
    assert sequence() == 0
    places = AuditEntry.objects.order_by("pk").values_list("leaf_index", flat=True)
    assert list(places) == list(range(1005))
    assert AuditNode.objects.count() == sum(1005 >> level for level in range(11))
    assert list(AuditCheckpoint.objects.order_by("size").values_list("size", flat=True)) == [1000, 1005]
    assert check() == []


def test_the_limit_holds(write: Write) -> None:
    for _ in range(3):
        write()
    assert [sequence(limit=2), sequence(limit=2)] == [2, 1]


def test_a_checkpoint_signs_the_head(write: Write) -> None:
    write()
    sequence()
    row = AuditCheckpoint.objects.get()
    key = desk_signer().verifier_key
    assert row.verifier_key == str(key)
    checkpoint = open_checkpoint(row.note, key)
    assert checkpoint == (key.name, 1, bytes(AuditHead.objects.get().root))


def test_every_checkpoint_is_consistent_with_the_ones_before(write: Write) -> None:
    for _ in range(6):
        write()
        sequence()
    key = desk_signer().verifier_key
    signed = [open_checkpoint(row.note, key) for row in AuditCheckpoint.objects.order_by("size")]
    for new in signed:
        for old in signed[: new.size]:
            proof = consistency_proof(old.size, new.size)
            verify_consistency(old.size, new.size, old.root, new.root, proof)


def test_nothing_is_signed_when_placing_is_rolled_back(
    fresh_database: Desk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_many(3, now)

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Frontier, "to_bytes", fails)
        with pytest.raises(RuntimeError):
            sequence()
    assert AuditHead.objects.get().size == 0
    assert not AuditCheckpoint.objects.exists()
    assert sequence() == 3
    assert check() == []


def test_a_head_committed_without_a_signature_is_signed_by_the_next_call(
    fresh_database: Desk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_many(2, now)

    def killed(_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sequencer, "_sign", killed)
        with pytest.raises(KeyboardInterrupt):
            sequence()
    assert AuditHead.objects.get().size == 2
    assert [fault.what for fault in check()] == [
        "2 entries are placed but not signed: is the worker running?"
    ]
    assert sequence() == 0
    assert AuditCheckpoint.objects.get().size == 2
    assert check() == []


def test_sequencing_inside_a_transaction_is_an_error(fresh_database: Desk, now: datetime) -> None:
    append_many(1, now)
    with transaction.atomic():
        with pytest.raises(RuntimeError, match="durable"):
            sequence()
        assert AuditHead.objects.get().size == 0


def test_nothing_pending_takes_no_lock(fresh_database: Desk, now: datetime) -> None:
    append_many(1, now)
    sequence()
    with CaptureQueriesContext(connection) as queries:
        assert sequence() == 0
    assert all(query["sql"].startswith("SELECT") for query in queries)


def test_two_sequencers_at_once_never_fork(committing: Together, now: datetime) -> None:
    def write_some() -> None:
        for _ in range(25):
            append_many(3, now)

    def place_some() -> int:
        return sum(sequence(limit=7) for _ in range(60))

    results = committing([write_some, write_some, place_some, place_some, place_some])
    assert [result for result in results if isinstance(result, Exception)] == []
    while sequence():
        pass
    assert AuditEntry.objects.count() == 150
    assert sorted(AuditEntry.objects.values_list("leaf_index", flat=True)) == list(range(150))
    assert AuditHead.objects.get().size == 150
    assert check() == []


@pytest.mark.parametrize("column", ["frontier", "root"])
def test_a_damaged_head_is_never_built_upon(write: Write, tamper: Callable[..., int], column: str) -> None:
    write()
    sequence()
    tamper(f"UPDATE audit_head SET {column} = %s", bytes(32))
    write()
    with pytest.raises(LogBroken, match="audit_head"):
        sequence()


def test_a_head_that_is_not_the_databases_own_is_never_built_upon(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Frontier()
    for _ in range(5):
        other.add(bytes(32))
    stranger = AuditHead(size=5, frontier=other.to_bytes(), root=other.root())
    monkeypatch.setattr(sequencer, "_lead", lambda: stranger)
    write()
    with pytest.raises(LogBroken, match="two databases"):
        sequence()


def test_whoever_does_not_lead_does_nothing(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write()
    with monkeypatch.context() as patch:
        patch.setattr(sequencer, "_lead", lambda: None)
        assert sequence() == 0
    assert AuditHead.objects.get().size == 0
    assert sequence() == 1
