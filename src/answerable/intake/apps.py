"""Django application `intake`."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """Registers this package with Django."""

    name = "answerable.intake"
    label = "intake"
