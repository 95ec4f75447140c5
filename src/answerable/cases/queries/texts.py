"""Which personal texts a person may open, and what for. A contact opens only with two people (rule 20)."""

from dataclasses import dataclass
from datetime import datetime

from answerable.cases.inputs import NotFound
from answerable.cases.models import Appeal, Message, Person, Report, Review
from answerable.cases.queries.casework import NotQualified, open_case, report_view
from answerable.cases.queries.queue import may_see_judgements
from answerable.cases.queries.standing import may_read_answer, may_see
from answerable.db.models import PersonalText
from answerable.obligations.models import Obligation

CLOSED = "There is no such text, or it was erased, or one person can't open it."


@dataclass(frozen=True, slots=True)
class Openable:
    """A text that may be opened: what it is, what it is opened for, and where it belongs."""

    kind: str
    purpose: str
    page: str
    pk: int


def openable(text_id: int, person: Person, *, now: datetime) -> Openable:
    """What this text is, if this person may open it. Raises NotFound, NotQualified.

    Contacts and signatures are not looked for here: they take two people. A reason, and what the desk wrote,
    open to those who may see others' judgements.
    """
    row = PersonalText.objects.filter(pk=text_id).first()
    if row is None:
        raise NotFound(CLOSED)
    report = Report.objects.filter(statement_id=text_id).first()
    message = Message.objects.filter(text_id=text_id).first()
    if report is not None or message is not None:
        report_id = report.pk if report is not None else message.report_id if message is not None else 0
        view = report_view(report_id, person, now=now)
        if message is not None and message not in view.messages:
            raise NotFound(CLOSED)
        return Openable(row.kind, "review", "report", report_id)
    review = Review.objects.filter(reason_id=text_id).select_related("case").first()
    if review is not None:
        case = open_case(review.case_id, person)
        if not may_see_judgements(person, case, now=now):
            raise NotFound(CLOSED)
        return Openable(row.kind, "check", "case", case.pk)
    appeal = Appeal.objects.filter(text_id=text_id).select_related("item").first()
    if appeal is None or appeal.item.case_id is None:
        raise NotFound(CLOSED)
    return Openable(row.kind, "review", "case", open_case(appeal.item.case_id, person).pk)


def answer_to_read(report: Report, person: Person) -> Message | None:
    """The oldest unread answer of a report, if this person may read it: somebody who did not decide it."""
    if not Obligation.objects.filter(
        kind="read_answer", subject=f"report:{report.pk}", state="owed"
    ).exists():
        return None
    if not may_see(person, report) or not may_read_answer(person, report.pk):
        return None
    return report.messages.filter(from_reporter=True, read_at__isnull=True).order_by("at", "pk").first()


__all__ = ["NotQualified", "Openable", "answer_to_read", "openable"]
