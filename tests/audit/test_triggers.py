"""The database itself refuses to change the log, whoever asks."""

import pytest
from django.db import DatabaseError, connection, transaction

from answerable.audit import triggers
from answerable.audit.models import AuditEntry
from answerable.audit.sequencer import sequence
from tests.audit.conftest import Write

WAITING = "WHERE id = (SELECT min(id) FROM audit_entry WHERE leaf_index IS NULL)"
CHANGES = [
    "id = id + 1000",
    "at = '2020-01-01 00:00:00+00:00'",
    "kind = 'signed_in'",
    "actor = 'max'",
    "case_id = 99",
    "sealed = NOT sealed",
    "commitment = 'ff'",
]
FORBIDDEN = [
    "DELETE FROM audit_entry",
    *(f"UPDATE audit_entry SET {change}" for change in CHANGES),
    "UPDATE audit_entry SET event = '{}'",
    "UPDATE audit_entry SET salt = NULL",
    "UPDATE audit_entry SET event = NULL",
    "UPDATE audit_entry SET leaf_index = NULL WHERE leaf_index IS NOT NULL",
    "UPDATE audit_entry SET leaf_index = 1000 + leaf_index WHERE leaf_index IS NOT NULL",
    f"UPDATE audit_entry SET leaf_index = 50, event = NULL, salt = NULL {WAITING}",
    f"UPDATE audit_entry SET leaf_index = 50, event = '{{}}' {WAITING}",
    *(f"UPDATE audit_entry SET leaf_index = 50, {change} {WAITING}" for change in CHANGES),
    *(f"UPDATE audit_entry SET salt = NULL, event = NULL, {change} {WAITING}" for change in CHANGES),
    "UPDATE audit_entry SET event = '{}' WHERE sealed",
    "UPDATE audit_entry SET sealed = true, salt = NULL, event = NULL WHERE NOT sealed",
    "UPDATE audit_entry SET leaf_index = 0 WHERE leaf_index IS NULL",
    "UPDATE audit_entry SET salt = NULL, event = NULL WHERE NOT sealed",
    "INSERT INTO audit_entry (at, kind, actor, sealed, salt, event, commitment, leaf_index)"
    " SELECT at, kind, actor, sealed, salt, event, commitment, 70 FROM audit_entry LIMIT 1",
    "INSERT INTO audit_entry (at, kind, actor, sealed, commitment)"
    " SELECT at, kind, actor, true, commitment FROM audit_entry",
    "DELETE FROM audit_node",
    "UPDATE audit_node SET level = level + 10",
    'UPDATE audit_node SET "index" = "index" + 1000',
    "UPDATE audit_node SET hash = hash",
    "INSERT INTO audit_node SELECT * FROM audit_node",
    "DELETE FROM audit_head",
    "UPDATE audit_head SET id = 2",
    "UPDATE audit_head SET size = size - 1",
    "UPDATE audit_head SET root = frontier",
    "UPDATE audit_head SET frontier = root",
    "INSERT INTO audit_head SELECT 2, size, frontier, root FROM audit_head",
    "DELETE FROM audit_checkpoint",
    "UPDATE audit_checkpoint SET size = size + 1",
    "UPDATE audit_checkpoint SET note = 'x'",
    "UPDATE audit_checkpoint SET verifier_key = 'x'",
    "INSERT INTO audit_checkpoint SELECT 1, note, verifier_key FROM audit_checkpoint",
]
SQLITE_ONLY = [
    "INSERT OR REPLACE INTO audit_entry (id, at, kind, actor, sealed, salt, event, commitment)"
    " SELECT id, at, kind, 'max', sealed, salt, event, commitment FROM audit_entry",
    "UPDATE OR REPLACE audit_entry SET leaf_index = 0 WHERE leaf_index IS NULL",
    "INSERT OR REPLACE INTO audit_node SELECT level, \"index\", x'00' FROM audit_node",
    "INSERT OR REPLACE INTO audit_head SELECT 1, 0, x'', x'' FROM audit_head",
    "INSERT OR REPLACE INTO audit_checkpoint SELECT size, 'x', 'x' FROM audit_checkpoint",
]
POSTGRESQL_ONLY = [f"TRUNCATE {table} CASCADE" for table in triggers.TABLES]


@pytest.fixture
def log(write: Write) -> None:
    """Three placed entries, one without a sealed part, and a waiting one of each sort."""
    write()
    write("revealed", item=4)
    write()
    assert sequence() == 3
    write()
    write("revealed", item=5)


def run(sql: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.rowcount)


def refused(sql: str) -> None:
    everything = [list(model.values()) for model in _tables()]
    with pytest.raises(DatabaseError):
        run(sql)
    assert [list(model.values()) for model in _tables()] == everything


def _tables() -> list:
    from answerable.audit import models

    return [
        models.AuditEntry.objects.order_by("pk"),
        models.AuditNode.objects.order_by("level", "index"),
        models.AuditHead.objects.order_by("pk"),
        models.AuditCheckpoint.objects.order_by("pk"),
    ]


@pytest.mark.parametrize("sql", FORBIDDEN)
def test_the_database_refuses(log: None, sql: str) -> None:
    refused(sql)


@pytest.mark.parametrize("sql", SQLITE_ONLY)
def test_sqlite_refuses_to_replace(log: None, sql: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("REPLACE is SQLite's")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA recursive_triggers = OFF")  # as another program's connection has it
    try:
        refused(sql)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA recursive_triggers = ON")


@pytest.mark.parametrize("sql", POSTGRESQL_ONLY)
def test_postgresql_refuses_to_empty_a_table(log: None, sql: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("TRUNCATE is PostgreSQL's")
    refused(sql)


def test_the_trigger_itself_keeps_a_look_whole(log: None) -> None:
    with pytest.raises(DatabaseError, match="does not change"):
        run("UPDATE audit_entry SET salt = NULL, event = NULL WHERE NOT sealed")


def test_an_entry_gets_its_place_once(log: None) -> None:
    waiting = AuditEntry.objects.filter(leaf_index__isnull=True).order_by("pk")[0]
    sql = f"UPDATE audit_entry SET leaf_index = 3 WHERE id = {waiting.pk}"
    assert run(sql) == 1
    refused(sql.replace("3", "4", 1))


def test_a_sealed_part_is_erased_once_and_never_written_again(log: None) -> None:
    assert run("UPDATE audit_entry SET salt = NULL, event = NULL WHERE sealed") == 3
    refused("UPDATE audit_entry SET salt = commitment, event = '{}' WHERE event IS NULL")
    refused("UPDATE audit_entry SET salt = NULL, event = NULL WHERE sealed")


def test_the_triggers_can_be_made_again_at_any_time(log: None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in triggers.statements(connection.vendor):
            cursor.execute(sql)
    refused("DELETE FROM audit_entry")


def test_every_named_trigger_is_made(db: None) -> None:
    for vendor in ("sqlite", "postgresql"):
        made = "\n".join(triggers.statements(vendor))
        assert all(f"CREATE TRIGGER {name} " in made for name in triggers.names(vendor))
    with pytest.raises(ValueError, match="oracle"):
        triggers.statements("oracle")
