"""Work past its deadline can't begin a transaction any more."""

import threading

import pytest
from django.db import connection, transaction

from answerable.db import deadline
from tests.support.desks import Desk


@pytest.fixture
def time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    real = deadline.time.monotonic
    monkeypatch.setattr(deadline.time, "monotonic", lambda: real() + 60)


def test_without_a_deadline_there_is_no_end() -> None:
    deadline.check()
    assert deadline.remaining_seconds(7.0) == 7.0


def test_an_outside_call_gets_what_is_left() -> None:
    with deadline.within(5.0):
        assert 4.0 < deadline.remaining_seconds(7.0) <= 5.0
        assert deadline.remaining_seconds(2.0) == 2.0
        with deadline.within(60.0):
            assert deadline.remaining_seconds(7.0) <= 5.0, "an inner deadline doesn't lengthen the outer"
    assert deadline.remaining_seconds(7.0) == 7.0


def test_past_it_no_transaction_begins(fresh_database: Desk, request: pytest.FixtureRequest) -> None:
    with deadline.within(5.0):
        with transaction.atomic():
            pass
        request.getfixturevalue("time_is_up")
        with pytest.raises(deadline.DeadlinePassed), transaction.atomic():
            pytest.fail("it began")
        with pytest.raises(deadline.DeadlinePassed):
            deadline.remaining_seconds(1.0)
    connection.close()
    with transaction.atomic():  # the thread itself is not spoilt
        pass


def test_another_thread_has_its_own(fresh_database: Desk) -> None:
    found: list[float] = []
    with deadline.within(5.0):
        thread = threading.Thread(target=lambda: found.append(deadline.remaining_seconds(9.0)))
        thread.start()
        thread.join()
    assert found == [9.0]
