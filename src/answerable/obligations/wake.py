"""How the worker learns at once that something is owed, on either database.

Both bodies return when something was committed, when `poke()` is called in this process, or when the time
is up. Neither depends on the other process doing more than commit: a lost signal costs at most the wait.
"""

import sqlite3
import threading
import time
from typing import Final, Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

CHANNEL: Final = "owed"
LOOK_EVERY_SECONDS: Final = 0.010
"""One hundredth of a core; a commit is seen after 11 ms at p99."""


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
    if connection.vendor == "postgresql":
        from answerable.obligations.listening import PostgresWaker  # noqa: PLC0415  psycopg is heavy

        return PostgresWaker(connection.settings_dict)
    return SqliteWaker(str(connection.settings_dict["NAME"]))


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
