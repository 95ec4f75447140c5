"""Waking on PostgreSQL: a connection that listens. See `answerable.obligations.wake`."""

import contextlib
import os
import select
from collections.abc import Mapping
from typing import Any

import psycopg
import structlog
from psycopg.conninfo import make_conninfo

from answerable.obligations.wake import CHANNEL

log = structlog.get_logger(__name__)


class PostgresWaker:
    """Listens on a connection outside Django; one that breaks is opened again."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """`settings` as Django has them for that database. Raises psycopg.Error when it doesn't answer."""
        self._conninfo = make_conninfo(
            dbname=settings["NAME"],
            user=settings["USER"],
            password=settings["PASSWORD"] or None,
            host=settings["HOST"] or None,
            port=settings["PORT"] or None,
        )
        self._connection: psycopg.Connection | None = None
        self._poked, self._poke = os.pipe()
        os.set_blocking(self._poked, False)
        os.set_blocking(self._poke, False)
        self._listen()

    def wait(self, seconds: float) -> None:
        """See `wake.Waker`."""
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
        """See `wake.Waker`."""
        with contextlib.suppress(BlockingIOError):  # the pipe is full: it is poked already
            os.write(self._poke, b"!")

    def close(self) -> None:
        """See `wake.Waker`."""
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
