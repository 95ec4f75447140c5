"""Items that a report turns out to be about after it was accepted: a link that led there, a person who found it."""

from datetime import datetime, timedelta

from django.db import transaction

from answerable import obligations
from answerable.cases.commands.completing import owe_complete
from answerable.cases.commands.grouping import items_at, lock, open_case, put_in, reached
from answerable.cases.commands.protecting import protect_item, waits_for_look
from answerable.cases.commands.receiving import missing_elements
from answerable.cases.commands.telling import tell_reports, untold
from answerable.cases.commands.writing import Writing, facts_of, owed_by_pack, regimes
from answerable.cases.inputs import AlreadyDone, Link, NotFound, Refused
from answerable.cases.kinds import is_media
from answerable.cases.models import Item, Person, Report, ReportedItem
from answerable.obligations import Owed
from answerable.policy import Pack, store
from answerable.policy.words import By, Visibility

RESOLVE_WITHIN = timedelta(seconds=5)


def attach(writing: Writing, row: ReportedItem, item: Item) -> None:
    """Let a report name an item, as if it had done so when it came: hiding, looks, and the 48 hours count from then.

    `item` must be locked; the caller saves `row`.
    """
    report = row.report
    pack = store.pack(report.pack_digest)
    row.item, row.state = item, "known"
    if item.case is None:
        put_in(writing, item, report.case or open_case(writing, report.harm, pack))
    else:
        reached(writing, item.case, report.harm, pack)
    writing.case = item.case
    row.interim = str(protect_item(writing, report, item, pack).interim)
    owe_removal(writing, report, item, pack)
    if waits_for_look(row) and report.withdrawn_at is None:
        tell_reports(writing, untold([report], "waits_for_look"), "waits_for_look", {})


def owe_removal(writing: Writing, report: Report, item: Item, pack: Pack) -> None:
    """Owe for one item what a complete removal request is owed, from the request's receipt (rule 14)."""
    if not report.complete or item.wanted == Visibility.GONE:
        return
    facts = facts_of(report, media=is_media(item.kind), located=True, known=True)
    dos = pack.owes(report.harm, "on_complete_request", facts, regimes())
    writing.owe(owed_by_pack(dos, event_at=report.received_at, item=item))


def name_item(report_id: int, *, link: Link, person_id: int, now: datetime) -> int | None:
    """Say, as the person who read a report, where the thing stands that it describes.

    It counts as named when the report came. Returns the item's number; None where the platform must be asked
    first what the link leads to. Raises Refused for a site that this desk doesn't answer for, AlreadyDone where
    the report names it already.
    """
    if not link.platform:
        raise Refused("That is no site of this desk: write a link to one of its own.")
    with transaction.atomic():
        person = Person.objects.filter(pk=person_id, active=True).first()
        if person is None:
            raise Refused("This person doesn't work at this desk.")
        report = (
            Report.objects.select_for_update(of=("self",)).select_related("case").filter(pk=report_id).first()
        )
        if report is None:
            raise NotFound(f"There is no report {report_id}.")
        writing = Writing(actor=f"person:{person.pk}", now=now, cause=f"report:{report.pk}", case=report.case)
        row = ReportedItem(report=report, link=link.typed[:2000], platform=link.platform, state="resolving")
        if link.ref:
            item = items_at([link], now)[link.platform, link.ref]
            if ReportedItem.objects.filter(report=report, item=item).exists():
                raise AlreadyDone("This report names that item already.")
            row.save()
            attach(writing, row, item)
        row.save()
        entry_id = writing.record(
            "item_named", {"report": report.pk, "reported_item": row.pk, "item": row.item_id}
        )
        if not link.ref:
            writing.owe([resolving(row, now)])
        _complete_by_place(writing, report)
        writing.finish(entry_id)
        obligations.keep_all("read_report", f"report:{report.pk}", now=now, proof_entry_id=entry_id)
        return row.item_id


def resolving(row: ReportedItem, said_at: datetime) -> Owed:
    """Asking the platform what a link leads to, from when it was said."""
    return Owed(
        kind="resolve",
        subject=f"reported_item:{row.pk}",
        by=By.WORKER,
        due_at=said_at + RESOLVE_WITHIN,
        platform=row.platform,
        urgency=0,
    )


def _complete_by_place(writing: Writing, report: Report) -> None:
    """The place may have been all that a removal request lacked."""
    if report.complete or missing_elements(report, located=True):
        return
    report.complete = True
    report.save(update_fields=["complete"])
    numbers = report.reported_items.filter(item__isnull=False).order_by("item_id")
    items = [item for item in map(lock, numbers.values_list("item_id", flat=True)) if item is not None]
    writing.record("request_completed", {"report": report.pk, "given": ["location"], "complete": True})
    owe_complete(writing, report, items)
