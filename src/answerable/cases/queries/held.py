"""What a hold keeps besides evidence: while people hold a case, nothing that was written about it is erased."""

from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from answerable.audit.models import AuditEntry
from answerable.cases.models import (
    AccountAsked,
    Appeal,
    AuthorityRequest,
    Case,
    EvidenceHold,
    Filing,
    FilingAnswer,
    Item,
    Letter,
    Message,
    Report,
    RequestCheck,
    RequestPackage,
    Review,
)
from answerable.cases.queries.evidence import holds
from answerable.cases.queries.joined import joined_into, with_joined

OF_A_REPORT: Final = ("statement", "contact", "signature")


def held_cases(now: datetime) -> set[int]:
    """The numbers of the cases that people hold now, whatever was joined into them or they into."""
    found: set[int] = set()
    standing = EvidenceHold.objects.filter(released_at__isnull=True).values_list("case_id", flat=True)
    placed = holds(standing, now).values_list("case_id", flat=True).distinct()
    for case in Case.objects.select_related("joined_into").filter(pk__in=placed):
        if case.pk not in found:
            found |= with_joined(joined_into(case).pk)
    return found


def held_reports(cases: set[int]) -> QuerySet[Report]:
    """The reports that belong to any of these cases, by themselves or by an item that they name."""
    items = Item.objects.filter(case_id__in=cases)
    return Report.objects.filter(Q(case_id__in=cases) | Q(reported_items__item__in=items)).distinct()


def requests_about(cases: set[int]) -> QuerySet[AuthorityRequest]:
    """The requests of authorities that name anything of these cases, or hold them."""
    named = Q(case_id__in=cases) | Q(named__item__case_id__in=cases)
    return AuthorityRequest.objects.filter(named | Q(holds__hold__case_id__in=cases)).distinct()


def is_held(report: Report, now: datetime) -> bool:
    """Whether people hold a case that a report belongs to."""
    cases = held_cases(now)
    return bool(cases) and held_reports(cases).filter(pk=report.pk).exists()


def held_texts(cases: set[int]) -> set[int]:
    """The numbers of the personal texts of these cases: whoever wrote them, and for whom."""
    reports = held_reports(cases).values("pk")
    requests = requests_about(cases)
    columns = [
        *(Report.objects.filter(pk__in=reports).values_list(f"{name}_id") for name in OF_A_REPORT),
        Message.objects.filter(report__in=reports).values_list("text_id"),
        Appeal.objects.filter(Q(report__in=reports) | Q(item__case_id__in=cases)).values_list("text_id"),
        Review.objects.filter(Q(case_id__in=cases) | Q(content__item__case_id__in=cases)).values_list(
            "reason_id"
        ),
        Filing.objects.filter(case_id__in=cases).values_list("document_id"),
        AccountAsked.objects.filter(account__items__case_id__in=cases).values_list("facts_id"),
        FilingAnswer.objects.filter(filing__case_id__in=cases).values_list("text_id"),
        Letter.objects.filter(case_id__in=cases).values_list("facts_id"),
        Letter.objects.filter(case_id__in=cases).values_list("mail_id"),
        requests.values_list("words_id"),
        requests.values_list("reason_id"),
        RequestCheck.objects.filter(request__in=requests.values("pk")).values_list("words_id"),
        RequestPackage.objects.filter(request__in=requests.values("pk")).values_list("document_id"),
    ]
    return {pk for column in columns for (pk,) in column if pk is not None}


def held_entries(cases: set[int], before: datetime) -> set[int]:
    """The entries of the log, older than that, whose sealed parts tell of these cases."""
    if not cases:
        return set()
    sealed = AuditEntry.objects.filter(sealed=True, event__isnull=False, at__lt=before)
    found = set(sealed.filter(case_id__in=cases).values_list("pk", flat=True))
    received = held_reports(cases).filter(received_at__lt=before).values_list("received_at", flat=True)
    # An entry of receiving names no case (a receipt says nothing of joining): it is of the report's own moment.
    of_receipts = sealed.filter(kind="report_received", at__in=set(received))
    return found | set(of_receipts.values_list("pk", flat=True))
