"""Answering the reports that a platform keeps itself: closed there once all is done here, open again when it isn't."""

from datetime import timedelta

from answerable.cases.commands.writing import Writing
from answerable.cases.models import Item, ReportedItem
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.obligations.owed import BY_HAND
from answerable.policy.words import By

SETTLE_WITHIN = timedelta(minutes=10)


def settle_there(writing: Writing, item: Item) -> None:
    """Owe that the platform's own reports on an item are closed or open as it is settled here.

    Only where there is one: made there by its users, or by this desk for its moderators.
    """
    subject = f"item:{item.pk}"
    there = ReportedItem.objects.filter(item=item, report__channel="platform").exists() or (
        Obligation.objects.filter(kind=BY_HAND, subject__startswith=f"{subject}/").exists()
    )
    if there:
        due_at = writing.now + SETTLE_WITHIN
        writing.owe(
            [
                Owed(
                    kind="settle_there",
                    subject=subject,
                    by=By.WORKER,
                    due_at=due_at,
                    platform=item.platform,
                )
            ]
        )
