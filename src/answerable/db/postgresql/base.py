"""PostgreSQL as Django has it, with crash points at each commit and no transaction past a deadline."""

from django.db.backends.postgresql import base as django_postgresql

from answerable.db import crash, deadline


class DatabaseWrapper(django_postgresql.DatabaseWrapper):
    """Django's PostgreSQL; see `answerable.db.crash` and `answerable.db.deadline`."""

    def _set_autocommit(self, autocommit: bool) -> None:
        if not autocommit:
            deadline.check()
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # the stubs leave it out

    def _commit(self) -> None:
        crash.point("commit")
        super()._commit()  # type: ignore[misc]  # the stubs leave it out
        crash.point("committed")
