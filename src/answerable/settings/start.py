"""Getting Django ready in a process that is neither door: the command line, the worker, the supervisor."""

import os

DESK = "answerable.settings.desk"


def prepare(settings: str = DESK) -> None:
    """Load the configuration and every application. Raises ConfigError, PermissionError."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings)
    import django  # noqa: PLC0415  heavy: only a command that needs the desk pays for it

    django.setup()
