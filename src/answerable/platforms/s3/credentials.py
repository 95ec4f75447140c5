"""What requests to a bucket are signed with. Given outright: a client left to itself would look for some elsewhere."""

import configparser
import os
from dataclasses import dataclass, field
from pathlib import Path

from answerable.settings.config import Bucket

NAMES = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")


class CredentialsMissing(Exception):
    """There is nothing to sign with. The message says what to write, and where."""


@dataclass(frozen=True)
class Credentials:
    """An access key, as the store made it."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)


def read(entry: Bucket, data: Path) -> Credentials:
    """The credentials of a configured bucket. Raises CredentialsMissing."""
    if entry.credentials_file:
        file = configparser.ConfigParser(interpolation=None)
        try:
            with open(data / entry.credentials_file, encoding="utf-8") as opened:
                file.read_file(opened)
            found = dict(file["default"])
        except (OSError, configparser.Error, KeyError, UnicodeDecodeError) as error:
            raise CredentialsMissing(
                f"credentials_file of {entry.name} can't be read ({type(error).__name__}): write [default] with "
                f"{NAMES[0]} and {NAMES[1]}."
            ) from error
    else:
        found = {name: os.environ.get(name.upper(), "") for name in NAMES}
    access_key, secret_key, token = (found.get(name, "") for name in NAMES)
    if not (access_key and secret_key):
        raise CredentialsMissing(
            f"There are no credentials for {entry.name}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
            "credentials_file under [[buckets]]."
        )
    return Credentials(access_key, secret_key, token)
