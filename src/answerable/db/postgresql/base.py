"""PostgreSQL as Django has it, with crash points at each commit and no transaction past a deadline."""

from django.db.backends.postgresql import base as django_postgresql

from answerable.db import crash, deadline


class DatabaseWrapper(django_postgresql.DatabaseWrapper):
    """Django's PostgreSQL; see `answerable.db.crash` and `answerable.db.deadline`."""

    def _set_autocommit(self, autocommit: bool) -> None:
        if not autocommit:
            deadline.check()
        super()._set_autocommit(autocommit)

    def _commit(self) -> None:
        crash.point("commit")
        super()._commit()
        crash.point("committed")
