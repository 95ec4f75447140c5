"""What a report is owed and promised, and the audit entry that proves its receipt."""

import json
from collections.abc import Collection
from functools import lru_cache

from django.db.models import Q, QuerySet

from answerable.audit.models import AuditEntry
from answerable.cases.models import Appeal, Report, ReportedItem
from answerable.cases.queries.people import staff
from answerable.db.prepared import prepared
from answerable.obligations.models import Obligation
from answerable.policy import store
from answerable.policy.staff import unkept
from answerable.policy.words import Age


def owed_kinds(report: Report) -> set[str]:
    """The kinds that this report is or was owed: what its promises rest on."""
    name, items = f"report:{report.pk}", [f"item:{pk}" for pk in _named_items(report.pk)]
    return set(_of_report(name)) | (set(_owed_of(items)) - of_others(report))


@prepared
def _named_items(report_id: int) -> "QuerySet[ReportedItem, int | None]":
    return ReportedItem.objects.filter(report_id=report_id).values_list("item_id", flat=True)


@prepared
def _of_report(name: str) -> "QuerySet[Obligation, str]":
    mine = Obligation.objects.filter(Q(cause=name) | Q(subject=name)).exclude(state="released")
    return mine.values_list("kind", flat=True).distinct()


@prepared
def _owed_of(subjects: list[str]) -> "QuerySet[Obligation, str]":
    owed = Obligation.objects.filter(subject__in=subjects, state="owed")
    return owed.values_list("kind", flat=True).distinct()


@prepared
def _open_complaints(report_id: int) -> "QuerySet[Appeal, int]":
    complaints = Appeal.objects.filter(report_id=report_id, kind="complaint", outcome="")
    return complaints.values_list("pk", flat=True)[:1]


def of_others(report: Report) -> set[str]:
    """Kinds that an item can owe to another reporter alone: nothing of them is this one's (rules 2 and 17)."""
    theirs = set[str]()
    if not report.complete:
        theirs.add("remove_if_undecided")
    if not _open_complaints(report.pk):
        theirs.add("decide_complaint")
    return theirs


def promises(report: Report, language: str, kept: Collection[str] | None = None) -> list[str]:
    """The promises that this report is owed and that this desk has the people to keep (rule 2).

    `kept`: what `kept_here` gives, where it is known already.
    """
    kinds = kept_here(report) if kept is None else set(kept)
    return store.pack(report.pack_digest).promises(report.harm, kinds, language)


def kept_here(report: Report) -> set[str]:
    """Those of its kinds that the people of this desk can keep."""
    return owed_kinds(report) - _unkept(report.pack_digest, staff(), report.harm, Age(report.age))


@lru_cache(maxsize=64)
def _unkept(
    digest: str, people: tuple[tuple[tuple[str, ...], bool, bool, bool], ...], harm: str, age: Age
) -> frozenset[str]:
    """The kinds that nobody among these people can keep for that harm: their promises are not offered."""
    return unkept(store.pack(digest), people, harm_id=harm, age=age)


def receipt_entry_id(report: Report) -> int | None:
    """The audit entry that records the receiving of this report."""
    acknowledged = Obligation.objects.filter(
        kind="acknowledge", subject=f"report:{report.pk}", proof_entry_id__isnull=False
    )
    entry_id = acknowledged.order_by("pk").values_list("proof_entry_id", flat=True).first()
    if entry_id is not None:
        entry = AuditEntry.objects.get(pk=entry_id)
        # A forgotten one still proves, by its place in the tree, that something was received then.
        if _is_receipt_of(entry, report) or (entry.kind == "report_received" and entry.event is None):
            return entry_id
    entries = AuditEntry.objects.filter(kind="report_received", at=report.received_at).order_by("pk")
    return next((entry.pk for entry in entries if _is_receipt_of(entry, report)), None)


def _is_receipt_of(entry: AuditEntry, report: Report) -> bool:
    if entry.kind != "report_received" or entry.event is None:
        return False
    return bool(json.loads(entry.event).get("report") == report.pk)
