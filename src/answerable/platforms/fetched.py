"""What a platform gave of an item: its facts, and its bytes wherever they stand. The bytes are not kept."""

from collections.abc import Callable
from typing import TypeVar

from answerable import media
from answerable.platforms import registry
from answerable.platforms.base import Asking, FetchedItem, Media, Platform

T = TypeVar("T")


def with_bytes(target: Platform, ref: str, take: Callable[[FetchedItem], T]) -> tuple[FetchedItem, T]:
    """An item, and what `take` made of its bytes.

    What is hidden after the platform said where its file is isn't there any more, and the platform knows where it is
    now: it is asked once more. Raises ItemNotFound where the platform has no such item, MediaGone where it has and its
    file still isn't where it says, and what `take` raises.
    """
    fetched = target.fetch(ref)
    try:
        return fetched, take(fetched)
    except media.MediaGone:
        fetched = target.fetch(ref)
        return fetched, take(fetched)


def fingerprints(fetched: FetchedItem, platform: str, bound: Asking) -> media.Fingerprints | None:
    """The fingerprints of an item's bytes, fetched from configured media hosts only."""
    if fetched.media is None:
        return None
    data = data_of(fetched.media, platform, bound)
    return media.fingerprint(data, within_seconds=bound.seconds_left())


def data_of(served: Media, platform: str, bound: Asking) -> bytes:
    """The bytes themselves: inline, or fetched from configured media hosts only."""
    if served.data is not None:
        return served.data
    hosts = registry.media_hosts(platform)
    return media.fetch(served.url, hosts, timeout_seconds=bound.seconds_left()).data
