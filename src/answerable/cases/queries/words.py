"""What people wrote: which of it is to be erased, and what stands against that."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Max, Q, QuerySet

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.cases.kinds import BY_JUDGING
from answerable.cases.models import Item, Report, ReportedItem
from answerable.cases.queries.evidence import entries_in_use
from answerable.cases.queries.held import (
    held_cases,
    held_entries,
    held_reports,
    held_texts,
    is_held,
    requests_about,
)
from answerable.cases.queries.promised import receipt_entry_id
from answerable.cases.queries.things import CLAIMED, ERASED_LINK
from answerable.cases.rules.deciding import youngest
from answerable.cases.rules.words import Against, KeptFor, stands_against
from answerable.db.models import PersonalText
from answerable.obligations.models import Obligation
from answerable.policy.words import Age

NOT_TYPED: Final = Q(link__startswith=ERASED_LINK.format("")) | Q(link__startswith=CLAIMED.format(""))
ERASING: Final = frozenset({"erase_words", "agree_erasure"})
OF_MESSAGES: Final = ("answer_received", "complaint_received", "message_sent")
OF_THE_REPORT: Final = (
    "read_report",
    "read_answer",
    "answer_danger",
    "confirm_ending",
    "agree_contact",
    "open_contact",
)
TELLING_AUTHORITIES: Final = ("report_authority", "correct_authority", "emergency_duty")


def texts_due(now: datetime) -> QuerySet[PersonalText]:
    """The texts that are past their time, and that no hold keeps."""
    due = PersonalText.objects.filter(erase_after__lte=now)
    cases = held_cases(now)
    return due.exclude(pk__in=held_texts(cases)) if cases else due


def links_due(before: datetime, now: datetime) -> QuerySet[ReportedItem]:
    """The links that people typed in reports received before that moment, and that no hold keeps."""
    typed = ReportedItem.objects.filter(report__received_at__lte=before).exclude(NOT_TYPED)
    cases = held_cases(now)
    return typed.exclude(report__in=held_reports(cases).values("pk")) if cases else typed


def entries_kept(before: datetime, now: datetime) -> set[int]:
    """The entries, older than that, whose sealed parts stay: they prove kept evidence, or a hold keeps them."""
    return entries_in_use(before) | held_entries(held_cases(now), before)


def texts_of(report: Report) -> list[int]:
    """The numbers of all texts of one report: its own, its messages, its complaints."""
    own = [report.statement_id, report.contact_id, report.signature_id]
    written = report.messages.filter(text__isnull=False).values_list("text_id", flat=True)
    contested = report.complaints.filter(text__isnull=False).values_list("text_id", flat=True)
    return sorted({pk for pk in (*own, *written, *contested) if pk is not None})


@dataclass(frozen=True, slots=True)
class Erasure:
    """What became of a reporter's asking that everything is erased."""

    due_at: datetime
    """By when it is answered; once declined, when the last of it is erased anyway."""
    declined: KeptFor | None = None


def erasure_asked(report: Report) -> Erasure | None:
    """What became of the last asking; None: nobody asked. What was erased has no page to tell it on."""
    asked = Obligation.objects.filter(kind__in=ERASING, subject=f"report:{report.pk}").order_by("-pk").first()
    if asked is None:
        return None
    if asked.state == "owed":
        return Erasure(asked.due_at)
    ends = PersonalText.objects.filter(pk__in=texts_of(report)).aggregate(last=Max("erase_after"))["last"]
    return Erasure(ends or asked.due_at, KeptFor(asked.reference))


def sealed_entries_of(report: Report) -> list[int]:
    """The entries of the log whose sealed parts tell of what this report's reporter and the desk wrote."""
    received = receipt_entry_id(report)
    found = {received} if received is not None else set()
    later = AuditEntry.objects.filter(kind__in=OF_MESSAGES, at__gte=report.received_at, event__isnull=False)
    for entry in later.filter(event__contains=f'"report":{report.pk}'):
        if (event_of(entry) or {}).get("report") == report.pk:
            found.add(entry.pk)
    return sorted(found)


def against(report: Report, now: datetime) -> Against | None:
    """What stands against erasing a report's words now; None: nothing."""
    items = list(report.reported_items.filter(item__isnull=False).values_list("item_id", flat=True))
    cases = {pk for pk in Item.objects.filter(pk__in=items).values_list("case_id", flat=True) if pk}
    cases |= {report.case_id} if report.case_id is not None else set()
    owed = Obligation.objects.filter(state="owed")
    undecided = owed.filter(
        Q(subject=f"report:{report.pk}", kind__in=OF_THE_REPORT)
        | Q(subject__in=[f"item:{pk}" for pk in items], kind__in=BY_JUDGING)
    )
    untold = owed.filter(case_id__in=cases, kind__in=TELLING_AUTHORITIES)
    unanswered = requests_about(cases).filter(closed_at__isnull=True)
    return stands_against(
        held=is_held(report, now),
        undecided=undecided.exists(),
        untold=untold.exists() or unanswered.exists(),
    )


def youngest_age(report: Report) -> Age:
    """The youngest that the report or anybody says of what it names."""
    ages = Item.objects.filter(reported_in__report=report).values_list("age", flat=True)
    return youngest([Age(report.age), *map(Age, ages)])
