"""Ending the matter of an adult who withdrew, after a look and seven days (rule 18)."""

from datetime import datetime

from django.db import transaction

from answerable import obligations
from answerable.cases.commands.contesting import answer_appeals
from answerable.cases.commands.copying import hidden_for_more
from answerable.cases.commands.deciding import RESTORE_WITHIN, close_when_done, lift
from answerable.cases.commands.grouping import lock
from answerable.cases.commands.rounds import standing_decision
from answerable.cases.commands.telling import drop_untold
from answerable.cases.commands.wanting import want
from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.kinds import BY_JUDGING
from answerable.cases.models import Item, Person, Report, ReportedItem, Review
from answerable.cases.queries.standing import may_see
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Verdict, Visibility

OF_THE_ITEM = (BY_JUDGING - {"decide_appeal", "decide_complaint"}) | {
    "remove_if_undecided",
    "find_copies",
    "fetch_item",
    "freeze",
}
OF_THE_REPORT = frozenset({"read_answer", "find_claimed"})


def end_withdrawn(report_id: int, *, person_id: int, now: datetime) -> int:
    """End what an adult reported and withdrew: put back what only that report hid, release what only it owed.

    What was decided stays decided; what others reported, and what may be a child's, goes on. Returns how many
    items it ended for. Raises Refused before the look and the seven days; NotFound, AlreadyDone.
    """
    with transaction.atomic():
        report = Report.objects.select_for_update(of=("self",)).filter(pk=report_id).first()
        if report is None or report.withdrawn_at is None:
            raise NotFound(f"There is no withdrawn report {report_id}.")
        person = Person.objects.filter(pk=person_id, active=True).first()
        if person is None or not may_see(person, report):
            raise Refused("This takes a qualification that you don't have: leave it to somebody who has.")
        duty = Obligation.objects.select_for_update().filter(
            kind="confirm_ending", subject=f"report:{report.pk}", state="owed"
        )
        ending = duty.first()
        if ending is None:
            raise AlreadyDone("Nothing is to be ended here, or somebody ended it already.")
        if ending.not_before is not None and ending.not_before > now:
            raise Refused(f"Not before {ending.not_before:%Y-%m-%d %H:%M} UTC.")
        if Obligation.objects.filter(
            kind="read_report", subject=f"report:{report.pk}", state="owed"
        ).exists():
            raise Refused("Read the report first, and mark that kept: a matter ends after a look.")
        numbers = report.reported_items.filter(item__isnull=False).order_by("item_id")
        named = [item for pk in numbers.values_list("item_id", flat=True) if (item := lock(pk)) is not None]
        ended = [item for item in named if _ends(item, report)]
        for item in ended:
            _refuse_unlooked(item, report)
        writing = Writing(actor=f"person:{person.pk}", now=now, cause=f"report:{report.pk}", case=report.case)
        event = {"report": report.pk, "ended": [item.pk for item in ended]}
        event["goes_on"] = [item.pk for item in named if item not in ended]
        entry_id = writing.record("matter_ended", event, case_id=ending.case_id)
        obligations.keep(ending, now=now, proof_entry_id=entry_id)
        for item in ended:
            _end(writing, item, entry_id)
        writing.release(OF_THE_REPORT, f"report:{report.pk}", "withdrawn")
        for row in report.reported_items.filter(item__isnull=True):
            writing.release("resolve", f"reported_item:{row.pk}", "withdrawn")
        writing.finish(entry_id)
        cases = {item.case_id: item.case for item in ended} | {report.case_id: report.case}
        for case in cases.values():
            if case is not None:
                close_when_done(case, writing, but=[item.pk for item in ended])
        return len(ended)


def _ends(item: Item, report: Report) -> bool:
    """Whether nobody else asks for anything about an item, nobody decided about it, and it is an adult's."""
    others = ReportedItem.objects.filter(item=item).exclude(report=report)
    standing = [row for row in others.select_related("report") if not _ended(row.report)]
    return not standing and item.age == Age.ADULT and standing_decision(item.content_id) is None


def _ended(report: Report) -> bool:
    kept = Obligation.objects.filter(kind="confirm_ending", subject=f"report:{report.pk}")
    return report.withdrawn_at is not None and kept.filter(state__in=["kept", "kept_late"]).exists()


def _refuse_unlooked(item: Item, report: Report) -> None:
    """A look since the withdrawal: somebody may have been pressed to withdraw, and the item is what tells."""
    if item.content_id is None:
        return  # it was never there to be looked at
    if not Review.objects.filter(content_id=item.content_id, at__gte=report.withdrawn_at).exists():
        raise Refused(f"Look at item {item.pk} and judge it first: a matter ends after a look.")


def _end(writing: Writing, item: Item, entry_id: int) -> None:
    writing.case = item.case
    writing.release(OF_THE_ITEM, f"item:{item.pk}", "withdrawn")
    if item.case is None or item.wanted == Visibility.VISIBLE:
        return
    if item.content is None:  # nothing of it was ever seen, so nothing is a copy of it
        drop_untold(writing, item, ["interim"])
        want(writing, item, Visibility.VISIBLE, why="withdrawn", due_at=writing.now + RESTORE_WITHIN)
        return
    if hidden_for_more(item, reported=False):
        return  # it is a copy of something else that is hidden, which looks after it
    lift(writing, item, item.case, "withdrawn")
    answer_appeals(writing, item, Verdict.NOT_VIOLATING, entry_id)
