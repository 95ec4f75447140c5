"""The secrets of hash lists: one line each, in files beside the configuration, mode 0600."""

from pathlib import Path

from answerable.matching.lists.base import SourceError
from answerable.settings.config import data_directory


class SecretUnusable(SourceError):
    """A secret of a hash list can't be read: write it into the file that the configuration names, mode 0600."""


def secret(file: str) -> str:
    """The one line of a secret file; a relative path is in the data directory. Raises SecretUnusable."""
    path = Path(file)
    path = path if path.is_absolute() else data_directory() / path
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretUnusable(f"{path.name}: {type(error).__name__}", retry=False) from error
    if not text or not text.isprintable():
        raise SecretUnusable(f"{path.name}: one line of text is expected", retry=False)
    return text


def login(file: str) -> tuple[str, str]:
    """The name and password that a secret file holds as `name:password`. Raises SecretUnusable."""
    name, colon, password = secret(file).partition(":")
    if not (name and colon and password):
        raise SecretUnusable(f"{Path(file).name}: write name:password", retry=False)
    return name, password
