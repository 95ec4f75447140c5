"""The threads that keep obligations, each under a hard deadline, and a short queue of what they do next.

Claiming costs about as much as a whole attempt, so under load several are claimed at once: what no thread takes yet
waits here, the most urgent first, as many as there are threads at most and never for long.

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
LONGEST_IN_QUEUE_SECONDS: Final = 3.0
"""Whatever waits longer (behind a platform that hangs) goes back, long before its lease ends."""
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


@dataclass(frozen=True, slots=True)
class Waiting:
    """One obligation that was claimed, and when. Seconds of `time.monotonic`."""

    obligation: Obligation
    since: float


class Crew:
    """A fixed number of threads. Only the loop's thread calls its methods.

    `done` is called from any thread, when more is wanted.
    """

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
        self._lock = threading.Lock()
        self._waiting: list[Waiting] = []
        self._hands = [self._hire() for _ in range(threads)]
        self._given_up: list[Hand] = []

    @property
    def in_hand(self) -> list[Obligation]:
        """What is being worked on."""
        return [hand.obligation for hand in self._hands if hand.obligation is not None]

    @property
    def wanted(self) -> int:
        """How many obligations to claim now: none while enough of them wait for the threads that are busy."""
        with self._lock:
            taken = len(self.in_hand) + len(self._waiting)
            enough = len(self._waiting) > self._size // 2
        return 0 if enough else max(0, 2 * self._size - taken)

    def room(self) -> Room:
        """Half the threads never take a retry; at most half work for one platform, and as many wait for them."""
        with self._lock:
            mine = [*self.in_hand, *(one.obligation for one in self._waiting)]
        return Room(
            retries=self._size // 2 - sum(one.urgency >= RETRY for one in mine),
            per_platform=2 * self._most_for_a_platform,
            in_hand=Counter(one.platform for one in mine if one.platform),
        )

    def give(self, obligations: Iterable[Obligation]) -> None:
        """Hand them out, the most urgent first; what no thread can take yet waits. At most as many as `wanted`."""
        now = time.monotonic()
        with self._lock:
            self._waiting += [Waiting(obligation, now) for obligation in obligations]
            self._waiting.sort(key=_urgency)
            for hand in self._hands:
                if hand.obligation is None and not self._put_into(hand):
                    break

    def take_back_stale(self) -> list[Obligation]:
        """What waited too long, and waits no more: it is to be given back."""
        oldest = time.monotonic() - LONGEST_IN_QUEUE_SECONDS
        with self._lock:
            stale = [one.obligation for one in self._waiting if one.since < oldest]
            self._waiting = [one for one in self._waiting if one.since >= oldest]
        return stale

    def seconds_to_next_deadline(self) -> float:
        """When `overrun` or `take_back_stale` has to look again."""
        with self._lock:
            ends = [hand.ends_at for hand in self._hands if hand.obligation is not None]
            ends += [one.since + LONGEST_IN_QUEUE_SECONDS for one in self._waiting]
        return max(0.0, min(ends) - time.monotonic()) if ends else float("inf")

    def overrun(self) -> list[Obligation]:
        """What is past its deadline: its threads are given up and replaced. Raises TooManyHang."""
        late = []
        with self._lock:
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
                    self._put_into(self._hands[place])
        self._given_up = [hand for hand in self._given_up if hand.thread.is_alive()]
        if len(self._given_up) >= MOST_GIVEN_UP:
            raise TooManyHang(TooManyHang.__doc__)
        return late

    def leave(self, within_seconds: float) -> list[Obligation]:
        """Let each thread finish what it has in hand, for so long; then go without them. Gives what nobody began."""
        with self._lock:
            unbegun = [one.obligation for one in self._waiting]
            self._waiting = []
        for hand in self._hands:
            hand.queue.put(None)
        ends_at = time.monotonic() + within_seconds
        for hand in self._hands:
            hand.thread.join(max(0.0, ends_at - time.monotonic()))
        return unbegun

    @property
    def _most_for_a_platform(self) -> int:
        return (self._size + 1) // 2

    def _put_into(self, hand: Hand) -> bool:
        """Give a free hand the most urgent that waits and whose platform has room. Call it with the lock."""
        busy = Counter(one.platform for one in self.in_hand if one.platform)
        full = {name for name, count in busy.items() if count >= self._most_for_a_platform}
        for place, one in enumerate(self._waiting):
            if one.obligation.platform not in full:
                del self._waiting[place]
                hand.ends_at = time.monotonic() + self._deadline_seconds(one.obligation) + GRACE_SECONDS
                hand.obligation = one.obligation
                hand.queue.put(one.obligation)
                return True
        return False

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
                with self._lock:
                    hand.obligation = None
                    if not hand.given_up:
                        self._put_into(hand)
                    enough = len(self._waiting) > self._size // 2
                if not enough:
                    self._done()


def _urgency(one: Waiting) -> tuple[int, float, int]:
    return one.obligation.urgency, one.obligation.next_attempt_at.timestamp(), one.obligation.pk
