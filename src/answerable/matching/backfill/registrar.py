"""What a backfill asks of the desk, and hands to it: what is known, what screening says, batches."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from django.db import IntegrityError
from django.db.models import Q

from answerable import clock
from answerable.cases import commands
from answerable.cases.commands.backfilling import NotPlain
from answerable.cases.inputs import ItemIn, Prints
from answerable.cases.models import Backfill, Item, ItemContent
from answerable.matching.backfill.pieces import Place
from answerable.matching.backfill.tally import Tally
from answerable.matching.screening import Screened, screen_each
from answerable.matching.verdicts import KnownMatch, Verdict
from answerable.media import Fingerprints
from answerable.policy import store
from answerable.policy.words import Visibility

_TRIES: Final = 5
_AT_ONCE: Final = 400


@dataclass(frozen=True, slots=True)
class Ready:
    """One item to be registered."""

    place: Place
    prints: Fingerprints


class Desk(Protocol):
    """Where batches go."""

    def known(self, refs: Collection[str]) -> set[str]:
        """Those that need not be hashed."""

    def take(self, batch: Sequence[Ready], *, position: str, tally: Tally) -> None:
        """Screen and register a batch, count it in `tally`, and note that all up to `position` is done."""


class Registrar:
    """The desk itself. `again`: what is known is hashed again, and registered where its bytes changed."""

    def __init__(self, backfill: Backfill, *, again: bool) -> None:
        self._backfill = backfill
        self._platform = backfill.platform
        self._again = again

    def known(self, refs: Collection[str]) -> set[str]:
        """Items whose bytes were seen whole: hashes that a platform sent may lack what near copies are found by."""
        return set() if self._again else _known(self._platform, refs)

    def take(self, batch: Sequence[Ready], *, position: str, tally: Tally) -> None:
        """Register what owes nothing in one transaction, before it one by one what screening matched or is there."""
        matched = _matched(batch)
        there = _unchanged(self._platform, batch) if self._again else set[str]()
        items = {one.place.ref: _item_in(self._platform, one, matched) for one in batch}
        alone = {ref for ref, item in items.items() if item.held}
        tally.known += len([ref for ref in there if ref not in alone])
        plain = [item for ref, item in items.items() if ref not in there | alone]
        for ref in sorted(alone):
            self._register(items[ref], tally)
        for left in reversed(range(_TRIES)):
            counted = replace(tally, registered=tally.registered + len(plain))
            try:
                commands.register_backfilled(
                    self._backfill, plain, position=position, counts=counted.counts(), now=clock.now()
                )
            except NotPlain as error:
                for item in plain:
                    if item.ref in error.refs:
                        self._register(item, tally)
                plain = [item for item in plain if item.ref not in error.refs]
            except IntegrityError:  # its platform registered one of them at this very moment
                if not left:
                    raise
            else:
                tally.registered = counted.registered
                return
        raise IntegrityError("Items of this batch were registered by others again and again.")

    def _register(self, item: ItemIn, tally: Tally) -> None:
        registered = commands.register_item(item, now=clock.now())
        if registered.new:
            tally.registered += 1
        else:
            tally.known += 1
        if registered.wanted is Visibility.GONE:
            tally.removed += 1
        elif (item.held or registered.new) and registered.wanted is Visibility.HIDDEN:
            tally.held += 1


class Rehearsal:
    """A dry run: reads what is known, and writes nothing."""

    def __init__(self, platform: str, *, again: bool) -> None:
        self._platform = platform
        self._again = again

    def known(self, refs: Collection[str]) -> set[str]:
        """As the registrar."""
        return set() if self._again else _known(self._platform, refs)

    def take(self, batch: Sequence[Ready], *, position: str, tally: Tally) -> None:
        """Count what would be registered, held and removed."""
        del position
        tally.registered += len(batch)
        for screened in _matched(batch).values():
            if screened.match is not None and (screened.match.blocks or _decides(screened.match)):
                tally.removed += 1
            else:
                tally.held += 1


def _decides(match: KnownMatch) -> bool:
    """Whether the policy pack lets that list decide about this very file."""
    return match.is_the_file and match.of_others and store.active().decides(match.hash_list) is not None


def _known(platform: str, refs: Collection[str]) -> set[str]:
    seen_whole = Q(content__pdq__isnull=False) | Q(content__size__isnull=False)
    found: set[str] = set()
    asked = list(refs)
    for start in range(0, len(asked), _AT_ONCE):
        items = Item.objects.filter(seen_whole, platform=platform, ref__in=asked[start : start + _AT_ONCE])
        found.update(items.values_list("ref", flat=True))
    return found


def _unchanged(platform: str, batch: Sequence[Ready]) -> set[str]:
    """The refs of items that hold, or held, these very bytes."""
    asked = {one.place.ref: one.prints.sha256 for one in batch}
    rows = ItemContent.objects.filter(
        item__platform=platform, item__ref__in=list(asked), size__isnull=False
    ).values_list("item__ref", "sha256")
    return {ref for ref, sha256 in rows if asked[ref] == sha256}


def _matched(batch: Sequence[Ready]) -> dict[str, Screened]:
    """What the lists say of those that match one, by ref. What can't be read matches none: docs/decisions/0043."""
    found = screen_each([one.prints for one in batch]) if batch else []
    return {
        one.place.ref: screened
        for one, screened in zip(batch, found, strict=True)
        if screened.match is not None and screened.verdict is not Verdict.CLEAR
    }


def _item_in(platform: str, one: Ready, matched: dict[str, Screened]) -> ItemIn:
    place, prints = one.place, one.prints
    return ItemIn(
        platform=platform,
        ref=place.ref,
        url=place.url,
        kind=place.kind or ("video" if prints.media_type.startswith("video/") else "image"),
        account_ref=place.account,
        posted_at=place.posted_at,
        views=place.views,
        prints=Prints.of(prints),
        held="list" if place.ref in matched else "",
        on_lists=matched[place.ref].on_lists if place.ref in matched else (),
    )
