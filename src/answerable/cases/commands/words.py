"""Erasing what people wrote, when its time has come or its reporter asks (rules 20, 21). What was decided stays."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction

from answerable import audit, obligations
from answerable.audit.forget import AT_ONCE as FORGOTTEN_AT_ONCE
from answerable.audit.forget import forget
from answerable.cases.commands.answering import withdraw_report
from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.models import Case, Item, Person, Report, ReportedItem
from answerable.cases.queries import words
from answerable.cases.queries.standing import may_see
from answerable.cases.queries.things import ERASED_LINK
from answerable.cases.rules.words import Against, KeptFor, people_to_agree
from answerable.db import personal
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy import store
from answerable.policy.words import By

AT_ONCE = 500
ANSWER_WITHIN = timedelta(days=28)
"""A month, whichever it is: Regulation (EU) 2016/679, Art. 12(3)."""
AGREE_WITHIN = timedelta(days=2)
WHY_NOT = {
    Against.HELD: "people hold everything of this matter for a court or an authority",
    Against.OPEN: "somebody still has to read, look or decide here",
    Against.UNTOLD: "an authority is still to be told of it, or answered",
}


def erase_due(now: datetime) -> int:
    """Erase up to 500 texts that are past their time, with an entry that names their numbers. Gives how many."""
    if not words.texts_due(now).exists():
        return 0
    with transaction.atomic():
        texts = list(words.texts_due(now).order_by("erase_after").values_list("pk", flat=True)[:AT_ONCE])
        if texts:
            personal.erase_numbered(texts)
            audit.append("text_erased", actor="worker", now=now, event={"texts": texts, "ground": "schedule"})
    return len(texts)


def erase_links_due(now: datetime) -> int:
    """Erase the links of reports whose words' time is over: what was typed, not where the item stands.

    Up to 500 at a time, with an entry that names their numbers. Gives how many.
    """
    try:
        kept_for = store.active().erase_after("statement")
    except store.UnknownPackError:
        return 0  # a desk that never opened its doors has nothing to erase
    due = words.links_due(now - kept_for, now)
    if not due.exists():
        return 0
    with transaction.atomic():
        rows = list(due.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        if rows:
            erase_links(rows)
            event = {"reported_items": rows, "ground": "schedule"}
            audit.append("links_erased", actor="worker", now=now, event=event)
    return len(rows)


def erase_links(rows: Iterable[int]) -> None:
    """Erase what was typed as links, in the caller's transaction.

    Where an item stands is the platform's word and stays; not so the short link of a reporter that led there.
    """
    for row in ReportedItem.objects.filter(pk__in=list(rows)):
        if Obligation.objects.filter(kind="resolve", subject=f"reported_item:{row.pk}").exists():
            Item.objects.filter(reported_in__report=row.report_id, url=row.link).update(url="")
        row.link = ERASED_LINK.format(row.pk)
        row.save(update_fields=["link"])


def ask_erasure(report_id: int, *, now: datetime) -> None:
    """Ask, as the reporter, that all that the report says is erased. It withdraws the report; people answer it.

    Asked again while people have not answered, it changes nothing. Raises NotFound.
    """
    with transaction.atomic():
        withdraw_report(report_id, now=now)
        report = _locked(report_id)
        if report.code_erased_at is not None or _owed(words.ERASING, report_id) is not None:
            return
        writing = _writing(report, "reporter", now)
        writing.record("erasure_asked", {"report": report.pk})
        writing.owe([_owed_by_people("erase_words", report, now + ANSWER_WITHIN)])
        writing.finish()


def answer_erasure(report_id: int, *, person_id: int, now: datetime, declined: KeptFor | None = None) -> bool:
    """Agree that a reporter's words are erased, or decline on a ground. Whether they are erased now.

    Of an adult's matter one of the desk agrees; of what may be a child's another one has to agree, too. The words go,
    the links as typed, the sealed parts of the log about them, and the access code. Raises Refused, NotFound,
    AlreadyDone.
    """
    with transaction.atomic():
        report, owed = _locked(report_id), _owed(words.ERASING, report_id)
        if owed is None:
            raise AlreadyDone("Nobody asks for this now, or somebody answered it already.")
        person = Person.objects.filter(pk=person_id, active=True).first()
        if person is None or not may_see(person, report):
            raise Refused("This takes a qualification that you don't have: leave it to somebody who has.")
        first = owed.params.get("asked_by")
        if first == person.pk:
            raise Refused("This takes two of the desk: another one has to agree.")
        against = words.against(report, now)
        if declined is None and against is not None:
            raise Refused(f"Not yet: {WHY_NOT[against]}. Wait for that, or decline on a ground.")
        writing = _writing(report, f"person:{person.pk}", now)
        event = {"report": report.pk, "agreed": declined is None, "ground": declined and str(declined)}
        entry_id = writing.record("erasure_answered", event)
        obligations.keep(owed, now=now, proof_entry_id=entry_id, reference=str(declined or ""))
        more = first is None and people_to_agree(words.youngest_age(report)) > 1
        if declined is None and more:
            due_at = max(now + AGREE_WITHIN, owed.due_at)
            writing.owe([_owed_by_people("agree_erasure", report, due_at, asked_by=person.pk)])
        writing.finish(entry_id)
        if declined is not None or more:
            return False
        _erase(writing, report, second="reporter" if first is None else f"person:{first}")
        return True


def _erase(writing: Writing, report: Report, *, second: str) -> None:
    """Erase the words, the links, the sealed parts of the log and the code of a report."""
    entries = words.sealed_entries_of(report)
    texts = words.texts_of(report)
    marks = personal.marks(texts)
    personal.erase_numbered(texts)
    rows = [row.pk for row in report.reported_items.exclude(words.NOT_TYPED)]
    erase_links(rows)
    for start in range(0, len(entries), FORGOTTEN_AT_ONCE):
        part = entries[start : start + FORGOTTEN_AT_ONCE]
        forget(part, actor=writing.actor, second_actor=second, now=writing.now, reason="reporter_asked")
    Report.objects.filter(pk=report.pk).update(code_hash=None, code_erased_at=writing.now)
    event = {"report": report.pk, "texts": texts, "reported_items": rows, "ground": "reporter_asked"}
    writing.record("text_erased", {**event, "marks": marks, "report_digest": report.digest})
    writing.record("code_erased", {"report": report.pk})


def _locked(report_id: int) -> Report:
    report = Report.objects.select_for_update(of=("self",)).filter(pk=report_id).first()
    if report is None:
        raise NotFound(f"There is no report {report_id}.")
    return report


def _owed(kinds: Collection[str], report_id: int) -> Obligation | None:
    owed = Obligation.objects.select_for_update().filter(kind__in=kinds, subject=f"report:{report_id}")
    return owed.filter(state="owed").first()


def _writing(report: Report, actor: str, now: datetime) -> Writing:
    reached = Case.objects.filter(items__reported_in__report=report).order_by("pk").first()
    return Writing(actor=actor, now=now, cause=f"report:{report.pk}", case=reached or report.case)


def _owed_by_people(kind: str, report: Report, due_at: datetime, **params: object) -> Owed:
    return Owed(kind=kind, subject=f"report:{report.pk}", by=By.PEOPLE, due_at=due_at, params=params)
