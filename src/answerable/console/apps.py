"""Django application `console`."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Registers this package with Django, and has sign-ins noted in the audit log."""

    name = "answerable.console"
    label = "console"

    def ready(self) -> None:
        """Listen to sign-ins."""
        from answerable.console import signing_in  # noqa: PLC0415  models are loaded by now

        signing_in.listen()
