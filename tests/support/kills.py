"""A worker that is killed again and again, each time a little later, until it is done."""

import os
import signal
from collections.abc import Callable

from django.db import connections

from answerable.db import crash


def killed_until_done(turn: Callable[[], object], *, latest: int, most: int = 300) -> int:
    """How often a child was killed before one came to its end, where `turn` has no more to do.

    Each child takes turns until it reaches one of the crash points 2 to `latest` + 1, in order. A child that fails
    otherwise fails the test.
    """
    kills = 0
    while kills < most:
        connections.close_all()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                with crash.arm(crash.killing_at(f"*:{2 + kills % latest}")):
                    while turn():
                        pass
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == 0:
            break
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
        kills += 1
    return kills
