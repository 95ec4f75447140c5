"""The database refuses by itself what no code may do; nothing serves while a refusal is missing."""

from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from answerable.db import triggers
from answerable.obligations import Owed, keep, owe
from answerable.obligations.models import Obligation
from answerable.policy.words import By
from tests.support.desks import Desk

TABLE = "obligations_obligation"


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def names() -> list[str]:
    return [one.name for one in triggers.statements(connection.vendor) if one.name]


@pytest.fixture
def hide(db: None, now: datetime) -> Obligation:
    [row] = owe(
        [Owed(kind="hide", subject="item:1", by=By.WORKER, due_at=now + timedelta(seconds=60))],
        now=now,
        cause="report:1",
    )
    return row


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("due_at = '2027-01-01 00:00:00+00:00'", "never becomes due later"),
        ("kind = 'restore'", "never changes"),
        ("subject = 'item:2'", "never changes"),
        ("cause = 'report:2'", "never changes"),
        ("params = '{\"a\": 1}'", "never changes"),
        ("owed_at = '2026-01-01 00:00:00+00:00'", "never changes"),
    ],
)
def test_what_is_owed_can_not_be_rewritten(hide: Obligation, change: str, words: str) -> None:
    with pytest.raises(IntegrityError, match=words):
        run(f"UPDATE {TABLE} SET {change}")


def test_it_may_become_due_earlier_and_be_tried(hide: Obligation) -> None:
    run(f"UPDATE {TABLE} SET due_at = '2026-01-01 00:00:00+00:00', attempt = 4, last_error = 'late'")
    hide.refresh_from_db()
    assert (hide.due_at.year, hide.due_at.month, hide.attempt) == (2026, 1, 4)


@pytest.mark.parametrize(
    "change",
    ["state = 'owed', closed_at = NULL, proof_entry_id = NULL", "proof_entry_id = 2", "reference = 'x'"],
)
def test_what_is_closed_never_changes(hide: Obligation, now: datetime, change: str) -> None:
    keep(hide, now=now, proof_entry_id=1)
    with pytest.raises(IntegrityError, match="a closed obligation never changes"):
        run(f"UPDATE {TABLE} SET {change}")


def test_nothing_owed_is_ever_deleted(hide: Obligation) -> None:
    with pytest.raises(IntegrityError, match="never deleted"):
        run(f"DELETE FROM {TABLE}")
    with pytest.raises(IntegrityError, match="never deleted"):
        hide.delete()


def test_nor_replaced_nor_emptied(hide: Obligation, now: datetime) -> None:
    if connection.vendor == "postgresql":
        sql = f"TRUNCATE {TABLE}"
    else:
        columns = ", ".join(field.column for field in Obligation._meta.concrete_fields)
        sql = f"REPLACE INTO {TABLE} ({columns}) SELECT {columns} FROM {TABLE}"
    with pytest.raises(IntegrityError, match="never deleted"):
        run(sql)


@pytest.mark.parametrize(
    "values",
    [
        "state = 'kept', closed_at = '2026-12-01 09:00:30+00:00'",
        "state = 'kept', closed_at = '2026-12-01 10:00:00+00:00', proof_entry_id = 1",
        "state = 'kept_late', closed_at = '2026-12-01 09:00:30+00:00', proof_entry_id = 1",
        "state = 'released', closed_at = '2026-12-01 09:00:30+00:00'",
        "state = 'kept', proof_entry_id = 1",
        "state = 'forgotten', closed_at = '2026-12-01 09:00:30+00:00'",
        "closed_at = '2026-12-01 09:00:30+00:00'",
    ],
)
def test_no_row_closes_without_proof_or_reason_or_at_a_false_time(hide: Obligation, values: str) -> None:
    with pytest.raises(IntegrityError):
        run(f"UPDATE {TABLE} SET {values}")


def test_the_same_is_not_owed_twice(hide: Obligation) -> None:
    columns = [field.column for field in Obligation._meta.concrete_fields if field.column != "id"]
    listed = ", ".join(columns)
    with pytest.raises(IntegrityError):
        run(f"INSERT INTO {TABLE} ({listed}) SELECT {listed} FROM {TABLE}")


class TestTheStartUpCheck:
    def test_a_migrated_database_has_them_all(self, fresh_database: Desk) -> None:
        assert triggers.missing(connection) == []
        triggers.refuse_without(connection)

    def test_those_of_the_log_and_of_obligations_are_among_them(self) -> None:
        text = " ".join(names())
        assert "audit_entry" in text
        assert "obligation" in text
        assert "policypack" in text

    def test_a_dropped_one_is_named_and_nothing_serves(self, fresh_database: Desk) -> None:
        gone = next(one for one in triggers.statements(connection.vendor) if one.table == TABLE)
        run(f"DROP TRIGGER {gone.name}" + (f" ON {TABLE}" if connection.vendor == "postgresql" else ""))
        with pytest.raises(triggers.TriggersMissing, match=gone.name):
            triggers.refuse_without(connection)

    def test_one_that_was_disarmed_is_named(self, fresh_database: Desk) -> None:
        name = next(one for one in triggers.statements(connection.vendor) if one.table == TABLE).name
        if connection.vendor == "postgresql":
            run(f"ALTER TABLE {TABLE} DISABLE TRIGGER {name}")
        else:
            run(f"DROP TRIGGER {name}")
            run(f"CREATE TRIGGER {name} BEFORE UPDATE ON {TABLE} BEGIN SELECT 1; END")
        assert triggers.missing(connection) == [name]

    def test_every_migrate_makes_them_again(self, fresh_database: Desk) -> None:
        for one in [one for one in triggers.statements(connection.vendor) if one.name]:
            of = f' ON "{one.table}"' if connection.vendor == "postgresql" else ""
            run(f"DROP TRIGGER IF EXISTS {one.name}{of}")
        assert set(triggers.missing(connection)) == set(names())
        call_command("migrate", verbosity=0)
        assert triggers.missing(connection) == []

    def test_making_them_again_changes_nothing(self, fresh_database: Desk) -> None:
        triggers.create(connection)
        triggers.create(connection)
        assert triggers.missing(connection) == []
