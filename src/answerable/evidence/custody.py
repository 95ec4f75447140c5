"""The chain of custody: which entries of the log tell of a case's evidence, and of what was sent to authorities."""

from collections.abc import Iterable
from typing import Any, Final

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.cases.models import Capture, Filing
from answerable.cases.queries import evidence

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


def entries(
    case_id: int, captures: Iterable[Capture], filings: Iterable[Filing], items: set[int] | None
) -> list[int]:
    """The numbers of the entries, in their order. `items`: nothing about any others; None: all of the case."""
    found, contents = {one.entry_id for one in captures}, {one.content_id for one in captures}
    numbers = {one.pk for one in filings}
    rows = AuditEntry.objects.filter(case_id__in=evidence.with_joined(case_id))
    told = rows.filter(kind__startswith="evidence_") | rows.filter(kind__in=KINDS)
    for entry in told.order_by("pk"):
        if items is None or _concerns(event_of(entry), items, contents, numbers):
            found.add(entry.pk)
    return sorted(found)


def _concerns(event: dict[str, Any] | None, items: set[int], contents: set[int], filings: set[int]) -> bool:
    """Whether what an entry names is of these. What names none is of the case."""
    said = event or {}
    named = {said["item"]} if "item" in said else set(said.get("items", ()))
    return (
        (not named or bool(named & items))
        and ("content" not in said or said["content"] in contents)
        and ("filing" not in said or said["filing"] in filings)
    )
