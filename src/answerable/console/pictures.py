"""An item's media as a reviewer gets it: got by the server, drawn anew, never the original bytes."""

import base64
import hashlib
from dataclasses import dataclass

import structlog
from django.conf import settings

from answerable import media
from answerable.cases.evidence_inputs import ReadFor
from answerable.cases.models import Item, ItemContent
from answerable.cases.queries import evidence
from answerable.evidence import stores
from answerable.evidence.errors import EvidenceError
from answerable.media.fetch import MAX_BYTES
from answerable.platforms.base import PlatformError
from answerable.platforms.registry import platform

log = structlog.get_logger(__name__)
TEXT_LIMIT = 20_000
"""Characters of a text item that are shown."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What to show: an image (`data_uri`), a text, or a sentence about why there is neither."""

    data_uri: str = ""
    text: str = ""
    problem: str = ""

    @property
    def seen(self) -> bool:
        """Whether there is something that can be judged."""
        return bool(self.data_uri or self.text)


class NotShown(Exception):
    """There is nothing to show. The message says why, and what happens next."""


def revealed(item: Item, *, colour: bool) -> Picture:
    """The item to look at: in grey unless `colour`. Never raises for what a platform or a file does."""
    try:
        data, media_type = _content(item)
        if media_type.startswith("text/"):
            return Picture(text=data.decode("utf-8", "replace")[:TEXT_LIMIT])
        jpeg = media.preview(data, blurred=False, grayscale=not colour)
    except NotShown as error:
        return Picture(problem=str(error))
    except media.MediaError as error:
        return Picture(problem=f"The media can't be shown. {error}")
    return Picture(data_uri="data:image/jpeg;base64," + base64.b64encode(jpeg).decode())


def blurred(item: Item) -> bytes:
    """A JPEG from which nobody can tell what is shown. Raises NotShown."""
    data, media_type = _content(item)
    if media_type.startswith("text/"):
        raise NotShown("This is a text.")
    try:
        return media.preview(data, blurred=True, grayscale=True)
    except media.MediaError as error:
        raise NotShown(str(error)) from error


def _content(item: Item) -> tuple[bytes, str]:
    """The bytes that were fingerprinted: as they were captured, else as they stand on the platform. Raises NotShown."""
    if item.content is None:
        raise NotShown("The platform has not given us this item's content yet. It is asked again by itself.")
    kept = _from_evidence(item.content)
    if kept is not None:
        return kept
    try:
        fetched = platform(item.platform).fetch(item.ref).media
    except PlatformError as error:
        raise NotShown(f"The platform did not show the item. {error}") from error
    if fetched is None:
        raise NotShown("The platform has no media for this item.")
    data, media_type = fetched.data, fetched.media_type
    if data is None:
        hosts = next((p.media_hosts for p in settings.CONFIG.platforms if p.name == item.platform), ())
        try:
            got = media.fetch(fetched.url, hosts)
        except media.MediaError as error:
            raise NotShown(f"The media could not be fetched. {error}") from error
        data, media_type = got.data, media_type or got.media_type
    if hashlib.sha256(data).hexdigest() != item.content.sha256:
        raise NotShown("The media changed since they were fingerprinted. Load this page again in a minute.")
    return data, media_type


def _from_evidence(content: ItemContent) -> tuple[bytes, str] | None:
    """What was removed, for a second look or an appeal: from the working store, which notes that it was read."""
    stored = evidence.in_store(content.sha256, stores.WORKING)
    if stored is None or stored.fault or stored.size > MAX_BYTES:
        return None
    try:
        with stores.read(stored, ReadFor.REVIEW, actor="console", case_id=content.item.case_id) as file:
            return file.read(), content.media_type
    except EvidenceError as error:
        log.error("evidence could not be shown", object=stored.pk, why=type(error).__name__)
        return None
