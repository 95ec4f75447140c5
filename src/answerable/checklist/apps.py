"""Django application `checklist`."""

from django.apps import AppConfig


class ChecklistConfig(AppConfig):
    """Registers this package with Django."""

    name = "answerable.checklist"
    label = "checklist"
