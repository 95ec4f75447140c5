"""Keeping `find_copies`, `find_claimed` and `screen_item`: search, then one command that says what was found."""

from django.db.models import Q, QuerySet

from answerable import clock
from answerable.cases import commands
from answerable.cases.inputs import MatchIn
from answerable.cases.models import Claim, Item, ItemContent
from answerable.db.prepared import first, prepared
from answerable.matching.items import items, keep_items
from answerable.matching.known import keep_known, known
from answerable.matching.screening import screen
from answerable.matching.turns import turns_of_content
from answerable.matching.verdicts import Verdict
from answerable.media import Fingerprints
from answerable.media.frames import Frame
from answerable.obligations import registry
from answerable.obligations.models import Obligation
from answerable.policy.words import By


def warm() -> None:
    """The worker keeps the indexes on disk for all processes of this machine."""
    keep_known()
    keep_items()


def keep_indexes() -> None:
    """Bring both up to date: a chore, so that no search has much to catch up with."""
    known().catch_up()
    items().catch_up()


class NothingSeenYet(Exception):
    """No content of this item has been seen, so there is nothing to look for yet: it is tried again."""

    def __str__(self) -> str:
        return self.__doc__ or ""


def find_copies(obligation: Obligation) -> None:
    """Find all copies of what an item was last seen to hold. Raises NothingSeenYet."""
    item = first(_with_content(_number(obligation, "item")))
    if item is None or item.content is None:
        raise NothingSeenYet
    commands.copies_found(
        item_id=item.pk, matches=_copies_of(item.content), obligation_id=obligation.pk, now=clock.now()
    )


def _copies_of(content: ItemContent) -> list[MatchIn]:
    """All copies of a content. What is known by its exact hash alone has the fingerprints of an identical file."""
    matches = items().copies_of(content)
    fuller = _fuller(content)
    if fuller is None:
        return matches
    found = {content.pk, *(match.content_id for match in matches)}
    return matches + [match for match in items().copies_of(fuller) if match.content_id not in found]


def _fuller(content: ItemContent) -> ItemContent | None:
    """An identical content of which more is known, where of this one it is the exact hash alone."""
    if content.pdq is not None or content.size is not None:
        return None
    seen = Q(pdq__isnull=False) | Q(frames__isnull=False)
    return ItemContent.objects.filter(seen, sha256=content.sha256).exclude(pk=content.pk).first()


@prepared
def _with_content(item_id: int) -> "QuerySet[Item]":
    return Item.objects.select_related("content").only("pk", "content").filter(pk=item_id)


def find_claimed(obligation: Obligation) -> None:
    """Find what the hashes that a reporter made on their own device match. A claim finds, it never blocks."""
    report_id = _number(obligation, "report")
    nearest: dict[int, MatchIn] = {}
    for claim in Claim.objects.filter(report_id=report_id).order_by("pk"):
        for match in items().copies_of_claim(claim):
            known = nearest.get(match.content_id)
            if known is None or (match.kind, match.distance) < (known.kind, known.distance):
                nearest[match.content_id] = match
    matches = sorted(nearest.values(), key=lambda match: (match.kind, match.distance, match.content_id))
    commands.claimed_found(report_id=report_id, matches=matches, obligation_id=obligation.pk, now=clock.now())


def screen_item(obligation: Obligation) -> None:
    """Screen an upload whose bytes were fetched from their address, as others are when they are registered."""
    item = Item.objects.select_related("content").get(pk=_number(obligation, "item"))
    held = ""
    on_lists: tuple[str, ...] = ()
    if item.content is not None:
        found = screen(_fingerprints(item.content))
        held = found.why if found.verdict is not Verdict.CLEAR else ""
        on_lists = found.on_lists
    commands.item_screened(
        item.pk,
        content_id=item.content_id,
        held=held,
        on_lists=on_lists,
        obligation_id=obligation.pk,
        now=clock.now(),
    )


def _fingerprints(content: ItemContent) -> Fingerprints:
    frames = list(content.frames.order_by("number"))
    return Fingerprints(
        sha256=content.sha256,
        md5=content.md5,
        pdq=bytes(content.pdq) if content.pdq is not None else None,
        pdq_quality=content.pdq_quality,
        pdq_dihedral=tuple(turns_of_content(content)),
        media_type=content.media_type,
        size=content.size,
        frames=tuple(Frame(bytes(one.pdq), one.quality, one.at_ms / 1000) for one in frames),
        duration_seconds=max((one.until_ms for one in frames), default=0) / 1000,
    )


def _number(obligation: Obligation, about: str) -> int:
    word, _, number = obligation.subject.partition(":")
    if word != about:
        raise ValueError(f"{obligation.kind} is about one {about}, not about {obligation.subject!r}")
    return int(number)


registry.kind("find_copies", by=By.WORKER, handler=find_copies)
registry.kind("find_claimed", by=By.WORKER, handler=find_claimed)
registry.kind("screen_item", by=By.WORKER, handler=screen_item)
