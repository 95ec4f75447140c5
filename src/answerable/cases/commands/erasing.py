"""What can't be undone on a platform, such as the redaction of a message: after the second person only (rule 15)."""

from datetime import timedelta

from answerable.cases.commands.writing import Writing
from answerable.cases.models import Decision, Item
from answerable.obligations import Owed
from answerable.policy.words import By, Visibility
from answerable.settings.config import config

ERASE_WITHIN = timedelta(hours=1)


def owe_erasing(writing: Writing, decision: Decision) -> None:
    """Two people confirmed: where an operator asks for it, owe the erasing of what was removed by this decision."""
    erasing = [entry.name for entry in config().platforms if entry.erase_confirmed]
    if not erasing or decision.confirmed_by_two_at is None:
        return
    removed = Item.objects.filter(platform__in=erasing, wanted=Visibility.GONE)
    mine = removed.filter(contents__decisions=decision)
    shared = removed.filter(
        contents__decisions__of_decision=decision, contents__decisions__overturned_at__isnull=True
    )
    writing.owe(
        Owed(
            kind="erase",
            subject=f"item:{item.pk}",
            by=By.WORKER,
            due_at=writing.now + ERASE_WITHIN,
            platform=item.platform,
        )
        for item in (mine | shared).distinct().order_by("pk")
    )
