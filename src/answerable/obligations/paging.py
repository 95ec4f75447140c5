"""Paging the people on call, through the addresses under `[alerts]`. Texts carry no personal detail."""

import logging

import structlog

from answerable.settings.config import config

log = structlog.get_logger(__name__)


class PagingFailed(Exception):
    """Nobody could be paged: none of the addresses under `[alerts]` in answerable.toml took the message."""


class NobodyToPage(Exception):
    """Nobody is paged: `urls` under `[alerts]` in answerable.toml is empty."""


def page(title: str, text: str) -> int:
    """Send a short message to everybody on call. Gives how many addresses took it, at least one.

    Calls outside: never inside a transaction. Raises NobodyToPage, PagingFailed.
    """
    urls = config().alerts.urls
    if not urls:
        raise NobodyToPage(NobodyToPage.__doc__)
    reached = sum(_send(place, url, title, text) for place, url in enumerate(urls, 1))
    if not reached:
        raise PagingFailed(PagingFailed.__doc__)
    return reached


def _send(place: int, url: str, title: str, text: str) -> bool:
    import apprise  # noqa: PLC0415  it takes half a second

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines name addresses and their secrets
    pager = apprise.Apprise()
    if pager.add(url) and pager.notify(title=title, body=text):
        return True
    log.warning("an address of [alerts] did not take a page", place=place)
    return False
