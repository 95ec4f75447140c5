"""Registering an existing library: many items that nobody reported in one short transaction, with how far it came.

Only what owes nothing comes this way. What screening matched, what is there already, and the file of one that was
removed go through `register_item` one by one, so that the same follows as for an upload.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Subquery

from answerable import audit
from answerable.cases.commands.framing import frames_of
from answerable.cases.inputs import ItemIn, Refused
from answerable.cases.models import Account, Backfill, Decision, Item, ItemContent
from answerable.db.rows import insert
from answerable.policy.words import Verdict


class NotPlain(Exception):
    """Some of these need more than being known: register them one by one first, then the rest."""

    def __init__(self, refs: frozenset[str]) -> None:
        self.refs = refs
        super().__init__(self.__doc__)


class TakenUpElsewhere(Refused):
    """Another process backfills the same library now: end it, or let it go on alone."""

    def __str__(self) -> str:
        return self.__doc__ or ""


def begin_backfill(key: str, *, source: str, platform: str, again: bool, now: datetime) -> Backfill:
    """Begin a library, or take it up where it was left. One that reached its end, or `again`, begins anew."""
    with transaction.atomic():
        row = Backfill.objects.select_for_update().filter(key=key).first()
        if row is not None and row.ended_at is None and not again:
            return row
        if row is None:
            row = Backfill(key=key, source=source[:2000], platform=platform)
        row.position, row.counts, row.begun_at, row.ended_at = "", {}, now, None
        row.serial += 1
        row.save()
        event = {"backfill": row.pk, "platform": platform, "again": again}
        audit.append("backfill_begun", actor="operator", now=now, event=event)
        return row


def register_backfilled(
    backfill: Backfill, items: Sequence[ItemIn], *, position: str, counts: Mapping[str, int], now: datetime
) -> None:
    """Know these items (one platform's, each ref once, each with `prints`), and that all up to `position` is done.

    They are not audited and owe nothing, as uploads that nobody reported. Writes all or nothing, and brings `backfill`
    up to date. Raises NotPlain, TakenUpElsewhere; IntegrityError where one is registered at this very moment.
    """
    with transaction.atomic():
        row = _mine(backfill)
        special = _special(backfill.platform, items)
        if special:
            raise NotPlain(special)
        _insert(backfill.platform, items, now)
        row.position, row.counts, row.serial = position, dict(counts), row.serial + 1
        row.save(update_fields=["position", "counts", "serial"])
    backfill.position, backfill.counts, backfill.serial = row.position, row.counts, row.serial


def end_backfill(backfill: Backfill, *, now: datetime) -> None:
    """The end of the library was reached. Raises TakenUpElsewhere."""
    with transaction.atomic():
        row = _mine(backfill)
        row.ended_at, row.serial = now, row.serial + 1
        row.save(update_fields=["ended_at", "serial"])
        event = {"backfill": row.pk, "platform": row.platform, "counts": row.counts}
        audit.append("backfill_ended", actor="operator", now=now, event=event)
    backfill.ended_at, backfill.serial = row.ended_at, row.serial


def _mine(backfill: Backfill) -> Backfill:
    """The row, locked. Whoever wrote it last goes on; the other one learns it here."""
    row = Backfill.objects.select_for_update().get(pk=backfill.pk)
    if row.serial != backfill.serial:
        raise TakenUpElsewhere
    return row


def _special(platform: str, items: Sequence[ItemIn]) -> frozenset[str]:
    """The refs of those that are there already, of a held account, or the very file of one found violating."""
    refs = set(
        Item.objects.filter(platform=platform, ref__in=[one.ref for one in items]).values_list(
            "ref", flat=True
        )
    )
    authors = {one.account_ref for one in items if one.account_ref}
    held = Account.objects.filter(platform=platform, ref__in=authors, uploads_held_since__isnull=False)
    accounts = set(held.values_list("ref", flat=True)) if authors else set()
    files = {one.prints.sha256 for one in items if one.prints is not None}
    confirmed = set(
        Decision.objects.filter(
            content__sha256__in=files, verdict=Verdict.VIOLATING, overturned_at__isnull=True
        ).values_list("content__sha256", flat=True)
    )
    return frozenset(
        one.ref
        for one in items
        if one.ref in refs
        or one.account_ref in accounts
        or (one.prints is not None and one.prints.sha256 in confirmed)
    )


def _insert(platform: str, items: Sequence[ItemIn], now: datetime) -> None:
    accounts = _accounts(platform, {one.account_ref for one in items if one.account_ref})
    made = [
        Item(
            platform=platform,
            ref=one.ref,
            url=one.url[:2000],
            kind=one.kind or "image",
            account=accounts.get(one.account_ref),
            posted_at=one.posted_at,
            views=one.views,
            registered_at=now,
        )
        for one in items
    ]
    insert(*made)
    contents = [
        ItemContent(
            item=item,
            sha256=one.prints.sha256,
            md5=one.prints.md5,
            pdq=one.prints.pdq,
            pdq_quality=one.prints.pdq_quality,
            pdq_turns=one.prints.pdq_turns,
            media_type=one.prints.media_type[:100],
            size=one.prints.size,
            seen_at=now,
        )
        for item, one in zip(made, items, strict=True)
        if one.prints is not None
    ]
    insert(*contents)
    with_prints = [one.prints for one in items if one.prints is not None]
    insert(*[row for at, content in enumerate(contents) for row in frames_of(content, with_prints[at])])
    newest = ItemContent.objects.filter(item_id=OuterRef("pk")).values("pk")[:1]
    Item.objects.filter(pk__in=[item.pk for item in made]).update(content_id=Subquery(newest))


def _accounts(platform: str, refs: set[str]) -> dict[str, Account]:
    there = {one.ref: one for one in Account.objects.filter(platform=platform, ref__in=refs)} if refs else {}
    missing = [Account(platform=platform, ref=ref) for ref in sorted(refs - there.keys())]
    if not missing:
        return there
    Account.objects.bulk_create(missing, ignore_conflicts=True)
    return {one.ref: one for one in Account.objects.filter(platform=platform, ref__in=refs)}
