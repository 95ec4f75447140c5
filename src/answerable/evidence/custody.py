"""The chain of custody: which entries of the log tell of a case's evidence, and of what was sent to authorities."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.cases.models import Capture, Filing, RequestHold
from answerable.cases.queries.joined import with_joined

KINDS: Final = (
    "looked_at",
    "revealed",
    "review_made",
    "decision_made",
    "decision_confirmed",
    "decision_overturned",
    "finding_made",
    "finding_withdrawn",
    "filing_drafted",
    "filing_approved",
    "filing_answered",
    "filing_finished",
)
"""Kinds of the log that stand in a chain of custody beside those that begin with `evidence_`."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What the request of an authority covers of a case: nothing is told of anything else."""

    items: set[int]
    request: int


@dataclass(frozen=True, slots=True)
class _Bounds:
    """The numbers that an entry may name; `other_holds`: those that it may not."""

    items: set[int]
    contents: set[int]
    filings: set[int]
    request: int
    other_holds: set[int]

    def has(self, kind: str, event: dict[str, Any]) -> bool:
        """Whether all that an entry names is within. What names none of it is of the case."""
        ours = not kind.startswith("evidence_") or event.get("request", self.request) == self.request
        items = {event["item"]} if "item" in event else set(event.get("items", ()))
        return (
            ours  # a filing's `request` is the authority's name for one over HTTP
            and items <= self.items
            and event.get("hold") not in self.other_holds
            and ("content" not in event or event["content"] in self.contents)
            and ("filing" not in event or event["filing"] in self.filings)
        )


def entries(
    case_id: int, captures: Iterable[Capture], filings: Iterable[Filing], covered: Covered | None
) -> list[int]:
    """The numbers of the entries, in their order. `covered`: nothing about anything else; None: all of the case."""
    found, contents = {one.entry_id for one in captures}, {one.content_id for one in captures}
    within = None
    if covered is not None:
        others = RequestHold.objects.exclude(request=covered.request).values_list("hold_id", flat=True)
        numbers = {one.pk for one in filings}
        within = _Bounds(covered.items, contents, numbers, covered.request, set(others))
    rows = AuditEntry.objects.filter(case_id__in=with_joined(case_id))
    told = rows.filter(kind__startswith="evidence_") | rows.filter(kind__in=KINDS)
    for entry in told.order_by("pk"):
        if within is None or within.has(entry.kind, event_of(entry) or {}):
            found.add(entry.pk)
    return sorted(found)
