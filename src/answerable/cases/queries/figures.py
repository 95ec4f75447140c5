"""The figures that stand side by side: how fast harm was hidden, and how long the innocent were (rule 7)."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Sum

from answerable.cases.models import Item
from answerable.cases.queries.people import staff
from answerable.obligations.models import Obligation
from answerable.policy import Pack
from answerable.policy.staff import lacking


@dataclass(frozen=True, slots=True)
class Figures:
    """What a desk has to answer for. Seconds and minutes as named; None where there is nothing to count."""

    hidden_items: int
    hide_seconds_median: float | None
    hide_seconds_worst: float | None
    wrongly_hidden_items: int
    wrongly_hidden_minutes: int
    views_after_notice: int
    late_now: dict[str, int]
    kept_late: dict[str, int]
    lacking: list[str]


def figures(pack: Pack, *, now: datetime) -> Figures:
    """The desk's figures at this moment, under this pack."""
    hidden = Item.objects.filter(hidden_at__isnull=False, first_notice_at__isnull=False)
    times = hidden.values_list("hidden_at", "first_notice_at")
    seconds = sorted((seen - noticed).total_seconds() for seen, noticed in times if seen and noticed)
    cleared = Item.objects.filter(interim_seconds__gt=0)
    viewed = Item.objects.filter(views_at_first_notice__isnull=False).aggregate(
        total=Sum(F("views") - F("views_at_first_notice"))
    )
    return Figures(
        hidden_items=len(seconds),
        hide_seconds_median=seconds[(len(seconds) - 1) // 2] if seconds else None,
        hide_seconds_worst=seconds[-1] if seconds else None,
        wrongly_hidden_items=cleared.count(),
        wrongly_hidden_minutes=round((cleared.aggregate(total=Sum("interim_seconds"))["total"] or 0) / 60),
        views_after_notice=max(0, viewed["total"] or 0),
        late_now=_by_kind(state="owed", due_at__lt=now),
        kept_late=_by_kind(state="kept_late"),
        lacking=lacks(pack),
    )


def lacks(pack: Pack) -> list[str]:
    """What this desk has too few people for: each need once, with all that it is needed for."""
    needs: dict[str, list[str]] = {}
    for lack in lacking(pack, staff()):
        matter, _, need = lack.reason.partition(": ")
        needs.setdefault(need or matter, []).append(matter if need else "everything")
    return [f"{need} ({', '.join(matters)})" for need, matters in sorted(needs.items())]


def _by_kind(**conditions: object) -> dict[str, int]:
    return dict(
        sorted(Counter(Obligation.objects.filter(**conditions).values_list("kind", flat=True)).items())
    )
