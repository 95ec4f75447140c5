"""The mark stands as long as nothing was written, by whomever, and only then."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction

from answerable.cases.models import Account
from answerable.db.mark import mark

Committing = Callable[[Sequence[Callable[[], Any]]], list[Any]]
pytestmark = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="PostgreSQL has no such mark: there everything is asked each time"
)


def write(ref: str = "uri") -> None:
    with transaction.atomic():
        Account.objects.create(platform="sample", ref=ref)


def test_it_stands_while_nothing_is_written(fresh_database: object) -> None:
    assert mark() is not None
    first = mark()
    assert Account.objects.count() == 0
    assert mark() == first


def test_it_moves_with_a_commit_of_another_connection(fresh_database: object, committing: Committing) -> None:
    first = mark()
    committing([write])
    second = mark()
    assert second != first
    assert mark() == second


def test_it_moves_with_what_this_connection_writes(fresh_database: object) -> None:
    first = mark()
    write()
    assert mark() != first


def test_inside_a_transaction_there_is_none(fresh_database: object) -> None:
    with transaction.atomic():
        assert mark() is None


def test_what_was_undone_moves_it_too(fresh_database: object) -> None:
    first = mark()
    with transaction.atomic():
        Account.objects.create(platform="sample", ref="gone")
        transaction.set_rollback(True)
    assert mark() != first, "whoever read inside the transaction read what never was"


def test_two_connections_never_agree(fresh_database: object, committing: Committing, now: datetime) -> None:
    here = mark()
    (there,) = committing([mark])
    assert there is not None
    assert there != here
    connection.close()
    assert mark() != here, "a new connection counts from the beginning"
