"""Meta's ThreatExchange: what the members of one privacy group share, over the Graph API.

Named like the reference package and sharing nothing with it: written from its shapes.
"""

from pydantic import Field

from answerable.matching.lists import http, secret
from answerable.matching.lists.base import Source, SourceError
from answerable.matching.lists.config import Listed
from answerable.matching.lists.threatexchange import wire
from answerable.matching.lists.threatexchange.source import ThreatExchange


class TokenUnusable(SourceError):
    """The token of ThreatExchange is `APPID|SECRET`, on one line of its file."""


class Config(Listed):
    """How a privacy group is reached. `base_url` ends with the Graph API's version."""

    token_file: str = Field(description="a secret file: APPID|SECRET")
    privacy_group: str = Field(pattern=r"^[0-9]{1,30}$")


def source(config: Config, waiting: http.Waiting | None = None) -> Source:
    """The group's hashes as a source. Raises SecretUnusable, TokenUnusable."""
    token = secret.secret(config.token_file).replace("%7C", "|")
    if not wire.TOKEN.fullmatch(token):
        raise TokenUnusable(retry=False)
    door = http.Door(
        config.base_url, {"Accept": "application/json"}, waiting=waiting or http.Waiting(), busy=wire.is_busy
    )
    return ThreatExchange(door, token, config.privacy_group)
