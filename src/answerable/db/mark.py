"""Whether the database changed since a moment ago, for a hundredth of what a query costs.

For what is asked before every answer and changes seldom: which keys are valid, what is known. SQLite keeps a number
that another connection's commit changes (`PRAGMA data_version`), and counts what this connection wrote
(`total_changes`). As long as both stand, whatever was read before still holds; when either moved, it is read again.
"""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Mark = tuple[Any, int, int]


def mark() -> Mark | None:
    """The database as this thread's connection sees it now. The same mark again: nothing changed in between.

    None where that can't be told: on PostgreSQL, and inside a transaction, whose writes may still be undone. Marks
    of different connections never compare equal. Take the mark first, then read what it is to vouch for.
    Raises django.db.Error.
    """
    using = connections[DEFAULT_DB_ALIAS]
    if using.vendor != "sqlite" or using.in_atomic_block:
        return None
    using.ensure_connection()
    with using.wrap_database_errors:
        version = using.connection.execute("PRAGMA data_version").fetchone()
    return using.connection, int(version[0]), int(using.connection.total_changes)
