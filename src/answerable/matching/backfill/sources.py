"""Which library an argument means: a folder, `s3://bucket/prefix`, or `platform:NAME`."""

import threading
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from answerable.matching.backfill import bucket
from answerable.matching.backfill.folder import Folder
from answerable.matching.backfill.listing import Listing
from answerable.matching.backfill.naming import Misnamed, Naming
from answerable.matching.backfill.pieces import Rate, Source
from answerable.matching.backfill.rows import Rows

PLATFORM = "platform:"
S3 = "s3://"


@dataclass(frozen=True, slots=True)
class Library:
    """A source, the name by which a run of it is taken up, and how many threads read it best."""

    source: Source
    name: str
    platform: str
    key: str
    threads: int


def library(
    text: str, naming: Naming, *, rows: Path | None, per_second: float, decoders: int, stop: threading.Event
) -> Library:
    """The library that `text` means. Raises SourceFailed, Misnamed, UnknownPlatform."""
    rate = Rate(per_second, stop.wait)
    waiting = max(8, 4 * decoders)  # what comes over a network is waited for: more threads than decoders
    if text.startswith(PLATFORM):
        name = text.removeprefix(PLATFORM)
        if rows is not None:
            raise Misnamed("A platform names its items itself: leave out --list.")
        listing = Listing(name, rate, stop.wait)
        return Library(listing, text, name, Naming(name).digest(text), waiting)
    if not naming.platform:
        raise Misnamed("Say with --platform whose items these are.")
    naming.check()
    within: Folder | bucket.Bucket
    if text.startswith(S3):
        name, _, prefix = text.removeprefix(S3).partition("/")
        entry = bucket.configured(settings.CONFIG, name)
        within = bucket.Bucket(entry, prefix, naming, rate, data=Path(settings.DATA), connections=waiting + 2)
        where, threads = text, waiting
    else:
        root = Path(text).resolve()
        within, where, threads = Folder(root, naming, rate), str(root), decoders + 2
    if rows is None:
        return Library(within, text, naming.platform, naming.digest(where), threads)
    listed = f"{where} {rows.resolve()}"
    return Library(Rows(rows, within, naming), text, naming.platform, naming.digest(listed), threads)
