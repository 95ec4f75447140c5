"""The mark stands as long as nothing was written, by whomever, and only then."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from answerable.cases.models import Account
from answerable.db.mark import mark, one_mark

Committing = Callable[[Sequence[Callable[[], Any]]], list[Any]]


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


def test_it_moves_when_a_transaction_commits_that_had_begun_before(fresh_database: object) -> None:
    begun, read = threading.Barrier(2), threading.Event()

    def writer() -> None:
        try:
            with transaction.atomic():
                Account.objects.create(platform="sample", ref="late")
                begun.wait(10)
                assert read.wait(10)
        finally:
            connection.close()

    writing = threading.Thread(target=writer)
    writing.start()
    begun.wait(10)
    before, seen, same = mark(), Account.objects.count(), mark()
    read.set()
    writing.join(10)
    assert (seen, same) == (0, before)
    assert mark() != before
    assert Account.objects.count() == 1


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


def test_one_answer_rests_on_one_moment(fresh_database: object, committing: Committing) -> None:
    before = mark()
    with one_mark():
        assert mark() == before
        committing([write])
        assert mark() == before, "what was committed later is for the next answer"
        with transaction.atomic():
            assert mark() is None
    assert mark() != before
    with one_mark():
        assert mark() != before, "nothing is kept from one answer to the next"
