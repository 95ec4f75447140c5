"""Claiming: the most urgent first, nothing twice, nobody takes all the threads; failing: later each time."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from answerable.obligations import Owed, claim, failed, keep, owe, registry
from answerable.obligations.attempts import (
    LEASE,
    Room,
    anything_due,
    clear_leases,
    next_attempt_after,
    wait_after,
)
from answerable.obligations.models import Obligation
from answerable.policy.words import By


def make_it_so(obligation: Obligation) -> None:
    """Stands for the handler of hide, limit, restore and remove."""


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_kinds", {})
    for name in ("hide", "limit", "restore", "remove"):
        registry.kind(name, by=By.WORKER, handler=make_it_so)
    registry.kind("find_copies", by=By.WORKER, handler="somewhere.find_copies")


def owed(now: datetime, kind: str = "hide", subject: str = "item:1", **more: Any) -> Obligation:
    with transaction.atomic():
        [row] = owe(
            [Owed(kind=kind, subject=subject, by=By.WORKER, due_at=now + timedelta(minutes=1), **more)],
            now=now,
            cause="report:1",
        )
    return row


def change(row: Obligation, **values: object) -> None:
    with transaction.atomic():
        Obligation.objects.filter(pk=row.pk).update(**values)


def subjects(rows: list[Obligation]) -> list[str]:
    return [row.subject for row in rows]


@pytest.mark.django_db
class TestClaim:
    def test_what_is_claimed_is_leased_and_counted(self, now: datetime) -> None:
        owed(now)
        [row] = claim("w", 4, now)
        assert (row.attempt, row.lease_until) == (1, now + LEASE)
        assert claim("w", 4, now) == []

    def test_hiding_comes_before_other_first_attempts_and_those_before_retries(self, now: datetime) -> None:
        retry = owed(now - timedelta(hours=1), subject="item:1")
        change(retry, urgency=2)
        owed(now - timedelta(minutes=5), "find_copies", "item:2")
        owed(now, subject="item:3")
        owed(now - timedelta(seconds=1), subject="item:4")
        assert subjects(claim("w", 3, now)) == ["item:4", "item:3", "item:2"]
        assert subjects(claim("w", 3, now)) == ["item:1"]

    def test_what_must_wait_waits(self, now: datetime) -> None:
        at = now + timedelta(hours=1)
        owed(now, not_before=at)
        assert claim("w", 4, at - timedelta(microseconds=1)) == []
        assert next_attempt_after(now) == at
        assert not anything_due(now)
        assert anything_due(at)
        assert len(claim("w", 4, at)) == 1

    def test_what_people_owe_is_not_the_workers(self, now: datetime) -> None:
        owe([Owed(kind="look", subject="item:1", by=By.PEOPLE, due_at=now)], now=now, cause="report:1")
        assert not anything_due(now)
        assert claim("w", 4, now) == []

    def test_a_lease_that_ran_out_is_claimed_anew(self, now: datetime) -> None:
        owed(now)
        claim("w", 4, now)
        [row] = claim("w", 4, now + LEASE)
        assert row.attempt == 2

    def test_of_one_item_only_one_wish_is_in_hand(self, now: datetime) -> None:
        owed(now, "hide")
        owed(now + timedelta(seconds=1), "restore")
        later = now + timedelta(seconds=2)
        [first] = claim("w", 4, later)
        assert first.kind == "hide"
        assert claim("w", 4, later) == []
        keep(first, now=later, proof_entry_id=1)
        assert [row.kind for row in claim("w", 4, later)] == ["restore"]

    def test_other_work_on_the_same_item_goes_on_beside_it(self, now: datetime) -> None:
        owed(now, "hide")
        owed(now, "find_copies")
        assert [row.kind for row in claim("w", 4, now)] == ["hide", "find_copies"]

    def test_one_platform_takes_at_most_its_share(self, now: datetime) -> None:
        for number in range(20):
            owed(now, subject=f"item:{number}", platform="slow")
        owed(now + timedelta(seconds=1), subject="item:99", platform="sample")
        later = now + timedelta(seconds=1)
        room = Room(per_platform=3, in_hand={"slow": 1})
        assert [row.platform for row in claim("w", 6, later, room=room)] == ["slow", "slow", "sample"]
        full = Room(per_platform=3, in_hand={"slow": 3, "sample": 1})
        assert claim("w", 6, later, room=full) == []

    def test_what_calls_no_platform_has_no_share(self, now: datetime) -> None:
        for number in range(4):
            owed(now, "find_copies", f"item:{number}")
        assert len(claim("w", 4, now, room=Room(per_platform=1, in_hand={"": 7}))) == 4

    def test_retries_take_only_the_room_given_to_them(self, now: datetime) -> None:
        for number in range(5):
            change(owed(now, subject=f"item:{number}"), urgency=2)
        assert claim("w", 5, now, room=Room(retries=0)) == []
        assert len(claim("w", 5, now, room=Room(retries=2))) == 2

    def test_no_thread_is_free(self, now: datetime) -> None:
        owed(now)
        assert claim("w", 0, now) == []

    def test_clearing_leases_lets_all_be_claimed_again(self, now: datetime) -> None:
        owed(now)
        claim("w", 4, now)
        assert clear_leases() == 1
        assert len(claim("w", 4, now)) == 1


@pytest.mark.django_db
class TestFailed:
    def test_a_failed_attempt_becomes_a_retry_later(self, now: datetime) -> None:
        owed(now)
        [row] = claim("w", 4, now)
        assert failed(row.pk, row.attempt, "PlatformUnreachable", now)
        row.refresh_from_db()
        assert (row.urgency, row.lease_until, row.last_error) == (2, None, "PlatformUnreachable")
        assert now + timedelta(seconds=0.5) <= row.next_attempt_at <= now + timedelta(seconds=1)
        assert row.state == "owed"

    def test_a_stale_attempt_changes_nothing(self, now: datetime) -> None:
        owed(now)
        [row] = claim("w", 4, now)
        [newer] = claim("w", 4, now + LEASE)
        before = Obligation.objects.values().get()
        assert not failed(row.pk, row.attempt, "too late", now)
        assert Obligation.objects.values().get() == before
        assert failed(newer.pk, newer.attempt, "in time", now)

    def test_an_attempt_that_fails_after_it_was_kept_changes_nothing(self, now: datetime) -> None:
        owed(now)
        [row] = claim("w", 4, now)
        keep(row, now=now, proof_entry_id=1)
        assert not failed(row.pk, row.attempt, "hung", now)
        row.refresh_from_db()
        assert row.state == "kept"

    def test_a_long_error_is_cut(self, now: datetime) -> None:
        owed(now)
        [row] = claim("w", 4, now)
        failed(row.pk, row.attempt, "x" * 5000, now)
        row.refresh_from_db()
        assert len(row.last_error) == 300


@given(st.integers(1, 10_000))
def test_the_wait_doubles_up_to_five_minutes(attempt: int) -> None:
    longest = min(300.0, 2.0 ** min(attempt - 1, 20))
    assert longest / 2 <= wait_after(attempt).total_seconds() <= longest


def test_nothing_is_claimed_twice_by_threads_at_once(
    now: datetime, committing: Callable[[list[Callable[[], Any]]], list[Any]]
) -> None:
    with transaction.atomic():
        owe(
            [
                Owed(kind=kind, subject=f"item:{number}", by=By.WORKER, due_at=now)
                for number in range(30)
                for kind in ("hide", "restore", "find_copies")
            ],
            now=now,
            cause="report:1",
        )

    def claim_until_empty() -> list[tuple[str, str, int]]:
        taken = []
        while rows := claim("w", 4, now):
            taken += [(row.kind, row.subject, row.attempt) for row in rows]
        return taken

    results = committing([claim_until_empty] * 4)
    taken = [one for result in results for one in result]
    assert len(taken) == len(set(taken)) == 60
    assert {attempt for _, _, attempt in taken} == {1}
    wishes = [subject for kind, subject, _ in taken if kind in ("hide", "restore")]
    assert len(wishes) == len(set(wishes)) == 30, "one wish in hand for each item"


def test_a_long_queue_that_the_database_knows_nothing_of_is_claimed_from_at_once(
    fresh_database: object, now: datetime
) -> None:
    for first in range(0, 2000, 400):
        with transaction.atomic():
            owe(
                [
                    Owed(kind="hide", subject=f"item:{n}", by=By.WORKER, due_at=now, platform="sample")
                    for n in range(first, first + 400)
                ],
                now=now,
                cause="report:1",
            )
    began = time.monotonic()
    for _ in range(3):
        assert len(claim("w", 2, now, room=Room(retries=3, per_platform=3, in_hand={"sample": 1}))) == 2
    assert time.monotonic() - began < 2.0, "a plan that reads the table for each row takes 4 s for one claim"
