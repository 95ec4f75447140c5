"""The worker's place: who may work, and whether the leases in the table belong to anybody alive.

On SQLite one worker runs on the machine: it holds a lock file, so that every lease it finds at its start is
of a dead one. On PostgreSQL workers run side by side, each holding a shared advisory lock; one that finds
itself alone knows the same. Thus a kill costs a restart, not the rest of a lease.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from django.db import connection, transaction

from answerable.obligations.attempts import clear_leases

LOCK_NAME: Final = "worker.lock"
ALIVE: Final = 0x776F726B
"""PostgreSQL advisory lock, shared by all workers of a desk."""


class WorkerRunsAlready(Exception):
    """Another worker already runs on this desk: on SQLite there can be only one."""


@contextmanager
def taken(data: Path) -> Iterator[int]:
    """Work, in this process, for as long as the block lasts. Gives how many dead leases were cleared.

    Raises WorkerRunsAlready.
    """
    with _on_postgresql() if connection.vendor == "postgresql" else _on_one_machine(data) as cleared:
        yield cleared


def _clear() -> int:
    with transaction.atomic():
        return clear_leases()


@contextmanager
def _on_one_machine(data: Path) -> Iterator[int]:
    path = data / LOCK_NAME
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkerRunsAlready(f"{WorkerRunsAlready.__doc__} It is process {file.read()}.") from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield _clear()


@contextmanager
def _on_postgresql() -> Iterator[int]:
    # A connection of its own, outside Django: the lock lasts exactly as long as this process is connected.
    own = connection.copy()
    with closing(own), own.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ALIVE])
        [alone] = cursor.fetchone()
        cleared = _clear() if alone else 0
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", [ALIVE])
        if alone:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ALIVE])
        yield cleared
