"""Django application `obligations`."""

from django.apps import AppConfig


class ObligationsConfig(AppConfig):
    """Registers this package with Django."""

    name = "answerable.obligations"
    label = "obligations"
