"""Opening a reporter's contact: one person asks, another agrees, and the one who asked sees it once (rule 20)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction

from answerable import obligations
from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.models import Case, Person, Report
from answerable.cases.queries.standing import is_called, may_see
from answerable.db import personal
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import By

AGREE_WITHIN = OPEN_WITHIN = timedelta(days=1)
WAITING = frozenset({"agree_contact", "open_contact"})


class ContactFor(StrEnum):
    """What a contact is opened for. A word of these and no sentence: it stands in the log, which nobody erases."""

    DANGER = "danger"
    AUTHORITY = "authority"
    REQUEST = "request"
    COURT = "court"


def ask_contact(report_id: int, *, person_id: int, purpose: ContactFor, now: datetime) -> None:
    """Ask a second person to agree that a report's contact is opened. Raises Refused, NotFound, AlreadyDone."""
    with transaction.atomic():
        person, report = _person(person_id), _with_contact(report_id)
        if not may_see(person, report) and not is_called(person, report):
            raise Refused("This takes a qualification that you don't have: leave it to somebody who has.")
        waiting = _owed(WAITING, report_id)
        if waiting is not None and Person.objects.filter(pk=waiting.params["asked_by"], active=True).exists():
            raise AlreadyDone(
                "Somebody asked already: this contact waits for another person, or to be opened."
            )
        writing = _writing(person, report, now)
        writing.release(WAITING, f"report:{report.pk}", "asked_anew")  # who asked before has left
        writing.record("contact_asked", {"report": report.pk, "purpose": str(purpose)})
        params = {"why": str(purpose), "asked_by": person.pk}
        writing.owe([_owed_to("agree_contact", report, now + AGREE_WITHIN, params)])
        writing.finish()


def answer_contact(report_id: int, *, person_id: int, agreed: bool, now: datetime) -> None:
    """Agree, as a second person, that a contact is opened, or decline it. Raises Refused, NotFound, AlreadyDone."""
    with transaction.atomic():
        person, report = _person(person_id), _with_contact(report_id)
        asked = _owed({"agree_contact"}, report_id)
        if asked is None:
            raise AlreadyDone("Nobody asks for this contact now.")
        if asked.params["asked_by"] == person.pk:
            raise Refused("A contact is opened by two people: another one has to agree.")
        if not may_see(person, report) and not is_called(person, report):
            raise Refused("This takes a qualification that you don't have: leave it to somebody who has.")
        writing = _writing(person, report, now)
        event = {"report": report.pk, "agreed": agreed, "asked_by": asked.params["asked_by"]}
        entry_id = writing.record("contact_answered", event)
        obligations.keep(asked, now=now, proof_entry_id=entry_id)
        if agreed:
            params = {**asked.params, "agreed_by": person.pk}
            writing.owe([_owed_to("open_contact", report, now + OPEN_WITHIN, params)])
        writing.finish(entry_id)


def open_contact(report_id: int, *, person_id: int, now: datetime) -> str:
    """Show the contact, once, to the one who asked. Raises Refused, NotFound, AlreadyDone."""
    with transaction.atomic():
        person, report = _person(person_id), _with_contact(report_id)
        waiting = _owed({"open_contact"}, report_id)
        if waiting is None:
            raise AlreadyDone("This contact was opened already, or nobody agreed to it: ask again.")
        if waiting.params["asked_by"] != person.pk:
            raise Refused("Whoever asked for this contact opens it.")
        contact = report.contact
        event = {
            "text": contact.pk if contact is not None else None,
            "kind": "contact",
            "purpose": waiting.params["why"],
            "second": waiting.params["agreed_by"],
        }
        entry_id = _writing(person, report, now).record("text_opened", event)
        obligations.keep(waiting, now=now, proof_entry_id=entry_id)
    return personal.open_text(contact) if contact is not None else ""


def _person(person_id: int) -> Person:
    person = Person.objects.filter(pk=person_id, active=True).first()
    if person is None:
        raise Refused("This person doesn't work at this desk.")
    return person


def _with_contact(report_id: int) -> Report:
    locked = Report.objects.select_for_update(of=("self",)).select_related("contact")
    report = locked.filter(pk=report_id, contact__isnull=False).first()
    if report is None:
        raise NotFound("This report has no contact, or it was erased.")
    return report


def _owed(kinds: Collection[str], report_id: int) -> Obligation | None:
    owed = Obligation.objects.select_for_update().filter(kind__in=kinds, subject=f"report:{report_id}")
    return owed.filter(state="owed").first()


def _writing(person: Person, report: Report, now: datetime) -> Writing:
    reached = Case.objects.filter(items__reported_in__report=report).order_by("pk").first()
    case = reached or report.case
    return Writing(actor=f"person:{person.pk}", now=now, cause=f"report:{report.pk}", case=case)


def _owed_to(kind: str, report: Report, due_at: datetime, params: dict[str, object]) -> Owed:
    return Owed(kind=kind, subject=f"report:{report.pk}", by=By.PEOPLE, due_at=due_at, params=params)
