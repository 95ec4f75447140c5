"""Media: fetched from configured hosts only, decoded where it can do no harm, fingerprinted, previewed."""

from answerable.media.errors import (
    DecoderUnavailable,
    Fault,
    FetchError,
    HostNotConfigured,
    MediaError,
    MediaGone,
    MediaUnreachable,
    TooLarge,
    TooSlow,
    Undecodable,
)
from answerable.media.fetch import Fetched, fetch, fetch_into
from answerable.media.fingerprint import Fingerprints, fingerprint
from answerable.media.preview import preview

__all__ = [
    "DecoderUnavailable",
    "Fault",
    "FetchError",
    "Fetched",
    "Fingerprints",
    "HostNotConfigured",
    "MediaError",
    "MediaGone",
    "MediaUnreachable",
    "TooLarge",
    "TooSlow",
    "Undecodable",
    "fetch",
    "fetch_into",
    "fingerprint",
    "preview",
]
