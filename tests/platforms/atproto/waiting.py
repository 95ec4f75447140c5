"""Waiting for what the network does by itself."""

import time
from collections.abc import Callable


def until(true: Callable[[], bool], seconds: float = 15.0, what: str = "it") -> float:
    """Seconds until something is so: the network works by itself, and has no other sign."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"{what} did not become so in {seconds:.0f} s"
        time.sleep(0.02)
    return time.monotonic() - began
