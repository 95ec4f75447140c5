"""The threads that keep obligations, each under a hard deadline.

A thread that hangs can't be stopped. It is given up: its obligation goes back to be tried again, another
thread takes its place, and whatever it does when it wakes up can't begin a transaction
(`answerable.db.deadline`).
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Final

import structlog

from answerable.obligations.attempts import Room
from answerable.obligations.models import Obligation
from answerable.obligations.owed import RETRY

GRACE_SECONDS: Final = 0.5
"""After its deadline, the time for a thread to say itself that it failed."""
MOST_GIVEN_UP: Final = 32

log = structlog.get_logger(__name__)


class TooManyHang(Exception):
    """So many handlers hang that the worker must start anew: some outside call has no time-out."""


@dataclass(eq=False)
class Hand:
    """One thread and what it has in hand."""

    queue: "SimpleQueue[Obligation | None]" = field(default_factory=SimpleQueue)
    obligation: Obligation | None = None
    ends_at: float = 0.0
    given_up: bool = False
    thread: threading.Thread = field(init=False)


class Crew:
    """A fixed number of threads. Only the loop's thread calls its methods; `done` is called from any."""

    def __init__(
        self,
        threads: int,
        work: Callable[[Obligation], None],
        deadline_seconds: Callable[[Obligation], float],
        done: Callable[[], None],
    ) -> None:
        self._work = work
        self._deadline_seconds = deadline_seconds
        self._done = done
        self._size = threads
        self._hands = [self._hire() for _ in range(threads)]
        self._given_up: list[Hand] = []

    @property
    def in_hand(self) -> list[Obligation]:
        """What is being worked on."""
        return [hand.obligation for hand in self._hands if hand.obligation is not None]

    @property
    def free(self) -> int:
        """How many threads have nothing to do."""
        return self._size - len(self.in_hand)

    def room(self) -> Room:
        """Half the threads never take a retry; at most half work for one platform."""
        now = self.in_hand
        return Room(
            retries=self._size // 2 - sum(one.urgency >= RETRY for one in now),
            per_platform=(self._size + 1) // 2,
            in_hand=Counter(one.platform for one in now if one.platform),
        )

    def give(self, obligations: Iterable[Obligation]) -> None:
        """Put each into a free hand. There are at most `free` of them."""
        free = iter([hand for hand in self._hands if hand.obligation is None])
        for obligation in obligations:
            hand = next(free)
            hand.ends_at = time.monotonic() + self._deadline_seconds(obligation) + GRACE_SECONDS
            hand.obligation = obligation
            hand.queue.put(obligation)

    def seconds_to_next_deadline(self) -> float:
        """When `overrun` has to look again."""
        ends = [hand.ends_at for hand in self._hands if hand.obligation is not None]
        return max(0.0, min(ends) - time.monotonic()) if ends else float("inf")

    def overrun(self) -> list[Obligation]:
        """What is past its deadline: its threads are given up and replaced. Raises TooManyHang."""
        late = []
        for place, hand in enumerate(self._hands):
            obligation = hand.obligation
            dead = not hand.thread.is_alive()
            if dead or (obligation is not None and time.monotonic() > hand.ends_at):
                hand.given_up = True
                self._hands[place] = self._hire()
                self._given_up.append(hand)
                if obligation is not None:
                    log.error("gave up a hanging handler", obligation=obligation.pk, kind=obligation.kind)
                    late.append(obligation)
        self._given_up = [hand for hand in self._given_up if hand.thread.is_alive()]
        if len(self._given_up) >= MOST_GIVEN_UP:
            raise TooManyHang(TooManyHang.__doc__)
        return late

    def leave(self, within_seconds: float) -> None:
        """Let each thread finish what it has in hand, for so long; then go without them."""
        for hand in self._hands:
            hand.queue.put(None)
        ends_at = time.monotonic() + within_seconds
        for hand in self._hands:
            hand.thread.join(max(0.0, ends_at - time.monotonic()))

    def _hire(self) -> Hand:
        hand = Hand()
        # A daemon: a hanging handler doesn't keep the process from ending.
        hand.thread = threading.Thread(target=self._serve, args=(hand,), name="hand", daemon=True)
        hand.thread.start()
        return hand

    def _serve(self, hand: Hand) -> None:
        while not hand.given_up and (obligation := hand.queue.get()) is not None:
            try:
                self._work(obligation)
            finally:
                hand.obligation = None
                self._done()
