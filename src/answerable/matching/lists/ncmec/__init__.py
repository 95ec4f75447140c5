"""NCMEC's hash sharing, v2: what members of it share about images and videos of children.

Not the CyberTipline, and other credentials. Written from the shapes that the open clients use; the service's
own documentation is for members.
"""

from pydantic import Field

from answerable.matching.lists import http, secret
from answerable.matching.lists.base import Source
from answerable.matching.lists.config import Listed
from answerable.matching.lists.ncmec.source import Ncmec


class Config(Listed):
    """How one of NCMEC's lists is reached. `base_url` is the one that NCMEC named, without `/v2`."""

    login_file: str = Field(description="a secret file: name:password of NCMEC's hash sharing")
    refuted_reason: str = Field("", description="guid or name of the reason that a refutation gives")


def source(config: Config, waiting: http.Waiting | None = None) -> Source:
    """The list as a source. Raises SecretUnusable."""
    door = http.Door(
        config.base_url,
        {"Accept": "application/xml"},
        auth=secret.login(config.login_file),
        waiting=waiting or http.Waiting(),
    )
    return Ncmec(door, config.refuted_reason)
