"""The bytes of what is filed: from the working store of the evidence, else from the platform."""

import hashlib
import io
from contextlib import closing
from typing import IO, cast

import structlog

from answerable import media
from answerable.cases.evidence_inputs import ReadFor
from answerable.cases.models import ItemContent
from answerable.cases.queries import evidence
from answerable.db import deadline
from answerable.evidence import stores
from answerable.evidence.errors import KeyMissing, ObjectMissing
from answerable.platforms import base, registry
from answerable.platforms.base import Asking, Capability, FetchedItem, asking
from answerable.platforms.fetched import data_of, with_bytes

FETCH_SECONDS = 6.0


log = structlog.get_logger(__name__)


class BytesGone(Exception):
    """The bytes of a file can't be had any more: it is filed with its hashes alone, and the report says so."""


def bytes_of(
    content: ItemContent, *, seconds: float = FETCH_SECONDS, actor: str = "worker"
) -> "closing[IO[bytes]]":
    """The very bytes that were judged, as a file to be read once; a context manager.

    From the working store piece by piece, whatever the size; what isn't there, from the platform as long as it has
    them. Raises BytesGone where they are no longer there, or others are; PlatformError and MediaError where it may be
    tried again; while they are read, ObjectDamaged.
    """
    stored = _from_evidence(content, actor)
    return closing(stored) if stored is not None else _from_platform(content, seconds)


def _from_evidence(content: ItemContent, actor: str) -> IO[bytes] | None:
    stored = evidence.in_store(content.sha256, stores.WORKING)
    if stored is None or stored.fault:
        return None
    try:
        case_id = content.item.case_id
        return cast(IO[bytes], stores.read(stored, ReadFor.FILING, actor=actor, case_id=case_id))
    except (ObjectMissing, KeyMissing) as error:
        log.error("evidence could not be read", object=stored.pk, why=type(error).__name__)
        return None


def _from_platform(content: ItemContent, seconds: float) -> "closing[IO[bytes]]":
    item = content.item
    try:
        target = registry.platform(item.platform)
    except base.UnknownPlatform as error:
        raise BytesGone("the platform is no longer configured") from error
    if Capability.FETCH not in target.capabilities:
        raise BytesGone("the platform gives no files")
    with asking(f"filing-{content.pk}", deadline.remaining_seconds(seconds)) as bound:
        try:
            _, data = with_bytes(target, item.ref, lambda served: _data(served, item.platform, bound))
        except media.TooLarge as error:
            raise BytesGone("the file is too large to be fetched from the platform") from error
        except (base.ItemNotFound, base.CannotDo, media.MediaGone) as error:
            raise BytesGone("the platform no longer has it") from error
    if data is None:
        raise BytesGone("the platform gave no file")
    if hashlib.sha256(data).hexdigest() != content.sha256:
        raise BytesGone("the platform holds another file in its place now")
    return closing(io.BytesIO(data))


def _data(served: FetchedItem, platform: str, bound: Asking) -> bytes | None:
    found = served.media
    if found is None or (found.data is None and not found.url):
        return None
    return data_of(found, platform, bound)
