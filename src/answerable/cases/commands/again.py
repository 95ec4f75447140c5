"""Erasing once more what was erased already: a backup of the database that was put back has it still."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from answerable.audit.forget import AT_ONCE, forget
from answerable.audit.models import AuditEntry
from answerable.cases.commands.answering import withdraw_report
from answerable.cases.commands.words import erase_links
from answerable.cases.commands.writing import Writing
from answerable.cases.erasure_inputs import Erasure
from answerable.cases.models import Case, Report, ReportedItem
from answerable.cases.queries import words
from answerable.db import personal
from answerable.db.models import PersonalText

AGAIN = "erased_again"
FROM_FILE = "erasures"
"""Who stands in the log as the second one: the file of erasures, which two roles' decision led to."""


def standing_again(erasures: Sequence[Erasure]) -> list[Erasure]:
    """Those of which anything is in the database: four queries for all of them, however many were erased."""
    texts = {number for one in erasures for number in one.texts}
    entries = {number for one in erasures for number in one.entries}
    reports = {one.report_id for one in erasures if one.code and one.report_id is not None}
    items = {number for one in erasures for number in one.reported_items}
    marks = {row.pk: personal.mark_of(row) for row in PersonalText.objects.filter(pk__in=texts)}
    sealed = AuditEntry.objects.filter(pk__in=entries, event__isnull=False, sealed=True)
    told = dict(sealed.values_list("pk", "commitment"))
    coded = Report.objects.filter(pk__in=reports, code_erased_at__isnull=True)
    codes = set(coded.values_list("pk", "digest"))
    typed = ReportedItem.objects.filter(pk__in=items).exclude(words.NOT_TYPED)
    links = {number: of for number, *of in typed.values_list("pk", "report_id", "report__digest")}
    return [
        one
        for one in erasures
        if any(marks.get(number) == mark for number, mark in one.texts.items())
        or any(told.get(number) == commitment for number, commitment in one.entries.items())
        or (one.code and (one.report_id, one.report_digest) in codes)
        or any(links.get(number) == [one.report_id, one.report_digest] for number in one.reported_items)
    ]


def erase_again(erasure: Erasure, *, now: datetime) -> bool:
    """Erase what of it is in the database, with an entry. Whether there was anything.

    A report whose words were all erased at its reporter's asking was withdrawn with that: it is withdrawn again.
    """
    report = _report(erasure)
    if report is not None and erasure.code and report.withdrawn_at is None:
        withdraw_report(report.pk, now=now)
    with transaction.atomic():
        report = _report(erasure)
        texts, entries, links = _texts(erasure), _entries(erasure), _links(erasure, report)
        code = report is not None and erasure.code and report.code_erased_at is None
        if not (texts or entries or links or code):
            return False
        if code and report is not None:  # all of it was erased; what withdrawing it again wrote goes, too
            texts = sorted({*texts, *words.texts_of(report)})
            entries = sorted({*entries, *words.sealed_entries_of(report)})
        reached = (
            Case.objects.filter(items__reported_in__report=report).order_by("pk").first() if report else None
        )
        writing = Writing(
            actor="worker",
            now=now,
            cause=f"report:{report.pk}" if report is not None else "erasures",
            case=reached or (report.case if report is not None else None),
        )
        personal.erase_numbered(texts)
        erase_links(links)
        for start in range(0, len(entries), AT_ONCE):
            part = entries[start : start + AT_ONCE]
            forget(part, actor="worker", second_actor=FROM_FILE, now=now, reason=AGAIN)
        if texts or links:
            named = {"report": report.pk} if report is not None else {}
            event = {"texts": texts, "reported_items": links, "ground": AGAIN}
            writing.record("text_erased", {**named, **event})
        if code and report is not None:
            Report.objects.filter(pk=report.pk).update(code_hash=None, code_erased_at=now)
            writing.record("code_erased", {"report": report.pk})
        return True


def _report(erasure: Erasure) -> Report | None:
    if erasure.report_id is None or not erasure.report_digest:
        return None
    return Report.objects.filter(pk=erasure.report_id, digest=erasure.report_digest).first()


def _texts(erasure: Erasure) -> list[int]:
    rows = PersonalText.objects.filter(pk__in=erasure.texts).order_by("pk")
    return [row.pk for row in rows if personal.mark_of(row) == erasure.texts[row.pk]]


def _entries(erasure: Erasure) -> list[int]:
    rows = AuditEntry.objects.filter(pk__in=erasure.entries, event__isnull=False, sealed=True)
    found = rows.order_by("pk").values_list("pk", "commitment")
    return [number for number, commitment in found if erasure.entries[number] == commitment]


def _links(erasure: Erasure, report: Report | None) -> list[int]:
    if report is None:
        return []
    rows = ReportedItem.objects.filter(pk__in=erasure.reported_items, report=report).exclude(words.NOT_TYPED)
    return list(rows.order_by("pk").values_list("pk", flat=True))
