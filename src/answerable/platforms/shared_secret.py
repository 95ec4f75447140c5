"""The secrets shared with platforms: files in the data directory, never values in the configuration."""

from pathlib import Path

from django.conf import settings

from answerable.platforms.base import PlatformError, SecretUnusable


def read(name: str, unusable: type[PlatformError] = SecretUnusable, *, encoding: str = "ascii") -> str:
    """What a secret's file holds, without the space around it. Raises `unusable`, naming the file and no more."""
    path = Path(settings.DATA) / name  # an absolute path stays what it is
    try:
        return path.read_text(encoding).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise unusable(f"{path.name}: {type(error).__name__}") from error
