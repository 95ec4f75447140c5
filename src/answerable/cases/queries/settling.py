"""Whether anything is left to do about an item."""

from answerable.cases.kinds import BY_JUDGING
from answerable.cases.models import Decision, Item
from answerable.obligations.models import Obligation
from answerable.policy.words import Verdict, Visibility

ASKS_FOR_A_JUDGEMENT = BY_JUDGING - {"second_look"}


def is_settled(platform: str, ref: str) -> bool:
    """Whether an item was cleared and nobody asked again, or was decided on and seen gone."""
    item = Item.objects.filter(platform=platform, ref=ref).first()
    if item is None or item.content_id is None:
        return False
    decision = Decision.objects.filter(content_id=item.content_id, overturned_at__isnull=True).first()
    if decision is None:
        return False
    if decision.verdict == Verdict.VIOLATING:
        return item.wanted == item.seen == Visibility.GONE
    waits = Obligation.objects.filter(kind__in=ASKS_FOR_A_JUDGEMENT, subject=f"item:{item.pk}", state="owed")
    return not waits.exists()
