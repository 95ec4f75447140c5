"""What became of the things that one report names, as its status page tells it (rule 17).

Times of what happened because of somebody else's earlier report are not told: nothing here lies before this report.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from answerable.cases.kinds import KIND_BY_WANTED
from answerable.cases.models import Appeal, Decision, Item, Report, ReportedItem
from answerable.db.prepared import first, prepared
from answerable.obligations.models import Obligation
from answerable.policy.words import Verdict, Visibility

CLAIMED = "hash:{}"
"""The link of what a reporter's own hash found, with the number of the item."""
ERASED_LINK = "erased:{}"
"""In the place of an erased link, with the number of its row: a report names no link twice."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that the report names, and what became of it."""

    link: str
    """As the reporter typed it; empty once that was erased."""
    item_id: int | None
    state: str
    """unknown_site, unreachable, resolving, hiding, hidden, limiting, limited, removing, gone, by_hand (owed, and
    people do what the platform can't), looking, kept."""
    at: datetime | None = None
    """When that state was seen, or decided."""
    hidden_at: datetime | None = None
    """When a look at the platform first found it hidden, counted from this report at the earliest."""
    decided_at: datetime | None = None
    may_complain: bool = False
    complained: bool = False
    copies: int = 0


def only_matched(row: ReportedItem) -> bool:
    """Whether a hash that came with the report found this, and nobody decided about it: it isn't told yet."""
    found = row.item is not None and row.link == CLAIMED.format(row.item_id)
    return found and (row.item is None or _decision(row.item) is None)


def thing(row: ReportedItem, report: Report) -> Thing:
    item = row.item
    if item is None:
        state = row.state if row.state in ("unknown_site", "unreachable") else "resolving"
        return Thing(_typed(row), None, state)
    decision = _decision(item)
    violating = decision is not None and decision.verdict == Verdict.VIOLATING
    answered = (
        decision is not None and not violating and decision.answers_reports_before >= report.received_at
    )
    state, at = _state(item, report, answered=answered)
    decided = decision if violating or answered else None
    complained = answered and bool(_complaints(report.pk, item.pk))
    return Thing(
        link=_typed(row),
        item_id=item.pk,
        state=state,
        at=_not_before(at if at else (decided.at if decided else None), report),
        hidden_at=_not_before(item.hidden_at, report) if state not in UNSEEN else None,
        decided_at=_not_before(decided.at, report) if decided else None,
        may_complain=answered and not complained and report.withdrawn_at is None,
        complained=complained,
        copies=_copies(item) if violating else 0,
    )


def _typed(row: ReportedItem) -> str:
    return "" if row.link == ERASED_LINK.format(row.pk) else row.link


UNSEEN = ("hiding", "limiting", "by_hand")
"""States in which nobody has seen it hidden since the report came."""


def _state(item: Item, report: Report, *, answered: bool) -> tuple[str, datetime | None]:
    """The item's state in one word, and when it was last seen so.

    A look counts that came after this report: a report says that the item is there, and has the platform asked
    again for what was hidden or removed before. What is to be hidden and isn't found is hidden, not gone: platforms
    hide so, and it comes back when people clear it.
    """
    wanted = Visibility(item.wanted)
    seen = Visibility(item.seen) if item.seen else Visibility.VISIBLE
    if wanted is Visibility.VISIBLE:
        if seen is Visibility.GONE:
            return "gone", item.seen_at
        return ("kept" if answered else "looking"), None
    fresh = item.seen_at is not None and item.seen_at >= report.received_at
    if fresh and seen is Visibility.GONE and wanted is not Visibility.HIDDEN:
        return "gone", item.seen_at
    if answered and wanted is not Visibility.GONE:
        return "kept", None
    reached, under_way = STATES[wanted]
    if fresh and seen >= wanted:
        return reached, item.seen_at
    by_hand = _by_hand(f"item:{item.pk}/{KIND_BY_WANTED[wanted]}")
    return ("by_hand" if by_hand else under_way), None


@prepared
def _complaints(report_id: int, item_id: int) -> "QuerySet[Appeal, int]":
    complaints = Appeal.objects.filter(kind="complaint", report_id=report_id, item_id=item_id, outcome="")
    return complaints.values_list("pk", flat=True)[:1]


@prepared
def _by_hand(subject: str) -> "QuerySet[Obligation, int]":
    by_hand = Obligation.objects.filter(kind="do_by_hand", subject=subject, state="owed")
    return by_hand.values_list("pk", flat=True)[:1]


STATES = {
    Visibility.LIMITED: ("limited", "limiting"),
    Visibility.HIDDEN: ("hidden", "hiding"),
    Visibility.GONE: ("gone", "removing"),
}
"""What is wanted, as a state: when it is seen so, and until then."""


def _decision(item: Item) -> Decision | None:
    if item.content_id is None:
        return None
    return first(_standing(item.content_id))


@prepared
def _standing(content_id: int) -> "QuerySet[Decision]":
    return Decision.objects.filter(content_id=content_id, overturned_at__isnull=True).order_by("pk")[:1]


def _copies(item: Item) -> int:
    """How many other items are decided copies of it: the identical file, or measured against it."""
    if item.content is None:
        return 0
    measured = Q(content__copy_of__original=item.content)
    identical = Q(content__sha256=item.content.sha256)
    decided = Decision.objects.filter(
        measured | identical, verdict=Verdict.VIOLATING, overturned_at__isnull=True
    ).exclude(content__item=item)
    return decided.values("content__item_id").distinct().count()


def _not_before(at: datetime | None, report: Report) -> datetime | None:
    """Never earlier than this report: an earlier time would tell that somebody else reported."""
    return max(at, report.received_at) if at is not None else None
