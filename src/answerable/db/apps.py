"""Django application `db`."""

from django.apps import AppConfig


class DbConfig(AppConfig):
    """Registers this package with Django."""

    name = "answerable.db"
    label = "db"
