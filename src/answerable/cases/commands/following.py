"""What is learnt of known items afterwards: views, deletions, screenings, and where a reported link led."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from answerable import audit, obligations
from answerable.cases.commands.naming import attach
from answerable.cases.commands.registering import get_or_make
from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import LINKS_LIMIT, ItemIn, NotFound, ScreenedIn
from answerable.cases.models import Item, ReportedItem, ViewSample
from answerable.cases.rules import protecting
from answerable.obligations import Owed
from answerable.policy.words import By

ENTRIES_AT_ONCE: Final = 500


def delete_item(platform: str, ref: str, *, now: datetime) -> None:
    """The platform says that an item was deleted. It is believed when a look no longer finds it (rule 3)."""
    with transaction.atomic():
        item = Item.objects.select_for_update(of=("self",)).filter(platform=platform, ref=ref).first()
        if item is None:
            raise NotFound(f"There is no item {ref!r} of {platform!r}.")
        if item.case_id is None:
            return
        writing = Writing(actor=f"platform:{platform}", now=now, cause=f"item:{item.pk}", case=item.case)
        writing.record("item_deleted", {"item": item.pk})
        writing.release("restore", f"item:{item.pk}", "deleted_by_its_author")
        writing.finish()


def count_views(platform: str, totals: Mapping[str, int], *, now: datetime) -> int:
    """Take totals of views, by item ref. Of an item in a case each change is kept, so that its course shows.

    Returns how many of the items are known; a total that doesn't grow changes nothing.
    """
    with transaction.atomic():
        items = (
            Item.objects.select_for_update(of=("self",))
            .filter(platform=platform, ref__in=list(totals))
            .order_by("pk")
            .only("pk", "ref", "views", "first_notice_at")
        )
        known = 0
        grown: list[Item] = []
        for item in items:
            known += 1
            if totals[item.ref] > item.views:
                item.views = totals[item.ref]
                grown.append(item)
        Item.objects.bulk_update(grown, ["views"], batch_size=500)
        ViewSample.objects.bulk_create(
            [ViewSample(item=i, at=now, views=i.views) for i in grown if i.first_notice_at is not None]
        )
        return known


def uploads_screened(screened: Sequence[ScreenedIn], *, platform: str, actor: str, now: datetime) -> None:
    """Record which uploads were held or blocked. `clear` is not recorded: everyday files are nobody's business.

    A batch is written some hundred entries at a time, so that other writers needn't wait for all of it.
    """
    said = [
        audit.Said(
            f"screened_{one.verdict}",
            actor,
            now,
            None,
            {"platform": platform, "why": one.why, "match": one.match_id},
        )
        for one in screened
    ]
    for start in range(0, len(said), ENTRIES_AT_ONCE):
        with transaction.atomic():
            audit.append_all(said[start : start + ENTRIES_AT_ONCE])


def match_told(match_id: str, *, actor: str, now: datetime) -> None:
    """Record who was told what is behind a match id."""
    with transaction.atomic():
        audit.append("match_told", actor=actor, now=now, event={"match": match_id})


def resolved(
    reported_item_id: int,
    *,
    ref: str | None,
    kind: str = "image",
    also: Sequence[tuple[str, str]] = (),
    obligation_id: int,
    now: datetime,
) -> None:
    """A link that had to be asked about led to an item, or to none; hiding is still due from the receipt.

    `also`: refs and kinds of what else stands there. Who reports a post with four pictures reports all four.
    """
    with transaction.atomic():
        row = ReportedItem.objects.select_related("report", "report__case").get(pk=reported_item_id)
        report = row.report
        writing = Writing(actor="worker", now=now, cause=f"report:{report.pk}", case=report.case)
        if ref is None:
            row.state = "unreachable"
            row.save(update_fields=["state"])
            _owe_reading(writing, row)
        else:
            item, _ = get_or_make(ItemIn(platform=row.platform, ref=ref, kind=kind, url=row.link), now)
            row.state = "known"
            if not ReportedItem.objects.filter(report=report, item=item).exists():
                attach(writing, row, item)
            row.save(update_fields=["item", "state", "interim"])
            for number, (beside, its_kind) in enumerate(also[: LINKS_LIMIT - 1], start=2):
                _attach_beside(writing, row, beside, its_kind, number)
        entry_id = writing.record("item_resolved", {"reported_item": row.pk, "found": ref is not None})
        writing.finish(entry_id)
        obligations.keep(obligation_id, now=now, proof_entry_id=entry_id)


def _attach_beside(writing: Writing, first: ReportedItem, ref: str, kind: str, number: int) -> None:
    """Let a report name another item of the same address."""
    item, _ = get_or_make(ItemIn(platform=first.platform, ref=ref, kind=kind, url=first.link), writing.now)
    if ReportedItem.objects.filter(report=first.report, item=item).exists():
        return
    row = ReportedItem(
        report=first.report, link=f"{first.link[:1990]}#{number}", platform=first.platform, state="known"
    )
    row.save()
    attach(writing, row, item)
    row.save()


def _owe_reading(writing: Writing, row: ReportedItem) -> None:
    """A link that leads to nothing is read by a person: the words beside it may say where to look."""
    due_at = max(row.report.received_at + protecting.LOOK_SOON, writing.now)
    writing.owe([Owed(kind="read_report", subject=f"report:{row.report_id}", by=By.PEOPLE, due_at=due_at)])
