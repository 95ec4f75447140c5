"""The worker's loop: claim what is due, hand it to the crew, wake up when there is more."""

import threading
import time
from pathlib import Path
from typing import Final

import structlog
from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import connection, transaction

from answerable import clock
from answerable.db import triggers
from answerable.obligations.attempts import anything_due, claim, next_attempt_after, put_back
from answerable.obligations.models import Obligation
from answerable.obligations.wake import Waker, waker
from answerable.platforms import watching
from answerable.settings.config import config
from answerable.worker import chores, heartbeat, parties, place, sequencing
from answerable.worker.attempt import attempt, deadline_seconds, give_back
from answerable.worker.crew import Crew

LONGEST_WAIT_SECONDS: Final = 1.0
LEAVE_WITHIN_SECONDS: Final = 10.5
STALLED_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


class HandlerTooSlow(Exception):
    """The handler was still busy at its deadline, and was given up."""


def run(stop: threading.Event, name: str = "worker") -> None:
    """Work until `stop` is set, then finish what is in hand. `name` stands in the log.

    Raises TriggersMissing and WorkerRunsAlready at the start; TooManyHang when only a new process helps.
    """
    parties.register()
    parties.warm()
    triggers.refuse_without(connection)
    data = Path(settings.DATA)
    with place.taken(data) as cleared:
        log.info("the worker starts", worker=name, leases_cleared=cleared)
        wake = waker(connection)
        try:
            Loop(name, wake, config().worker.threads).run(stop, data)
        finally:
            wake.close()
            heartbeat.end(data)
            connection.close()
    log.info("the worker stopped", worker=name)


class Loop:
    """One worker's crew and its turns."""

    def __init__(self, name: str, wake: Waker, threads: int) -> None:
        self._name = name
        self._wake = wake
        self._crew = Crew(threads, attempt, deadline_seconds, wake.poke)
        self._turned_at = time.monotonic()

    def run(self, stop: threading.Event, data: Path) -> None:
        """Turn until `stop`, with the sequencer and the chores beside."""
        ending = threading.Event()
        own_chores = chores.chores(lambda: self._beat(data))
        beside = [
            threading.Thread(target=sequencing.run, args=(ending,), name="sequencer", daemon=True),
            threading.Thread(target=chores.run, args=(ending, own_chores), name="chores", daemon=True),
            threading.Thread(
                target=chores.run, args=(ending, chores.slow_chores()), name="slow chores", daemon=True
            ),
            threading.Thread(
                target=chores.run, args=(ending, chores.drafting_chores()), name="drafts", daemon=True
            ),
            threading.Thread(
                target=chores.run, args=(ending, chores.sending_chores()), name="files", daemon=True
            ),
            threading.Thread(
                target=chores.run, args=(ending, chores.evidence_chores()), name="evidence", daemon=True
            ),
            threading.Thread(
                target=chores.run, args=(ending, chores.searching_chores()), name="searching", daemon=True
            ),
            *(
                threading.Thread(
                    target=watching.run, args=(ending, one), name=f"watch {one.name}", daemon=True
                )
                for one in watching.watched()
            ),
        ]
        threading.Thread(target=self._poke_at, args=(stop,), name="stop", daemon=True).start()
        for thread in beside:
            thread.start()
        try:
            _commit_claims_without_waiting_for_the_disk()
            while not stop.is_set():
                self._turn(stop)
        finally:
            _put_back(self._crew.leave(LEAVE_WITHIN_SECONDS))
            ending.set()
            for thread in beside:
                thread.join(LEAVE_WITHIN_SECONDS)

    def _turn(self, stop: threading.Event) -> None:
        self._turned_at = time.monotonic()
        try:
            for obligation in self._crew.overrun():
                give_back(obligation, HandlerTooSlow(HandlerTooSlow.__doc__))
            _put_back(self._crew.take_back_stale())
            if not self._claim():
                self._wake.wait(self._seconds_to_wait())
        except DatabaseFault as error:
            log.error("the database does not answer", exc_info=error)
            connection.close()
            stop.wait(LONGEST_WAIT_SECONDS)

    def _claim(self) -> bool:
        now = clock.now()
        wanted = self._crew.wanted
        if not wanted or not anything_due(now):
            return False
        claimed = claim(self._name, wanted, now, room=self._crew.room())
        self._crew.give(claimed)
        return bool(claimed)

    def _seconds_to_wait(self) -> float:
        waits = [LONGEST_WAIT_SECONDS, self._crew.seconds_to_next_deadline()]
        now = clock.now()
        if self._crew.wanted and (at := next_attempt_after(now)) is not None:
            waits.append((at - now).total_seconds())
        return max(0.0, min(waits))

    def _beat(self, data: Path) -> None:
        if time.monotonic() - self._turned_at < STALLED_SECONDS:
            heartbeat.beat(data, len(self._crew.in_hand))

    def _poke_at(self, stop: threading.Event) -> None:
        stop.wait()
        self._wake.poke()


def _put_back(unbegun: list[Obligation]) -> None:
    """Let others claim what was claimed here and never begun."""
    if unbegun:
        with transaction.atomic():
            put_back(unbegun)


def _commit_claims_without_waiting_for_the_disk() -> None:
    """On SQLite, of this thread's connection, which writes nothing but claims and failed attempts.

    A claim that a power loss undoes is made again. What closes obligations is committed elsewhere, in full.
    """
    if connection.vendor == "sqlite":
        connection.waits_for_the_disk = False  # type: ignore[attr-defined]  # our own backend
