"""Slowing down those who try codes, without knowing who they are and without locking anybody out.

One bucket for the whole process: every wrong code takes a token, and tokens grow back. While it is empty
each attempt, right or wrong, waits a little *before* the code is looked up, so that the wait tells nothing.
Waiting is bounded in time and in how many wait at once: reports must never queue behind it, and a flood of
wrong codes must not close the page to the people whose page it is. What keeps codes safe is their length.
"""

import threading
import time
from collections.abc import Callable

import structlog

CAPACITY = 20
TOKENS_PER_SECOND = 0.5
LONGEST_WAIT_SECONDS = 2.0
WAITING_AT_ONCE = 2

_log = structlog.get_logger(__name__)


class Slowing:
    """The bucket. `clock` gives seconds that only grow; `sleep` waits for some."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tokens = float(CAPACITY)
        self._at = clock()
        self._waiting = threading.BoundedSemaphore(WAITING_AT_ONCE)

    def wait(self) -> float:
        """Wait as long as the bucket asks for; the seconds waited. Call it before looking a code up."""
        with self._lock:
            self._refill()
            missing = max(0.0, 1.0 - self._tokens)
        seconds = min(LONGEST_WAIT_SECONDS, missing / TOKENS_PER_SECOND)
        if seconds <= 0 or not self._waiting.acquire(blocking=False):
            return 0.0
        try:
            self._sleep(seconds)
        finally:
            self._waiting.release()
        return seconds

    def wrong(self) -> None:
        """A code opened nothing."""
        with self._lock:
            self._refill()
            was_full = self._tokens >= 1
            self._tokens = max(-float(CAPACITY), self._tokens - 1)
            emptied = was_full and self._tokens < 1
        if emptied:
            _log.warning("many_wrong_codes", advice="limit attempts on /status at your proxy while it lasts")

    def _refill(self) -> None:
        now = self._clock()
        self._tokens = min(float(CAPACITY), self._tokens + (now - self._at) * TOKENS_PER_SECOND)
        self._at = now


slowing = Slowing()
