"""Whether the database changed since a moment ago, for a fraction of what a query costs.

For what is asked before every answer and changes seldom: which keys are valid, what is known. While the mark stands,
whatever was read before still holds; when it moved, it is read again.

SQLite keeps a number that another connection's commit changes (`PRAGMA data_version`), and counts what this connection
wrote (`total_changes`). PostgreSQL says which transactions are done and which are not (`pg_current_snapshot`): the same
answer twice means that the same rows are visible.
"""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Mark = tuple[Any, int | str, int]


def mark() -> Mark | None:
    """The database as this thread's connection sees it now. The same mark again: nothing changed in between.

    None inside a transaction, whose writes may still be undone. Marks of different connections never compare equal.
    Take the mark first, then read what it is to vouch for. Raises django.db.Error.
    """
    using = connections[DEFAULT_DB_ALIAS]
    if using.in_atomic_block:
        return None
    using.ensure_connection()
    raw = using.connection
    with using.wrap_database_errors:
        if using.vendor == "sqlite":
            return raw, raw.execute("PRAGMA data_version").fetchone()[0], raw.total_changes
        return raw, raw.execute("SELECT pg_current_snapshot()::text", prepare=True).fetchone()[0], 0
