"""What every source that is asked over the network needs: the one address that its hashes come from."""

from urllib.parse import urlsplit

from pydantic import field_validator

from answerable.settings.config import Section


class Listed(Section):
    """How a source is reached. Nothing but the host of `base_url` is ever asked."""

    base_url: str

    @field_validator("base_url")
    @classmethod
    def is_an_address(cls, value: str) -> str:
        """Refuse an address that can't be called, and credentials sent in clear to another machine."""
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ValueError("write the whole address, such as https://hashes.example/v1")
        if parts.query or parts.fragment:
            raise ValueError("write it without ? and #")
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("write https: credentials and hashes don't travel in clear")
        return value.rstrip("/")
