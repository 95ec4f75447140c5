"""Addresses of outside parties, as an operator writes them."""

from urllib.parse import urlsplit


def party(value: str) -> str:
    """The address, without a slash at its end. Raises ValueError for what can't be called, and for credentials that
    would travel in clear to another machine."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("write the whole address, such as https://hashes.example/v1")
    if parts.query or parts.fragment:
        raise ValueError("write it without ? and #")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError("write https: credentials and hashes don't travel in clear")
    return value.rstrip("/")
