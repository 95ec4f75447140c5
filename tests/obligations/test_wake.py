"""A worker wakes as soon as another process commits what it owes, on either database."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection, transaction

from answerable.obligations import Owed, owe
from answerable.obligations.wake import Waker, waker
from answerable.policy.words import By
from tests.support.desks import Desk

LONG_SECONDS = 20.0

LISTENERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN owed'"
OWE_FROM_ANOTHER_PROCESS = """
from answerable.settings.start import prepare
prepare()
from datetime import UTC, datetime
from django.db import transaction
from answerable.obligations import Owed, owe
now = datetime(2026, 12, 1, 9, tzinfo=UTC)
print("ready", flush=True)
input()
with transaction.atomic():
    owe([Owed(kind="hide", subject="item:1", by="worker", due_at=now)], now=now, cause="report:1")
"""


@pytest.fixture
def wake(fresh_database: Desk) -> Iterator[Waker]:
    made = waker(connection)
    yield made
    made.close()


def seconds_to_wake(wake: Waker, at_most: float = LONG_SECONDS) -> float:
    began = time.monotonic()
    wake.wait(at_most)
    return time.monotonic() - began


def owe_something(now: datetime, by: By = By.WORKER) -> None:
    with transaction.atomic():
        owe(
            [Owed(kind="hide", subject="item:1", by=by, due_at=now + timedelta(1))], now=now, cause="report:1"
        )


def test_a_commit_of_another_process_wakes_it(fresh_database: Desk, wake: Waker) -> None:
    environment = {k: v for k, v in fresh_database.environment.items() if k != "DJANGO_SETTINGS_MODULE"}
    with subprocess.Popen(
        [sys.executable, "-c", OWE_FROM_ANOTHER_PROCESS],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "ready\n"
        wake.wait(0.0)
        other.stdin.write("\n")
        other.stdin.flush()
        assert seconds_to_wake(wake) < LONG_SECONDS / 2
        assert other.wait(20) == 0


def test_what_was_committed_before_the_wait_is_not_missed(wake: Waker, now: datetime) -> None:
    owe_something(now)
    assert seconds_to_wake(wake) < LONG_SECONDS / 2


def test_what_is_rolled_back_wakes_nobody(wake: Waker, now: datetime) -> None:
    wake.wait(0.05)
    with transaction.atomic():
        owe([Owed(kind="hide", subject="item:1", by=By.WORKER, due_at=now)], now=now, cause="report:1")
        transaction.set_rollback(True)
    assert seconds_to_wake(wake, 0.2) >= 0.2


def test_a_poke_ends_the_wait_or_the_next_one(wake: Waker) -> None:
    wake.poke()
    wake.poke()
    assert seconds_to_wake(wake) < LONG_SECONDS / 2
    assert seconds_to_wake(wake, 0.1) >= 0.1, "a poke ends one wait, not two"
    poking = threading.Timer(0.05, wake.poke)
    poking.start()
    assert seconds_to_wake(wake) < LONG_SECONDS / 2
    poking.join()


def test_without_news_it_waits_as_long_as_it_was_told(wake: Waker) -> None:
    wake.wait(0.0)
    assert 0.1 <= seconds_to_wake(wake, 0.1) < LONG_SECONDS / 2


class TestPostgresql:
    @pytest.fixture(autouse=True)
    def postgresql_only(self, fresh_database: Desk) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("PostgreSQL's own signals")

    def test_what_people_owe_does_not_wake_the_worker(self, wake: Waker, now: datetime) -> None:
        owe_something(now, By.PEOPLE)
        assert seconds_to_wake(wake, 0.2) >= 0.2

    def test_a_broken_connection_is_opened_again(self, wake: Waker, now: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute(LISTENERS)
            [(broken,)] = cursor.fetchall()
            cursor.execute("SELECT pg_terminate_backend(%s)", [broken])
            for _ in range(100):
                wake.wait(0.05)
                cursor.execute(LISTENERS)
                if cursor.fetchall() not in ([], [(broken,)]):
                    break
        wake.wait(0.0)
        owe_something(now)
        assert seconds_to_wake(wake) < LONG_SECONDS / 2

    def test_a_database_that_is_away_is_waited_for(self, fresh_database: Desk) -> None:
        with pytest.raises(psycopg.OperationalError):
            waker(_nowhere())


def _nowhere() -> "object":
    class Nowhere:
        vendor = "postgresql"
        settings_dict = {**connection.settings_dict, "NAME": "no_such_database"}

    return Nowhere()
