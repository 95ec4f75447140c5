"""A platform that does not answer in time: who asked is told so, once."""

from datetime import datetime

from django.db import transaction

from answerable.cases.commands.telling import reports_naming, tell_reports, untold
from answerable.cases.commands.writing import Writing
from answerable.cases.models import Item, Report
from answerable.obligations.models import Obligation

PROTECTING = ("hide", "limit", "remove")


def platform_silent(obligation_id: int, *, now: datetime) -> int:
    """Tell reporters that what a platform was asked for is late, and people know it. Returns how many are told.

    Hiding and removing: it may be visible still. A link that had to be asked about: it could not be opened.
    """
    with transaction.atomic():
        obligation = Obligation.objects.filter(pk=obligation_id, state="owed").first()
        if obligation is None:
            return 0
        word, _, number = obligation.subject.partition(":")
        if obligation.kind in PROTECTING and word == "item":
            item = Item.objects.only("wanted_at").get(pk=int(number))
            reports = untold(reports_naming([item.pk]), "platform_silent", since=item.wanted_at)
            reply = "platform_silent"
        elif obligation.kind == "resolve":
            named = Report.objects.filter(reported_items=int(number), withdrawn_at__isnull=True)
            reports, reply = untold(named, "unreachable_site"), "unreachable_site"
        else:
            return 0
        writing = Writing(actor="worker", now=now, cause=f"obligation:{obligation.pk}")
        tell_reports(writing, reports, reply, {})
        writing.finish()
        return len(reports)
