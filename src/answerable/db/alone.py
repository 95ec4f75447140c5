"""One at a time among processes, for work that must not be done twice and calls outside."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def alone(lock: int) -> Iterator[bool]:
    """Hold a PostgreSQL advisory lock, outside a transaction; gives False when another process holds it.

    On SQLite there is one worker, and nothing to hold.
    """
    if connection.vendor != "postgresql":
        yield True
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        [mine] = cursor.fetchone()
    try:
        yield bool(mine)
    finally:
        if mine and connection.connection is not None:  # a broken connection has let go of it already
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])
