"""Whether something keeps this machine's clock right, as its kernel knows it."""

import ctypes
import sys
from typing import Final

TIME_ERROR: Final = 5
"""What adjtimex(2) gives while nothing has set the clock by another one for hours."""
TIMEX_BYTES: Final = 512
"""More than `struct timex` has on any machine; all of it zero asks and changes nothing."""


def clock_state() -> int | None:
    """What adjtimex(2) says: 0 to 4 while something keeps the clock, `TIME_ERROR` where nothing does.

    None: no answer.
    """
    if sys.platform != "linux":
        return None
    state = int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES)))
    return state if state >= 0 else None
