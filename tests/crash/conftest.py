"""A desk on a database of its own, a site, and children of this process that are killed at a crash point."""

import contextlib
import os
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction

from answerable.cases.models import Person
from answerable.db import crash
from answerable.media import limits
from answerable.policy import baseline, store
from answerable.worker import parties
from tests.conftest import QUALIFIED
from tests.platforms.conftest import configured, entry, picture, site
from tests.support.desks import Desk
from tests.support.turns import Turns, turning

__all__ = ["configured", "entry", "picture", "site"]


@pytest.fixture
def tmp_path(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is a place for that: `kill -9` takes nothing from a disk that it leaves to memory."""
    if not Path("/dev/shm").is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="answerable-", dir="/dev/shm") as folder:
        yield Path(folder)


@pytest.fixture
def turns(
    fresh_database: Desk, configured: object, settings: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Turns]:
    """A worker by turns on a desk with its people. Files are known by their exact hashes alone.

    (A decoder is a process of its own: starting one in each of hundreds of children is what takes the time.)
    """
    settings.DATA = fresh_database.data
    monkeypatch.setattr(limits, "MAX_IMAGE_BYTES", 0)
    with turning(now, monkeypatch) as worker:
        with transaction.atomic():
            store.activate(baseline(), now)
            for name in ("Ravi", "Rosa", "Lena"):
                Person.objects.create(pseudonym=name, qualifications=QUALIFIED, lead=name == "Lena")
        store.active()  # read and loaded here, children have it for nothing
        parties.warm()
        yield worker


def forked(
    do: Callable[[], None],
    point: int | None = None,
    before: Callable[[], None] | None = None,
    named: str = "*",
    after_seconds: float | None = None,
) -> bool:
    """Do it in a child of this process, killed as if by `kill -9` at its n-th crash point after `before`.

    `named`: of that name only. `after_seconds`: killed then, wherever it is. Whether it was killed; a child that
    fails otherwise fails the test.
    """
    connections.close_all()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if before:
                before()
            with crash.arm(crash.killing_at(f"{named}:{point}")) if point else contextlib.nullcontext():
                do()
            code = 0
        except BaseException:  # noqa: BLE001  this child has nobody else to tell it to
            traceback.print_exc()
        finally:
            os._exit(code)
    if after_seconds is not None:
        time.sleep(after_seconds)
        os.kill(child, signal.SIGKILL)  # it may have ended by itself: its number is kept for `waitpid`
    _, status = os.waitpid(child, 0)
    ended = os.waitstatus_to_exitcode(status)
    assert ended in (0, -signal.SIGKILL), f"the child ended with {ended}: see its traceback"
    return ended != 0
