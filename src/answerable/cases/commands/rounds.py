"""When an item is judged anew: rounds, and what counts as something new (rules 6 and 10)."""

from answerable.cases.commands.grouping import reopen
from answerable.cases.commands.settling import settle_there
from answerable.cases.commands.writing import Writing, pack_of
from answerable.cases.models import Decision, Item, Report, ReportedItem
from answerable.cases.queries.judging import judgements_of, stake_of
from answerable.cases.rules import deciding
from answerable.cases.rules.protecting import NEW_FACTS
from answerable.policy.words import Verdict


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
    writing.release("settle_tie", f"item:{item.pk}", "superseded")  # nobody differs in the new round
    writing.record("case_reopened", {"item": item.pk, "round": item.round, "why": why}, case_id=item.case_id)
    settle_there(writing, item)


def refused_in_this_round(item: Item) -> bool:
    """Whether a refusal stands that the present round came to: who asks again asks for a new round."""
    decision = standing_decision(item.content_id)
    if decision is None or decision.verdict != Verdict.NOT_VIOLATING or item.case is None:
        return False
    stake = stake_of(item, pack_of(item.case), item.case)
    judged = deciding.outcome(judgements_of(item), stake)
    return decision.round == item.round or judged.verdict is Verdict.NOT_VIOLATING


def something_new_since(item: Item, report: Report) -> bool:
    """Whether a report brings something new about an item that was cleared (rule 6).

    That is: the code of an earlier report on this very item, with a new fact. Each kind counts once for the
    earlier report, its answers, and all that came with its code or with theirs.
    """
    earlier = report.earlier
    if earlier is None or not ReportedItem.objects.filter(report=earlier, item=item).exists():
        return False
    return bool(set(report.facts) & set(NEW_FACTS) - facts_given(earlier, but=report))


def facts_given(report: Report, *, but: Report | None = None) -> set[str]:
    """The kinds of new facts that a report brought, with its answers and all that belong to it by their codes."""
    root = report
    while root.earlier is not None:
        root = root.earlier
    given: set[str] = set()
    numbers, more = set[int](), [root]
    while more:
        numbers |= {one.pk for one in more}
        for one in more:
            given |= set(one.facts) if but is None or one.pk != but.pk else set()
        more = list(Report.objects.filter(earlier__in=more).exclude(pk__in=numbers))
    return given
