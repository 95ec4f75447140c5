"""How the worker learns at once that something is owed, on either database."""

from typing import Final

from django.db.backends.base.base import BaseDatabaseWrapper

CHANNEL: Final = "owed"


def notify(connection: BaseDatabaseWrapper) -> None:
    """Tell listening workers when this transaction commits. On SQLite they see every commit themselves."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
