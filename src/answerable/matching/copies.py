"""Copy search: a fingerprint against everything that was ever registered, in one call.

What is identical is found in the database, what is near in this process's index of all items. Nothing follows from
a search: it finds, and people or the flow of reports decide. Every search is in the audit log (rule 21).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from answerable import clock
from answerable.cases import commands
from answerable.cases.models import ItemContent
from answerable.matching.items import items
from answerable.matching.turns import TURNS, all_turns_of, turned
from answerable.media import Fingerprints
from answerable.media.limits import SEARCHABLE_QUALITY
from answerable.policy.words import CopyKind

DEFAULT_LIMIT: Final = 1000
_AT_ONCE: Final = 500
"""Numbers in one query: databases take so many and no more."""


class NothingToSearchFor(Exception):
    """There is no fingerprint that could be searched for: give a SHA-256, an MD5 or a PDQ of quality 50 or more."""

    def __str__(self) -> str:
        return self.__doc__ or ""


@dataclass(frozen=True, slots=True)
class FoundCopy:
    """One item that holds, or held, a copy. `distance` is in bits of 256, of the nearest of what was asked for.

    turned: whether it is nearest to the asked picture only rotated or flipped. current: whether it shows these bytes
    now; else it did once.
    """

    item_id: int
    platform: str
    ref: str
    url: str
    kind: CopyKind
    distance: int
    turned: bool
    current: bool
    wanted: str


@dataclass(frozen=True, slots=True)
class Found:
    """The nearest copies first, at most as many as were asked for, and how many there are in all."""

    copies: tuple[FoundCopy, ...]
    total: int


@dataclass(frozen=True, slots=True, order=True)
class _Hit:
    """How a content was found: identical ones sort first, then what is nearer, then what is not turned."""

    is_near: bool
    distance: int = 0
    turned: bool = False


def search_copies(
    prints: Fingerprints,
    *,
    actor: str,
    by: str,
    platform: str = "",
    except_item_id: int | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Found:
    """Every item with the identical file (SHA-256; MD5 where that is all there is), or within 31 bits by PDQ.

    All eight rotations and flips are searched for: exact ones where `prints.pdq_dihedral` has them. Of a video or an
    animation each frame is searched for: whatever shows one of them is found, however little that is of either. `actor`
    and `by` are for the log (see `copies_searched`); `platform` leaves out what is elsewhere. Raises
    NothingToSearchFor.
    """
    queries = [*all_turns_of(prints), *_frames(prints)]
    if not (prints.sha256 or prints.md5 or queries):
        raise NothingToSearchFor
    hits = dict.fromkeys(_identical(prints), _Hit(is_near=False))
    for query, near in enumerate(items().near(queries) if queries else ()):
        for content_id, distance in near:
            hit = _Hit(is_near=True, distance=distance, turned=query % TURNS > 0)
            hits[content_id] = min(hits.get(content_id, hit), hit)
    copies = _of_items(hits, platform, except_item_id)
    commands.copies_searched(
        actor=actor, by=by, query_digest=_digest(prints), found=len(copies), now=clock.now()
    )
    return Found(tuple(copies[:limit]), len(copies))


def _frames(prints: Fingerprints) -> list[bytes]:
    """The eight turns of each frame that says enough, frame by frame."""
    shown = [frame.pdq for frame in prints.frames if frame.quality >= SEARCHABLE_QUALITY]
    return [turn.tobytes() for turns in turned(shown) for turn in turns] if shown else []


def _identical(prints: Fingerprints) -> Iterable[int]:
    """By SHA-256; by MD5, which can be forged, only where that is all there is."""
    if prints.sha256:
        same = ItemContent.objects.filter(sha256=prints.sha256)
    elif prints.md5:
        same = ItemContent.objects.filter(md5=prints.md5)
    else:
        return ()
    return same.values_list("pk", flat=True)


def _of_items(hits: dict[int, _Hit], platform: str, except_item_id: int | None) -> list[FoundCopy]:
    """One answer for each item, by the nearest of its contents."""
    nearest: dict[int, tuple[_Hit, bool, ItemContent]] = {}
    numbers = sorted(hits)
    for start in range(0, len(numbers), _AT_ONCE):
        contents = ItemContent.objects.filter(pk__in=numbers[start : start + _AT_ONCE])
        if platform:
            contents = contents.filter(item__platform=platform)
        for content in contents.select_related("item").defer("pdq"):
            if content.item_id == except_item_id:
                continue
            this = (hits[content.pk], content.item.content_id != content.pk, content)
            known = nearest.get(content.item_id)
            if known is None or this[:2] < known[:2]:
                nearest[content.item_id] = this
    found = [_copy(*one) for one in nearest.values()]
    return sorted(found, key=lambda one: (one.kind is CopyKind.NEAR, one.distance, one.turned, one.item_id))


def _copy(hit: _Hit, is_past: bool, content: ItemContent) -> FoundCopy:
    item = content.item
    return FoundCopy(
        item_id=item.pk,
        platform=item.platform,
        ref=item.ref,
        url=item.url,
        kind=CopyKind.NEAR if hit.is_near else CopyKind.EXACT,
        distance=hit.distance,
        turned=hit.turned,
        current=not is_past,
        wanted=item.wanted,
    )


def _digest(prints: Fingerprints) -> str:
    pdq = prints.pdq.hex() if prints.pdq else ""
    return hashlib.sha256(f"{prints.sha256} {prints.md5} {pdq}".encode()).hexdigest()
