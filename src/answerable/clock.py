"""The one clock. Everything that needs the time of an event takes `now` as an argument or asks here.

A demo may move the clock forward: then `ANSWERABLE_CLOCK_FILE` names a file that holds the offset in
seconds, shared by all its processes. `answerable serve` refuses to start with one.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

CLOCK_FILE_VARIABLE = "ANSWERABLE_CLOCK_FILE"


def offset() -> timedelta:
    """How far the desk's clock stands ahead of the system's. Zero outside a demo."""
    name = os.environ.get(CLOCK_FILE_VARIABLE)
    if not name:
        return timedelta()
    try:
        return timedelta(seconds=float(Path(name).read_text() or "0"))
    except FileNotFoundError:
        return timedelta()


def now() -> datetime:
    """The desk's time, UTC, with the demo's offset."""
    return datetime.now(UTC) + offset()


def system_now() -> datetime:
    """The machine's time, UTC. For transport only (signatures, time-outs), never for what is owed."""
    return datetime.now(UTC)
