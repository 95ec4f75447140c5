"""Django application `db`."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from answerable.db import crash, guard, triggers


class DbConfig(AppConfig):
    """Registers this package with Django: the guard on every connection, the triggers after every migrate."""

    name = "answerable.db"
    label = "db"

    def ready(self) -> None:
        """Wire what holds for every connection."""
        connection_created.connect(guard.install, dispatch_uid="answerable.db.guard")
        # Sent once per application: this one alone is enough, and comes after all of them have migrated.
        post_migrate.connect(
            triggers.create_after_migrate, sender=self, dispatch_uid="answerable.db.triggers"
        )
        crash.arm_from_environment()
