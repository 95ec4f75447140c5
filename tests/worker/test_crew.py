"""The crew's short queue: what is claimed ahead waits in order, never for long, and goes back unbegun."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from answerable import clock
from answerable.obligations import attempts
from answerable.obligations.models import Obligation
from answerable.worker import crew as crews
from answerable.worker.crew import Crew
from answerable.worker.loop import _put_back
from tests.support.desks import Desk
from tests.worker.conftest import calls, owe_now, states, until, worker_thread

NOW = datetime(2026, 12, 1, tzinfo=UTC)


class Work:
    """Handlers that go on only when they are let."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.go = threading.Semaphore(0)

    def __call__(self, obligation: Obligation) -> None:
        self.begun.append(obligation.pk)
        assert self.go.acquire(timeout=20)


@pytest.fixture
def work() -> Iterator[Work]:
    """A handler of the test's own; whatever still waits at the end goes on."""
    held = Work()
    yield held
    held.go.release(1000)


def one(number: int, *, platform: str = "", urgency: int = 1) -> Obligation:
    """An obligation that nothing but the crew sees."""
    return Obligation(
        pk=number,
        kind="hide",
        platform=platform,
        urgency=urgency,
        next_attempt_at=NOW + timedelta(seconds=number),
    )


def crew_of(threads: int, work: Work) -> Crew:
    return Crew(threads, work, lambda _: 10.0, lambda: None)


def test_what_waits_is_begun_by_urgency_without_a_new_claim(work: Work) -> None:
    crew = crew_of(2, work)
    crew.give([one(1), one(2), one(4), one(3, urgency=0)])
    until(lambda: len(work.begun) == 2, "two are begun")
    assert set(work.begun) == {3, 1}
    work.go.release(2)
    until(lambda: len(work.begun) == 4, "the others follow")
    assert set(work.begun[2:]) == {2, 4}
    work.go.release(2)
    assert crew.leave(5) == []


def test_no_more_is_claimed_while_enough_waits(work: Work) -> None:
    crew = crew_of(4, work)
    assert crew.wanted == 8
    crew.give([one(number) for number in range(8)])
    until(lambda: len(work.begun) == 4, "four are begun")
    assert crew.wanted == 0
    work.go.release(2)
    until(lambda: len(work.begun) == 6, "two more are begun")
    assert crew.wanted == 2
    work.go.release(6)
    until(lambda: crew.wanted == 8, "all are done")


def test_a_platform_that_hangs_keeps_half_of_the_threads_at_most(work: Work) -> None:
    crew = crew_of(4, work)
    crew.give([one(number, platform="slow") for number in range(4)])
    until(lambda: len(work.begun) == 2, "two threads are begun")
    room = crew.room()
    assert room.full == ["slow"]
    crew.give([one(10, platform="sample"), one(11, platform="sample")])
    until(lambda: len(work.begun) == 4, "the other platform is served")
    assert {10, 11} <= set(work.begun)


def test_what_waits_too_long_goes_back(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    crew = crew_of(2, work)
    crew.give([one(1, platform="slow"), one(2, platform="slow")])
    assert crew.take_back_stale() == []
    monkeypatch.setattr(crews, "LONGEST_IN_QUEUE_SECONDS", 0.0)
    assert [left.pk for left in crew.take_back_stale()] == [2]
    assert crew.take_back_stale() == []


def test_who_leaves_finishes_what_is_begun_and_gives_back_the_rest(work: Work) -> None:
    crew = crew_of(1, work)
    crew.give([one(1), one(2)])
    until(lambda: work.begun == [1], "the first is begun")
    work.go.release(5)
    unbegun = crew.leave(5)
    assert [left.pk for left in unbegun] in ([2], [])
    assert len(work.begun) + len(unbegun) == 2


def test_what_was_given_back_is_no_failure_and_due_at_once(desk: Desk) -> None:
    owe_now("hide", "item:1", "item:2")
    _put_back(attempts.claim("leaving", 2, clock.now()))
    assert set(Obligation.objects.values_list("attempt", "urgency", "lease_until")) == {(0, 0, None)}
    with worker_thread():
        until(lambda: states() == ["kept"] * 2, "both are kept")
    assert sorted(calls(desk)) == ["hide item:1 1", "hide item:2 1"]


def test_a_claim_that_another_worker_took_over_is_not_given_back(desk: Desk) -> None:
    owe_now("hide", "item:1")
    now = clock.now()
    mine = attempts.claim("slow", 1, now)
    [theirs] = attempts.claim("quick", 1, now + attempts.LEASE)
    _put_back(mine)
    row = Obligation.objects.get()
    assert (row.attempt, row.lease_until) == (theirs.attempt, theirs.lease_until)
