"""Django application `cases`."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Registers this package with Django."""

    name = "answerable.cases"
    label = "cases"
