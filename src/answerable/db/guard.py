"""A write outside `atomic()` is an error, on both databases.

Such a write would be a transaction of its own: the change without its audit entry and without what it owes.
On SQLite it would also pass by the queue of writers.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

_LEADING = r"\A(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*"
_WRITE = re.compile(
    _LEADING + r"(?:(?:INSERT|UPDATE|DELETE|REPLACE|MERGE|TRUNCATE|COPY)\b"
    r"|WITH\b.*?\b(?:INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|MERGE\s+INTO)\b)",
    re.IGNORECASE | re.DOTALL,
)
# Django notes a migration as applied after the migration's own transaction.
_NOTE_OF_A_MIGRATION = re.compile(r'\A(?:INSERT INTO|DELETE FROM) "django_migrations"')


class WriteOutsideTransaction(Exception):
    """Something wrote to the database outside `transaction.atomic()`: put the change into one command."""

    def __init__(self, sql: str) -> None:
        super().__init__(f"{self.__doc__} The statement was: {' '.join(sql.split()[:4])} ...")


def is_write(sql: str) -> bool:
    """Whether a statement changes rows."""
    return _WRITE.match(sql) is not None


def refuse_write_outside_transaction(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Mapping[str, Any]
) -> Any:
    """Django's execute wrapper. Raises WriteOutsideTransaction."""
    connection: BaseDatabaseWrapper = context["connection"]
    if not connection.in_atomic_block and is_write(sql) and not _NOTE_OF_A_MIGRATION.match(sql):
        raise WriteOutsideTransaction(sql)
    return execute(sql, params, many, context)


def install(connection: BaseDatabaseWrapper, **_signal: object) -> None:
    """Receiver of `connection_created`."""
    if refuse_write_outside_transaction not in connection.execute_wrappers:
        connection.execute_wrappers.append(refuse_write_outside_transaction)
