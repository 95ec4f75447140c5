"""Django application `matching`."""

from django.apps import AppConfig


class MatchingConfig(AppConfig):
    """Registers this package with Django."""

    name = "answerable.matching"
    label = "matching"
