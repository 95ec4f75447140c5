"""Django application `api`."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Registers this package with Django."""

    name = "answerable.api"
    label = "api"
