"""Crash points: the places where a test kills a process, to prove that nothing is lost.

`point("name")` stands at every commit (before and after) and at every call outside. It does nothing unless
a test armed it: with `arm(hook)` in this process, or for a process that it starts with
`ANSWERABLE_CRASH_AT=name:3` (killed as if by `kill -9` at the third such point; `*:17` at the 17th of any
name). A desk whose `environment` isn't `test` ignores the variable.
"""

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from answerable.settings.config import ConfigError, config

VARIABLE = "ANSWERABLE_CRASH_AT"

Hook = Callable[[str], None]
_hook: Hook | None = None


def point(name: str) -> None:
    """A place where a test may end the process."""
    if _hook is not None:
        _hook(name)


@contextmanager
def arm(hook: Hook) -> Iterator[None]:
    """Call `hook(name)` at every point of this process, in the thread that reached it."""
    global _hook  # noqa: PLW0603  one process, one hook
    before, _hook = _hook, hook
    try:
        yield
    finally:
        _hook = before


def killing_at(where: str) -> Hook:
    """A hook that kills this process at the n-th point of a name, given as `name:n`. Raises ValueError."""
    name, _, number = where.rpartition(":")
    if not name or not number.isdigit() or number == "0":
        raise ValueError(f"{VARIABLE} is a point and a number from 1, such as commit:3, not {where!r}.")
    passed = itertools.count(1)

    def kill(reached: str) -> None:
        if name in ("*", reached) and next(passed) == int(number):
            os.kill(os.getpid(), signal.SIGKILL)

    return kill


def arm_from_environment() -> None:
    """Arm this process for good as the environment says. Only for desks of tests."""
    global _hook  # noqa: PLW0603
    where = os.environ.get(VARIABLE)
    if not where:
        return
    try:
        of_a_test = config().environment == "test"
    except ConfigError:
        return
    if of_a_test:
        _hook = killing_at(where)
