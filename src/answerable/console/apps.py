"""Django application `console`."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Registers this package with Django."""

    name = "answerable.console"
    label = "console"
