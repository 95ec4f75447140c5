"""When an item is judged anew: rounds, and what counts as something new (rules 6 and 10)."""

from answerable.cases.commands.grouping import reopen
from answerable.cases.commands.writing import Writing
from answerable.cases.models import Decision, Item, Report, ReportedItem


def standing_decision(content_id: int | None) -> Decision | None:
    """The decision that stands on a content, or None."""
    if content_id is None:
        return None
    return Decision.objects.filter(content_id=content_id, overturned_at__isnull=True).first()


def begin_round(writing: Writing, item: Item, why: str) -> None:
    """Have an item judged anew: judgements of earlier rounds no longer count towards a new decision.

    A decision stands until the new round comes to another. `why`: repeated, answer, complaint, appeal, changed.
    """
    item.round += 1
    item.round_why = why
    item.save(update_fields=["round", "round_why"])
    if item.case is not None and item.case.closed_at is not None:
        reopen(item.case, writing.now)
    writing.record("case_reopened", {"item": item.pk, "round": item.round, "why": why}, case_id=item.case_id)


def something_new_since(item: Item, report: Report) -> bool:
    """Whether a report brings something new and checkable about an item that was cleared (rule 6).

    That is: the code of an earlier report on this very item, with a new fact of a kind that the earlier report
    hadn't given. Each kind counts once, so that nobody can hide an item again and again.
    """
    if report.earlier_id is None or not report.facts:
        return False
    earlier = report.earlier
    if earlier is None or not ReportedItem.objects.filter(report=earlier, item=item).exists():
        return False
    given = set(earlier.facts)
    for other in Report.objects.filter(earlier=earlier).exclude(pk=report.pk):
        given |= set(other.facts)
    return not set(report.facts) <= given
