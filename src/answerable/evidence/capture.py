"""Capturing: the bytes of a decided content into the stores while they are read, and all that is known of it.

Whatever is killed in between: what lies in a store counts once the command at the end wrote it down, and the next
attempt begins anew.
"""

from collections.abc import Collection
from typing import Any, Final

import structlog

from answerable import clock, media
from answerable.audit.verify import canonical
from answerable.cases import commands
from answerable.cases.evidence_inputs import CaptureIn, ObjectIn
from answerable.cases.kinds import is_media
from answerable.cases.models import Decision, ItemContent
from answerable.cases.queries import evidence
from answerable.evidence import facts, stores
from answerable.evidence.errors import KeyMissing, ObjectDamaged, ObjectMissing, OtherBytes
from answerable.platforms import base, registry
from answerable.platforms.base import Asking, Capability, FetchedItem, asking
from answerable.platforms.fetched import with_bytes

MOST_BYTES: Final = 16 * 1024**3
"""No larger file is captured: it is filed and kept with its digest alone, and people are paged."""

log = structlog.get_logger(__name__)


class _Missing(Exception):
    """The bytes can't be had; the message says why."""


def capture(decision: Decision, *, with_media: bool, within_seconds: float) -> None:
    """Capture one decided content. Raises EvidenceError, PlatformError, MediaError: then it is tried again."""
    content, now = decision.content, clock.now()
    objects: list[ObjectIn] = []
    found: dict[str, Any] | None = None
    fetched: dict[str, Any] = {"how": "not_fetched"}
    missing = ""
    if with_media:
        try:
            found, fetched, objects = _media(decision, within_seconds)
        except _Missing as error:
            missing, fetched = str(error), {"how": "tried", "why_not": str(error)}
        if missing and not is_media(content.item.kind):
            missing = "it is no file"
    fetched["at"] = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    said, in_facts = stores.put_bytes(facts.facts(decision, fetched, now))
    bundle = facts.manifest(decision, facts_sha256=said.sha256, media=found, missing=missing, now=now)
    listed, in_manifest = stores.put_bytes(bundle)
    unneeded = commands.captured(
        CaptureIn(
            content_id=content.pk,
            facts_sha256=said.sha256,
            manifest_sha256=listed.sha256,
            media_sha256=str(found["sha256"]) if found else "",
            missing=missing,
            objects=(*objects, *in_facts, *in_manifest),
        ),
        now=now,
    )
    stores.drop(unneeded)


def _media(decision: Decision, seconds: float) -> tuple[dict[str, Any], dict[str, Any], list[ObjectIn]]:
    """The media, where they came from, and the objects that hold them. Raises _Missing."""
    content = decision.content
    known = evidence.objects(content.sha256).first()
    if known is not None:
        media_in = {"sha256": content.sha256, "size": known.size, "media_type": content.media_type}
        if stores.there(content.sha256):
            return media_in, _how_stored(content), []
        sealed = _into_vault(content)
        if sealed is not None:
            return media_in, _how_stored(content), [sealed]
    return _from_platform(content, seconds, (stores.WORKING, stores.VAULT))


def capture_hidden(content: ItemContent, obligation_id: int, within_seconds: float) -> None:
    """Capture the media of what is hidden and undecided, into the working store alone. Raises as `capture`."""
    objects: list[ObjectIn] = []
    if evidence.in_store(content.sha256, stores.WORKING) is None:
        try:
            _, _, objects = _from_platform(content, within_seconds, (stores.WORKING,))
        except _Missing as error:
            commands.hidden_not_captured(obligation_id, str(error), now=clock.now())
            return
    stores.drop(commands.hidden_captured(obligation_id, content.pk, objects, now=clock.now()))


def _how_stored(content: ItemContent) -> dict[str, Any]:
    hidden = evidence.hidden_media(content.sha256).order_by("at").first()
    if hidden is None:
        return {"how": "same_file_captured_before"}
    return {"how": "captured_when_hidden", "captured_at": hidden.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}


def _into_vault(content: ItemContent) -> ObjectIn | None:
    """What the working store has, brought into the vault; None where it can't be read: the platform is asked then."""
    stored = evidence.in_store(content.sha256, stores.WORKING)
    if stored is None or not stores.custodians():
        return None
    try:
        return stores.copy_to_vault(stored)
    except (ObjectMissing, ObjectDamaged, KeyMissing) as error:
        log.error("evidence could not be read", object=stored.pk, why=type(error).__name__)
        return None


def _from_platform(
    content: ItemContent, seconds: float, into: Collection[str]
) -> tuple[dict[str, Any], dict[str, Any], list[ObjectIn]]:
    try:
        target = registry.platform(content.item.platform)
    except base.UnknownPlatform as error:
        raise _Missing("the platform is no longer configured") from error
    if Capability.FETCH not in target.capabilities:
        raise _Missing("the platform gives no files")
    with asking(f"capture-{content.pk}", seconds) as bound:
        try:
            item, (size, objects) = with_bytes(
                target,
                content.item.ref,
                lambda served: _bytes(served, content.item.platform, content.sha256, bound, into),
            )
        except media.TooLarge as error:
            raise _Missing("the file is too large to be fetched from the platform") from error
        except (base.ItemNotFound, base.CannotDo, media.MediaGone) as error:
            raise _Missing("the platform no longer has it") from error
        except OtherBytes as error:
            raise _Missing("the platform holds another file in its place now") from error
    media_in = {
        "sha256": content.sha256,
        "size": size,
        "media_type": item.media.media_type if item.media else "",
    }
    return media_in, _how(item), objects


def _bytes(
    item: FetchedItem, platform: str, sha256: str, bound: Asking, into: Collection[str]
) -> tuple[int, list[ObjectIn]]:
    """Into the stores while they arrive: no file is ever whole in memory, or in the clear on a disk."""
    served = item.media
    if served is None or (served.data is None and not served.url):
        raise _Missing("the platform gave no file")
    data = served.data
    if data is not None:
        plain, objects = stores.put(lambda write: write(data), sha256, into)
    else:
        hosts, url = registry.media_hosts(platform), served.url
        plain, objects = stores.put(
            lambda write: media.fetch_into(url, hosts, write, MOST_BYTES, bound.seconds_left()), sha256, into
        )
    return plain.size, objects


def _how(item: FetchedItem) -> dict[str, Any]:
    """How it was fetched, and what the platform said with it."""
    served = item.media
    told: dict[str, Any] = {
        "how": "from_the_platform",
        "inline": bool(served and served.data is not None),
        "from": served.url if served is not None else "",
        "media_type": served.media_type if served is not None else "",
        "url": item.url,
        "account": item.account,
        "posted_at": item.posted_at.isoformat() if item.posted_at else None,
        "views": item.views,
        "version": item.version,
    }
    canonical(told)  # what can't stand in the document shows here, before anything is written down
    return told
