"""The worker's own steps in this thread and by the test's clock: claim, attempt, give back, wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections
from structlog.testing import capture_logs

from answerable import clock
from answerable.audit.sequencer import sequence
from answerable.obligations import attempts
from answerable.worker import alarms, parties
from answerable.worker.attempt import attempt

AT_ONCE = 6
MOST_TURNS = 500


class Turns:
    """A worker that takes one obligation after another. Its time moves only when told."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        parties.register()

    def settle(self) -> int:
        """Work until nothing is due at this moment; how many attempts that took."""
        for done in range(MOST_TURNS):
            claimed = attempts.claim("turns", 1, self.now)
            if not claimed:
                while sequence():
                    pass
                return done
            attempt(claimed[0])
        raise AssertionError("the worker never comes to rest")

    def pass_(self, **by: float) -> int:
        """Let time pass without work, then work."""
        self.now += timedelta(**by)
        return self.settle()

    def live(self, **by: float) -> list[datetime]:
        """Let time pass as a worker lives through it, alarms included; the moments at which it worked."""
        ends_at = self.now + timedelta(**by)
        moments: list[datetime] = []
        self.settle()
        while (at := attempts.next_attempt_after(self.now)) is not None and at <= ends_at:
            self.now = at
            self.settle()
            alarms.sound(self.now)
            moments.append(at)
        self.now = ends_at
        self.settle()
        return moments


@contextmanager
def turning(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Turns]:
    """A worker by turns; the whole desk reads its clock."""
    turns = Turns(now)
    monkeypatch.setattr(clock, "now", lambda: turns.now)
    if connection.in_atomic_block:  # a test that is rolled back: its connection must not be exchanged
        monkeypatch.setattr(connections["default"], "close_if_unusable_or_obsolete", lambda: None)
    with capture_logs():  # drawing hundreds of tracebacks takes longer than all the attempts
        yield turns
