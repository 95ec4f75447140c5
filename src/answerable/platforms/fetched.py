"""The bytes of what a platform gave, wherever they stand, as fingerprints. They are not kept."""

from answerable import media
from answerable.platforms import registry
from answerable.platforms.base import Asking, FetchedItem


def fingerprints(fetched: FetchedItem, platform: str, bound: Asking) -> media.Fingerprints | None:
    """The fingerprints of an item's bytes, fetched from configured media hosts only."""
    if fetched.media is None:
        return None
    data = fetched.media.data
    if data is None:
        hosts = registry.media_hosts(platform)
        data = media.fetch(fetched.media.url, hosts, timeout_seconds=bound.seconds_left()).data
    return media.fingerprint(data, within_seconds=bound.seconds_left())
