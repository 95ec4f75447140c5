"""Django application `audit`."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Registers this package with Django."""

    name = "answerable.audit"
    label = "audit"
