"""Django application `sample`."""

from django.apps import AppConfig


class SampleConfig(AppConfig):
    """Registers this package with Django."""

    name = "answerable.demo.sample"
    label = "sample"
