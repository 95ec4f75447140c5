"""A hard deadline for the work of one thread: past it, the thread can't begin another transaction.

A thread that hangs in an outside call can't be stopped from outside. It can be given up, and what it does
when it wakes up an hour later must change nothing: every transaction asks `check()` before it begins.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_here = threading.local()


class DeadlinePassed(Exception):
    """The work took longer than it may. Its obligation was already given back and is tried again."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give the calling thread `seconds` for the work inside. An outer, earlier deadline stays."""
    outer: float | None = getattr(_here, "ends_at", None)
    ends_at = time.monotonic() + seconds
    _here.ends_at = ends_at if outer is None else min(outer, ends_at)
    try:
        yield
    finally:
        _here.ends_at = outer


def remaining_seconds(at_most: float) -> float:
    """The time left for an outside call: `at_most` where there is no deadline. Raises DeadlinePassed."""
    check()
    ends_at: float | None = getattr(_here, "ends_at", None)
    return at_most if ends_at is None else max(0.001, min(at_most, ends_at - time.monotonic()))


def check() -> None:
    """Raises DeadlinePassed when the calling thread has used up its time."""
    ends_at: float | None = getattr(_here, "ends_at", None)
    if ends_at is not None and time.monotonic() > ends_at:
        raise DeadlinePassed
