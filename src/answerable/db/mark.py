"""Whether the database changed since a moment ago, for a fraction of what a query costs.

For what is asked before every answer and changes seldom: which keys are valid, what is known. While the mark stands,
whatever was read before still holds; when it moved, it is read again.

SQLite keeps a number that another connection's commit changes (`PRAGMA data_version`), and counts what this connection
wrote (`total_changes`). PostgreSQL says which transactions are done and which are not (`pg_current_snapshot`): the same
answer twice means that the same rows are visible.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Mark = tuple[Any, int | str, int]
_one = threading.local()


def mark() -> Mark | None:
    """The database as this thread's connection sees it now. The same mark again: nothing changed in between.

    None inside a transaction, whose writes may still be undone. Marks of different connections never compare equal.
    Take the mark first, then read what it is to vouch for. Raises django.db.Error.
    """
    using = connections[DEFAULT_DB_ALIAS]
    if using.in_atomic_block:
        return None
    if not getattr(_one, "holds", False):
        return _taken(using)
    if _one.mark is None:
        _one.mark = _taken(using)
    mark: Mark = _one.mark
    return mark


@contextmanager
def one_mark() -> Iterator[None]:
    """Inside, this thread's first mark serves for all: what is answered rests on one moment, after the request came.

    For one short answer that writes nothing which it reads again. The request must have been read to its end before.
    """
    _one.holds, _one.mark = True, None
    try:
        yield
    finally:
        _one.holds, _one.mark = False, None


def _taken(using: Any) -> Mark:
    using.ensure_connection()
    raw = using.connection
    with using.wrap_database_errors:
        if using.vendor == "sqlite":
            return raw, raw.execute("PRAGMA data_version").fetchone()[0], raw.total_changes
        return raw, raw.execute("SELECT pg_current_snapshot()::text", prepare=True).fetchone()[0], 0
