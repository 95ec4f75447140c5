"""What a reporter's own hashes find: items to look at. A claim finds, it never hides or blocks."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from answerable import obligations
from answerable.cases.commands.grouping import begin_notice, lock, open_case, put_in
from answerable.cases.commands.naming import owe_removal
from answerable.cases.commands.protecting import look_again_at
from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import MatchIn, NotFound
from answerable.cases.models import ItemContent, Report, ReportedItem
from answerable.cases.queries.things import CLAIMED
from answerable.cases.rules import protecting
from answerable.obligations import Owed
from answerable.policy import store
from answerable.policy.words import Age, By, CopyKind, Visibility

FOUND_LIMIT = 200
"""Items that one report's hashes bring in at most: a common picture must not fill the queue."""


def claimed_found(report_id: int, *, matches: Sequence[MatchIn], obligation_id: int, now: datetime) -> int:
    """Bring what a reporter's hashes found before people. Returns how many items are new to this report."""
    with transaction.atomic():
        report = Report.objects.filter(pk=report_id).select_related("case").first()
        if report is None:
            raise NotFound(f"There is no report {report_id}.")
        writing = Writing(actor="worker", now=now, cause=f"report:{report_id}")
        pack = store.pack(report.pack_digest)
        contents = ItemContent.objects.in_bulk([match.content_id for match in matches[:FOUND_LIMIT]])
        identical = {match.content_id for match in matches if match.kind is CopyKind.EXACT}
        found = 0
        for content in contents.values():
            item = lock(content.item_id)
            if item is None or item.content_id != content.pk:
                continue
            if ReportedItem.objects.filter(report=report, item=item).exists():
                continue
            if item.case is None:
                put_in(writing, item, report.case or open_case(writing, report.harm, pack))
            ReportedItem.objects.create(
                report=report, link=CLAIMED.format(item.pk), platform=item.platform, item=item, interim="look"
            )
            writing.case = item.case
            age_before = begin_notice(writing, item, Age(report.age))
            if item.wanted != Visibility.GONE:
                due_at = now + protecting.LOOK_SOON
                writing.owe([Owed(kind="look", subject=f"item:{item.pk}", by=By.PEOPLE, due_at=due_at)])
            else:
                look_again_at(writing, item, age_before)
            if (
                content.pk in identical
            ):  # what merely resembles it is removed when somebody has looked (rule 11)
                owe_removal(writing, report, item, pack)
            found += 1
        writing.case = report.case
        entry_id = writing.record("copies_found", {"report": report.pk, "found": found})
        writing.finish(entry_id)
        obligations.keep(obligation_id, now=now, proof_entry_id=entry_id)
        return found
