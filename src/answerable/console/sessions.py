"""Staff sessions in the database, deleted inside a transaction as every write here has to be."""

from typing import Any

from django.contrib.sessions.backends import db
from django.db import transaction


class SessionStore(db.SessionStore):
    """Django's own, but `delete` opens a transaction: the database guard refuses a write without one."""

    def delete(self, session_key: str | None = None) -> None:
        """Delete this session, or the named one."""
        with transaction.atomic():
            super().delete(session_key)

    @classmethod
    def get_model_class(cls) -> Any:
        """The table of Django's own sessions."""
        return db.SessionStore.get_model_class()
