"""Django application `policy`."""

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    """Registers this package with Django."""

    name = "answerable.policy"
    label = "policy"
