"""Whatever someone who owns the database changes, `check` names it."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection

from answerable.audit import check as check_module
from answerable.audit import models
from answerable.audit.check import check
from answerable.audit.forget import forget
from answerable.audit.merkle import Frontier, leaf_hash
from answerable.audit.models import AuditEntry
from answerable.audit.note import Signer, checkpoint_text
from answerable.audit.sequencer import sequence
from answerable.audit.signing import desk_signer
from answerable.audit.verify import canonical
from tests.audit.conftest import Write

Tamper = Callable[..., int]


@pytest.fixture
def log(write: Write, now: datetime) -> list[AuditEntry]:
    """Seven placed entries under two checkpoints: one erased, one without a sealed part, one `forgotten`."""
    entries = [write(report=1, case_id=5), write("revealed", item=4), write(report=2)]
    sequence()
    entries += [write(report=3), write("looked_at", item=5), write(report=4)]
    gone = forget([entries[2].pk], actor="worker", now=now)
    assert gone is not None
    sequence()
    assert check() == []
    return [*entries, gone]


def faults() -> str:
    return "\n".join(map(str, check()))


# One change to each column of each table. `{}` stands for the number of the first entry.
CHANGES = {
    "audit_entry.id": ("UPDATE audit_entry SET id = 999999 WHERE id = {}", "is not what stands at place 0"),
    "audit_entry.at": (
        "UPDATE audit_entry SET at = '2026-12-01 09:00:01+00:00' WHERE id = {}",
        "is not what stands at place 0",
    ),
    "audit_entry.kind": (
        "UPDATE audit_entry SET kind = 'answer_received' WHERE id = {}",
        "is not what stands at place 0",
    ),
    "audit_entry.actor": (
        "UPDATE audit_entry SET actor = 'max' WHERE id = {}",
        "is not what stands at place 0",
    ),
    "audit_entry.case_id": (
        "UPDATE audit_entry SET case_id = 6 WHERE id = {}",
        "is not what stands at place 0",
    ),
    "audit_entry.sealed": (
        "UPDATE audit_entry SET sealed = NOT sealed WHERE id = {}",
        "its seal was changed",
    ),
    "audit_entry.salt": ("UPDATE audit_entry SET salt = %s WHERE id = {}", "its event, salt or commitment"),
    "audit_entry.event": (
        "UPDATE audit_entry SET event = '{{\"report\":9}}' WHERE id = {}",
        "its event, salt or commitment",
    ),
    "audit_entry.commitment": (
        "UPDATE audit_entry SET commitment = 'ff' WHERE id = {}",
        "is not what stands at place 0",
    ),
    "audit_entry.leaf_index": (
        "UPDATE audit_entry SET leaf_index = NULL WHERE id = {}",
        "place 0: its entry is missing",
    ),
    "audit_node.level": (
        'UPDATE audit_node SET level = 9 WHERE level = 1 AND "index" = 0',
        "node (1, 0): is missing",
    ),
    "audit_node.index": (
        'UPDATE audit_node SET "index" = 50 WHERE level = 1 AND "index" = 0',
        "node (1, 50): stands for entries that are not there",
    ),
    "audit_node.hash": (
        'UPDATE audit_node SET hash = %s WHERE level = 1 AND "index" = 0',
        "node (1, 0): was changed",
    ),
    "audit_head.size": ("UPDATE audit_head SET size = 8", "head: counts 8 entries, the log holds 7"),
    "audit_head.frontier": ("UPDATE audit_head SET frontier = %s", "head: its frontier was changed"),
    "audit_head.root": ("UPDATE audit_head SET root = %s", "head: its root was changed"),
    "audit_checkpoint.size": (
        "UPDATE audit_checkpoint SET size = 2 WHERE size = 3",
        "checkpoint 2: is about 3 entries",
    ),
    "audit_checkpoint.note": (
        "UPDATE audit_checkpoint SET note = replace(note, '\n3\n', '\n4\n') WHERE size = 3",
        "checkpoint 3: ",
    ),
    "audit_checkpoint.verifier_key": (
        "UPDATE audit_checkpoint SET verifier_key = 'x' WHERE size = 3",
        "checkpoint 3: The verifier key",
    ),
}


@pytest.mark.parametrize("column", CHANGES)
def test_a_change_to_any_column_is_named(log: list[AuditEntry], tamper: Tamper, column: str) -> None:
    sql, says = CHANGES[column]
    values = [bytes(range(32))] if "%s" in sql else []
    assert tamper(sql.format(log[0].pk), *values) == 1
    assert says in faults()


def test_every_column_of_every_table_is_tried() -> None:
    tables = [models.AuditEntry, models.AuditNode, models.AuditHead, models.AuditCheckpoint]
    columns = {
        f"{model._meta.db_table}.{field.column}"
        for model in tables
        for field in model._meta.concrete_fields
        if field.column
    }
    # The head's own number can't be another: a constraint of the table allows 1 alone.
    assert columns - {"audit_head.id"} == set(CHANGES)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("DELETE FROM audit_entry WHERE leaf_index = 1", "place 1: its entry is missing"),
        ("DELETE FROM audit_entry WHERE leaf_index = 6", "counts 7 entries, the log holds 6"),
        ("DELETE FROM audit_entry", "head: counts 7 entries, the log holds 0"),
        ('DELETE FROM audit_node WHERE level = 0 AND "index" = 2', "node (0, 2): is missing"),
        ("DELETE FROM audit_node WHERE level = 2", "node (2, 0): is missing"),
        ("INSERT INTO audit_node VALUES (0, 7, %s)", "node (0, 7): stands for entries"),
        ('UPDATE audit_node SET hash = %s WHERE level = 0 AND "index" = 0', "place 0 of the tree"),
        ("DELETE FROM audit_head", "head: is missing"),
        ("DELETE FROM audit_checkpoint WHERE size = 7", "placed but not signed"),
        ("DELETE FROM audit_checkpoint", "placed but not signed"),
        (
            "UPDATE audit_entry SET salt = NULL, event = NULL WHERE leaf_index = 0",
            "no `forgotten` entry lists",
        ),
        (
            "UPDATE audit_entry SET sealed = true, salt = NULL, event = NULL WHERE leaf_index = 1",
            "its seal was",
        ),
        (
            "UPDATE audit_entry SET sealed = true, salt = NULL, event = NULL WHERE leaf_index = 1",
            "no `forgotten`",
        ),
        ("UPDATE audit_entry SET salt = %s, event = '{}' WHERE leaf_index = 2", "its event is there again"),
        ("UPDATE audit_entry SET event = '{\"report\": 1}' WHERE leaf_index = 0", "its event, salt or"),
        (
            "UPDATE audit_entry SET kind = 'dismissed' WHERE leaf_index = 0",
            "is not one that this desk writes",
        ),
        ("DELETE FROM audit_entry WHERE leaf_index = 2", "was forgotten, but the entry itself is missing"),
    ],
)
def test_what_is_missing_or_added_is_named(
    log: list[AuditEntry], tamper: Tamper, sql: str, says: str
) -> None:
    assert tamper(sql, *([bytes(32)] if "%s" in sql else [])) >= 1
    assert says in faults()


def test_two_entries_that_changed_places_are_named(log: list[AuditEntry], tamper: Tamper) -> None:
    for place, other in ((0, 100), (1, 0), (100, 1)):
        tamper(f"UPDATE audit_entry SET leaf_index = {other} WHERE leaf_index = {place}")
    assert {fault.where for fault in check()} == {f"entry {log[0].pk}", f"entry {log[1].pk}"}


def test_a_changed_entry_is_one_fault_not_a_flood(log: list[AuditEntry], tamper: Tamper) -> None:
    tamper(f"UPDATE audit_entry SET actor = 'max' WHERE id = {log[0].pk}")
    assert [fault.where for fault in check()] == [f"entry {log[0].pk}"]


def test_a_waiting_entry_is_checked_too(log: list[AuditEntry], write: Write, tamper: Tamper) -> None:
    waiting = write(report=9)
    assert check() == []
    tamper(f"UPDATE audit_entry SET event = '{{}}' WHERE id = {waiting.pk}")
    assert f"entry {waiting.pk}: its event, salt or commitment was changed" in faults()


@pytest.mark.parametrize(
    "change",
    ["at = 'never'", "salt = 'text'", "case_id = 'x'", "event = x'ff'", "event = 5", "actor = x'00'"],
)
def test_a_value_that_no_column_should_hold_is_a_fault_not_a_crash(
    log: list[AuditEntry], tamper: Tamper, change: str
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's columns hold their own types only")
    tamper(f"UPDATE audit_entry SET {change} WHERE id = {log[0].pk}")
    assert f"entry {log[0].pk}: " in faults()


def test_a_log_rewritten_with_all_its_hashes_is_betrayed_by_the_signature(
    log: list[AuditEntry], tamper: Tamper
) -> None:
    """Max owns the database and knows the code, but not the signing key."""
    tamper(f"UPDATE audit_entry SET actor = 'max' WHERE id = {log[0].pk}")
    tree = Frontier()
    for entry in AuditEntry.objects.order_by("leaf_index"):
        for level, index, hashed in tree.add(leaf_hash(canonical(entry.skeleton()))):
            sql = 'UPDATE audit_node SET hash = %s WHERE level = %s AND "index" = %s'
            tamper(sql, hashed, level, index)
    tamper("UPDATE audit_head SET frontier = %s, root = %s", tree.to_bytes(), tree.root())
    assert {fault.where for fault in check()} == {"checkpoint 3", "checkpoint 7"}
    forged = Signer(desk_signer().name, bytes([5]) * 32)
    note = forged.sign(checkpoint_text(forged.name, 7, tree.root()))
    tamper("DELETE FROM audit_checkpoint WHERE size = 3")
    tamper(
        "UPDATE audit_checkpoint SET note = %s, verifier_key = %s WHERE size = 7",
        note,
        str(forged.verifier_key),
    )
    assert "checkpoint 7: names another key than this desk's" in faults()


def test_a_log_cut_back_is_betrayed_by_the_newer_signature(log: list[AuditEntry], tamper: Tamper) -> None:
    tamper("DELETE FROM audit_entry WHERE leaf_index >= 3")
    tamper('DELETE FROM audit_node WHERE level = 0 AND "index" >= 3')
    tamper('DELETE FROM audit_node WHERE (level = 1 AND "index" >= 1) OR level >= 2')
    tree = Frontier()
    for entry in AuditEntry.objects.order_by("leaf_index"):
        tree.add(leaf_hash(canonical(entry.skeleton())))
    tamper("UPDATE audit_head SET size = 3, frontier = %s, root = %s", tree.to_bytes(), tree.root())
    assert "checkpoint 7: signs 7 entries, the log holds 3: entries are missing" in faults()


@pytest.mark.parametrize("size", range(1, 20))
def test_batches_of_any_size_find_nothing_in_a_whole_log(
    write: Write, monkeypatch: pytest.MonkeyPatch, tamper: Tamper, size: int
) -> None:
    monkeypatch.setattr(check_module, "BATCH", 4)
    entries = [write(report=number) for number in range(size)]
    sequence(limit=5)
    while sequence(limit=5):
        pass
    assert check() == []
    tamper(f"UPDATE audit_entry SET actor = 'max' WHERE id = {entries[-1].pk}")
    assert [fault.where for fault in check()] == [f"entry {entries[-1].pk}"]
