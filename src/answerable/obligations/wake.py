"""How the worker learns at once that something is owed, on either database.

Both bodies return when something was committed, when `poke()` is called in this process, or when the time
is up. Neither depends on the other process doing more than commit: a lost signal costs at most the wait.
"""

import contextlib
import os
import select
import sqlite3
import threading
import time
from typing import Final, Protocol

import psycopg
import structlog
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.conninfo import make_conninfo

CHANNEL: Final = "owed"
LOOK_EVERY_SECONDS: Final = 0.010
"""One hundredth of a core; a commit is seen after 11 ms at p99."""

log = structlog.get_logger(__name__)


def notify(connection: BaseDatabaseWrapper) -> None:
    """Tell listening workers when this transaction commits. On SQLite they see every commit themselves."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")


class Waker(Protocol):
    """Waits for work, in one thread; `poke` may be called from any."""

    def wait(self, seconds: float) -> None:
        """Return after `seconds`, or earlier when there may be work."""

    def poke(self) -> None:
        """End a wait from within this process, or the next one at once."""

    def close(self) -> None:
        """Let go of the database."""


def waker(connection: BaseDatabaseWrapper) -> Waker:
    """The waker for that database, on a connection of its own."""
    settings = connection.settings_dict
    if connection.vendor == "postgresql":
        return PostgresWaker(
            make_conninfo(
                dbname=settings["NAME"],
                user=settings["USER"],
                password=settings["PASSWORD"] or None,
                host=settings["HOST"] or None,
                port=settings["PORT"] or None,
            )
        )
    return SqliteWaker(str(settings["NAME"]))


class SqliteWaker:
    """Looks every 10 ms whether any other connection, of whatever process, has committed."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._poked = threading.Event()
        self._seen = self._version()

    def wait(self, seconds: float) -> None:
        """See Waker."""
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            if self._poked.wait(min(LOOK_EVERY_SECONDS, left)):
                break
            if (version := self._version()) != self._seen:
                self._seen = version
                break
        self._poked.clear()

    def poke(self) -> None:
        """See Waker."""
        self._poked.set()

    def close(self) -> None:
        """See Waker."""
        self._connection.close()

    def _version(self) -> int:
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version


class PostgresWaker:
    """Listens on a connection outside Django; one that breaks is opened again."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: psycopg.Connection | None = None
        self._poked, self._poke = os.pipe()
        os.set_blocking(self._poked, False)
        os.set_blocking(self._poke, False)
        self._listen()

    def wait(self, seconds: float) -> None:
        """See Waker."""
        try:
            connection = self._connection
            if connection is None:
                self._listen()
                return  # whatever was committed while nobody listened is looked for now
            ready, _, _ = select.select([connection.fileno(), self._poked], [], [], max(0.0, seconds))
            if connection.fileno() in ready:
                for _notice in connection.notifies(timeout=0):
                    pass
        except psycopg.Error as error:
            log.warning("the database does not answer", error=type(error).__name__)
            self._drop()
            select.select([self._poked], [], [], max(0.0, min(seconds, 1.0)))
        with contextlib.suppress(BlockingIOError):
            os.read(self._poked, 4096)

    def poke(self) -> None:
        """See Waker."""
        with contextlib.suppress(BlockingIOError):  # the pipe is full: it is poked already
            os.write(self._poke, b"!")

    def close(self) -> None:
        """See Waker."""
        self._drop()
        os.close(self._poked)
        os.close(self._poke)

    def _listen(self) -> None:
        connection = psycopg.connect(self._conninfo, autocommit=True, connect_timeout=5)
        connection.execute(f"LISTEN {CHANNEL}")
        self._connection = connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
