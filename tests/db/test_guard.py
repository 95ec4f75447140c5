"""A write outside a transaction is refused on both databases; reading and migrating are not."""

import pytest
from django.db import connection, transaction

from answerable.db.guard import WriteOutsideTransaction, is_write
from answerable.db.models import PersonalText
from tests.support.desks import Desk


def row() -> PersonalText:
    return PersonalText(kind="message", wrapped_key=b"k", ciphertext=b"c")


def test_saving_outside_a_transaction_is_refused(fresh_database: Desk) -> None:
    with pytest.raises(WriteOutsideTransaction, match="put the change into one command"):
        row().save()
    assert not PersonalText.objects.exists()


def test_inside_a_transaction_it_is_written(fresh_database: Desk) -> None:
    with transaction.atomic():
        row().save()
    assert PersonalText.objects.count() == 1


def test_changing_or_deleting_many_is_refused_too(fresh_database: Desk) -> None:
    with transaction.atomic():
        row().save()
    with pytest.raises(WriteOutsideTransaction):
        PersonalText.objects.update(kind="reason")
    with pytest.raises(WriteOutsideTransaction):
        PersonalText.objects.filter(kind="message")._raw_delete("default")
    assert PersonalText.objects.get().kind == "message"


def test_a_plain_statement_is_refused_too(fresh_database: Desk) -> None:
    with connection.cursor() as cursor, pytest.raises(WriteOutsideTransaction):
        cursor.execute("DELETE FROM db_personaltext")


def test_a_connection_opened_anew_is_guarded_once(fresh_database: Desk) -> None:
    for _ in range(3):
        connection.close()
        with pytest.raises(WriteOutsideTransaction):
            row().save()
    names = [wrapper.__name__ for wrapper in connection.execute_wrappers]
    assert names.count("refuse_write_outside_transaction") == 1


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO a VALUES (1)",
        "  update a set b = 1",
        "-- why\nDELETE FROM a",
        "/* why */ REPLACE INTO a VALUES (1)",
        "WITH b AS (SELECT 1) INSERT INTO a SELECT * FROM b",
        "with b as (select 1) update a set c = 2",
        "TRUNCATE a",
        "(INSERT INTO a VALUES (1))",
    ],
)
def test_these_are_writes(sql: str) -> None:
    assert is_write(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "SELECT updated, deleted FROM inserts",
        "WITH b AS (SELECT 1) SELECT * FROM b",
        "PRAGMA journal_mode",
        "CREATE TABLE a (b int)",
        "SAVEPOINT s1",
    ],
)
def test_these_are_not(sql: str) -> None:
    assert not is_write(sql)
