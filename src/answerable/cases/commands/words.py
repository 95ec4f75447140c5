"""Erasing what people wrote, when its time has come (rule 20). What was decided, and the proof of it, stays."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from answerable import audit
from answerable.cases.models import Item, ReportedItem
from answerable.cases.queries import words
from answerable.cases.queries.things import ERASED_LINK
from answerable.db import personal
from answerable.obligations.models import Obligation
from answerable.policy import store

AT_ONCE = 500


def erase_due(now: datetime) -> int:
    """Erase up to 500 texts that are past their time, with an entry that names their numbers. Gives how many."""
    if not words.texts_due(now).exists():
        return 0
    with transaction.atomic():
        texts = list(words.texts_due(now).order_by("erase_after").values_list("pk", flat=True)[:AT_ONCE])
        if texts:
            personal.erase_numbered(texts)
            audit.append("text_erased", actor="worker", now=now, event={"texts": texts, "ground": "schedule"})
    return len(texts)


def erase_links_due(now: datetime) -> int:
    """Erase the links of reports whose words' time is over: what was typed, not where the item stands.

    Up to 500 at a time, with an entry that names their numbers. Gives how many.
    """
    try:
        kept_for = store.active().erase_after("statement")
    except store.UnknownPackError:
        return 0  # a desk that never opened its doors has nothing to erase
    due = words.links_of_before(now - kept_for)
    if not due.exists():
        return 0
    with transaction.atomic():
        rows = list(due.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        if rows:
            erase_links(rows)
            event = {"reported_items": rows, "ground": "schedule"}
            audit.append("links_erased", actor="worker", now=now, event=event)
    return len(rows)


def erase_links(rows: Iterable[int]) -> None:
    """Erase what was typed as links, in the caller's transaction.

    Where an item stands is the platform's word and stays; not so the short link of a reporter that led there.
    """
    for row in ReportedItem.objects.filter(pk__in=list(rows)):
        if Obligation.objects.filter(kind="resolve", subject=f"reported_item:{row.pk}").exists():
            Item.objects.filter(reported_in__report=row.report_id, url=row.link).update(url="")
        row.link = ERASED_LINK.format(row.pk)
        row.save(update_fields=["link"])
