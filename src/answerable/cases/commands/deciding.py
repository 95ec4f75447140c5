"""What a decision does: to the item, to identical files, to near copies, and to everybody who is to be told."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from answerable import obligations
from answerable.cases.commands.contesting import close_appeal
from answerable.cases.commands.copying import share_with_copies
from answerable.cases.commands.elsewhere import AT_ONCE, carry_list, carry_on, carry_to
from answerable.cases.commands.erasing import owe_erasing
from answerable.cases.commands.feedback import owe_to_sources
from answerable.cases.commands.filing import has_finding, owe_filings
from answerable.cases.commands.grouping import begin_notice, lock, locked, put_in, standing_case
from answerable.cases.commands.harms import FOR_AUTHORITIES, harm_decided, owed_after
from answerable.cases.commands.rounds import begin_round, standing_decision
from answerable.cases.commands.settling import settle_there
from answerable.cases.commands.telling import (
    drop_untold,
    reports_naming,
    tell_by_pack,
    was_told,
)
from answerable.cases.commands.wanting import CONFIRMED, CONFIRMED_BY_TWO, REPORTED, forget, know, want
from answerable.cases.commands.writing import (
    Writing,
    facts_of_item,
    owed_by_pack,
    pack_of,
    regimes,
    within,
)
from answerable.cases.inputs import Refused
from answerable.cases.kinds import BY_JUDGING
from answerable.cases.models import Appeal, Case, Decision, Item, ItemContent, Report
from answerable.cases.models.judgement import BY_LIST, BY_REVIEWS
from answerable.cases.models.reports import is_formal
from answerable.cases.queries.listed import is_withdrawn, rests_on_list
from answerable.cases.rules.deciding import youngest
from answerable.cases.rules.reasons import ORDERED
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy import store
from answerable.policy.words import Age, By, Verdict, Visibility

REMOVE_WITHIN = timedelta(seconds=60)
RESTORE_WITHIN = timedelta(seconds=60)
BY_DECIDING = frozenset({"remove", "restore", "settle_tie"})
"""Kinds that these functions owe themselves: what is wanted of an item says which."""


def decide_violating(
    writing: Writing,
    item: Item,
    case: Case,
    clause: str,
    basis: str,
    began_at: datetime,
    of: Decision | None = None,
) -> Decision:
    """Let `violating` stand for an item's content: remove it, block the file, share it with identical ones."""
    content = _content(item)
    standing = standing_decision(content.pk)
    if standing is not None and standing.verdict == Verdict.VIOLATING:
        # the item may have shown other bytes meanwhile, that people cleared
        want(writing, item, Visibility.GONE, why="decision", due_at=writing.now + REMOVE_WITHIN)
        if basis == BY_REVIEWS and (standing.of_decision or standing).basis == BY_LIST:
            _affirm(writing, item, case, standing.of_decision or standing)
        return standing
    drop_untold(writing, item, ["interim", "removed_undecided", "restored"])
    if standing is not None:
        standing.overturned_at = writing.now
        standing.save(update_fields=["overturned_at"])
        writing.record("decision_overturned", {"item": item.pk, "decision": standing.pk}, case_id=case.pk)
    decision = Decision.objects.create(
        content=content,
        case=case,
        round=item.round,
        verdict=Verdict.VIOLATING,
        clause=clause,
        basis=basis,
        of_decision=of,
        at=writing.now,
        answers_reports_before=began_at,
    )
    writing.record(
        "decision_made",
        {
            "item": item.pk,
            "content": content.pk,
            "verdict": "violating",
            "clause": clause,
            "basis": basis,
            "of": of.pk if of else None,
        },
        case_id=case.pk,
    )
    by_list = rests_on_list(decision)
    if not by_list:  # a list is told of what people found, not of its own word
        owe_to_sources(writing, content, case, clause, Verdict.VIOLATING)
    dos = owed_after("on_violating", case, clause, facts_of_item(item, listed=decision.by_match))
    in_time = within(dos, "remove", REMOVE_WITHIN)
    if of is not None:  # the identical file of another: a copy has its own time, where the pack gives one
        of_copy = owed_after("on_copy", case, clause, facts_of_item(item, decided=True))
        in_time = min(in_time, within(of_copy, "remove", in_time))
    want(writing, item, Visibility.GONE, why="decision", due_at=writing.now + in_time)
    writing.release("remove_if_undecided", f"item:{item.pk}", "decided_otherwise")
    know(writing, item, REPORTED if by_list else CONFIRMED)
    forget(writing, item, CONFIRMED if by_list else REPORTED)
    skip = BY_DECIDING | FOR_AUTHORITIES | (frozenset() if of is None else _done_for(of))
    writing.owe(owed_by_pack(dos, event_at=writing.now, item=item, case=case, skip=skip))
    if of is None and (not by_list or has_finding(content)):
        owe_filings(writing, item, decision, dos)
    tell_by_pack(writing, dos, reports=reports_naming([item.pk]), item=item)
    if of is None:
        _share_with_identical(writing, item, case, decision)
        share_with_copies(writing, content, pack_of(case), case)
    elif of.confirmed_by_two_at is not None:
        carry_to(writing, item, decision, of)
        owe_erasing(writing, of)
    else:
        carry_list(writing, item, decision, of)
    return decision


def _affirm(writing: Writing, item: Item, case: Case, by_list: Decision) -> None:
    """A person here found violating what a list had decided: the file is ours now, whatever becomes of the list.

    Where the match alone made no finding, authorities are told what they are told after a person's yes.
    """
    first = know(writing, item, CONFIRMED)
    forget(writing, item, REPORTED)
    if not first:
        return
    content = _content(item)
    owe_to_sources(writing, content, case, by_list.clause, Verdict.VIOLATING)
    if not has_finding(content):
        dos = owed_after("on_violating", case, by_list.clause, facts_of_item(item, listed=True))
        owe_filings(writing, item, by_list, dos)
    if by_list.content_id == content.pk:
        _share_with_identical(writing, item, case, by_list)
        share_with_copies(writing, content, pack_of(case), case)


def share_decision(obligation_id: int, *, now: datetime) -> None:
    """Let the next places of the identical file share a decision, and owe the rest (rule 11)."""
    with transaction.atomic():
        owed = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if owed is None:
            return
        number, _, after = owed.subject.partition(":")[2].partition("/")
        decision = Decision.objects.select_related("case", "content").get(pk=int(number))
        item, case = locked(decision.content.item_id), standing_case(decision.case)
        writing = Writing(actor="worker", now=now, cause=f"decision:{decision.pk}", case=case)
        if decision.overturned_at is None and not is_withdrawn(decision):
            _share_with_identical(writing, item, case, decision, after=int(after))
        event = {"obligation": owed.pk, "kind": owed.kind, "decision": decision.pk}
        entry_id = writing.record("obligation_kept", event, case_id=case.pk)
        obligations.keep(owed, now=now, proof_entry_id=entry_id)
        writing.finish(entry_id)


def _share_with_identical(
    writing: Writing, item: Item, case: Case, decision: Decision, *, after: int = 0
) -> None:
    """The identical file shares `violating` at once, wherever it is (rule 11); the worker does what is beyond a few."""
    twins = ItemContent.objects.filter(sha256=decision.content.sha256, item_id__gt=after).exclude(item=item)
    rows = list(twins.order_by("item_id").values_list("item_id", "pk")[: AT_ONCE + 1])
    about = writing.case
    for item_id, content_id in rows[:AT_ONCE]:
        twin = lock(item_id)
        if twin is None or twin.content_id != content_id or _cleared_since(twin, decision):
            continue
        if twin.case is None:
            put_in(writing, twin, case)
            begin_notice(writing, twin, youngest([Age(twin.age), Age(item.age)]))
        decide_violating(
            writing,
            twin,
            twin.case or case,
            decision.clause,
            "exact_copy",
            decision.answers_reports_before,
            of=decision,
        )
        if not rests_on_list(decision):  # nobody has looked yet: the look that was promised is still owed
            close_looks(writing, twin, "decided_otherwise")
    writing.case = about
    if len(rows) > AT_ONCE:
        subject = f"decision:{decision.pk}/{rows[AT_ONCE - 1][0]}"
        due_at = writing.now + REMOVE_WITHIN
        writing.owe([Owed(kind="share_decision", subject=subject, by=By.WORKER, due_at=due_at)])


def _cleared_since(twin: Item, decision: Decision) -> bool:
    """Whether people looked at this very place since, and put it back."""
    own = standing_decision(twin.content_id)
    return own is not None and own.verdict == Verdict.NOT_VIOLATING and own.at > decision.at


def _done_for(of: Decision) -> frozenset[str]:
    """What the identical file isn't owed again: the second look at `of`, and its search for copies where the bytes
    were seen there. A thousand identical files would each find the thousand.
    """
    seen = of.content.pdq is not None or of.content.size is not None
    return frozenset({"second_look", "find_copies"} if seen else {"second_look"})


def confirm_by_two(writing: Writing, item: Item, case: Case, decision: Decision) -> None:
    """A second person said yes: the decision now reaches near copies and accounts (rule 12)."""
    if decision.confirmed_by_two_at is not None:
        return
    decision.confirmed_by_two_at = writing.now
    decision.save(update_fields=["confirmed_by_two_at"])
    know(writing, item, CONFIRMED_BY_TWO)
    writing.record("decision_confirmed", {"item": item.pk, "decision": decision.pk}, case_id=case.pk)
    pack = pack_of(case)
    harm = harm_decided(case, decision.clause)
    facts = facts_of_item(item, listed=decision.by_match)
    dos = pack.owes(harm, "on_confirmed_by_two", facts, regimes())
    writing.owe(
        owed_by_pack(
            dos,
            event_at=writing.now,
            item=item,
            case=case,
            account_id=item.account_id,
            skip=BY_DECIDING,
        )
    )
    carry_on(writing, decision)
    owe_erasing(writing, decision)
    share_with_copies(writing, _content(item), pack, case)


def decide_not_violating(
    writing: Writing, item: Item, case: Case, clause: str, began_at: datetime
) -> Decision | None:
    """Let `not_violating` stand for this one content, put the item back, tell those who asked. Never spreads."""
    content = _content(item)
    standing = standing_decision(content.pk)
    told_until: datetime | None = None
    if standing is not None and standing.verdict == Verdict.NOT_VIOLATING:
        told_until = standing.answers_reports_before
        standing.answers_reports_before = began_at
        standing.save(update_fields=["answers_reports_before"])
        decision = standing
    else:
        decision = Decision.objects.create(
            content=content,
            case=case,
            round=item.round,
            verdict=Verdict.NOT_VIOLATING,
            clause=clause,
            basis="reviews",
            at=writing.now,
            answers_reports_before=began_at,
        )
        writing.record(
            "decision_made",
            {"item": item.pk, "content": content.pk, "verdict": "not_violating", "clause": clause},
            case_id=case.pk,
        )
    owe_to_sources(writing, content, case, clause, Verdict.NOT_VIOLATING)
    pack = pack_of(case)
    _answer_complete_requests(writing, item, began_at)
    lift(writing, item, case, "cleared")
    dos = pack.owes(case.harm, "on_not_violating", facts_of_item(item), regimes())
    writing.owe(owed_by_pack(dos, event_at=writing.now, item=item, case=case, skip=BY_DECIDING))
    tell_by_pack(writing, dos, reports=_reports_answered(item, told_until, began_at))
    settle_there(writing, item)
    return decision


def _answer_complete_requests(writing: Writing, item: Item, began_at: datetime) -> None:
    """A refusal answers the complete requests that came before its look began; later ones keep their 40 hours.

    One that rests on the place alone repeats what people have cleared: it is owed a look, no removal (rule 6).
    """
    writing.release("remove_if_undecided", f"item:{item.pk}", "decided_otherwise")
    later = Report.objects.filter(is_formal(), reported_items__item=item, received_at__gt=began_at)
    for report in later.order_by("received_at"):
        dos = store.pack(report.pack_digest).owes(
            report.harm, "on_complete_request", facts_of_item(item, complete=True), regimes()
        )
        owed = owed_by_pack(dos, event_at=report.received_at, item=item)
        writing.owe(one for one in owed if one.kind == "remove_if_undecided")


def lift(writing: Writing, item: Item, case: Case, why: str) -> None:
    """Put an item back that was hidden without a decision, with the copies hidden because of it alone."""
    pack = pack_of(case)
    drop_untold(writing, item, ["interim", "removed", "removed_undecided"])
    if item.wanted != Visibility.VISIBLE:
        facts = facts_of_item(item, told=was_told(item))
        dos = pack.owes(case.harm, "on_not_violating", facts, regimes())
        due_at = writing.now + within(dos, "restore", RESTORE_WITHIN)
        if want(writing, item, Visibility.VISIBLE, why=why, due_at=due_at):
            drop_untold(writing, item, [ORDERED])
            tell_by_pack(writing, dos, item=item)
    share_with_copies(writing, _content(item), pack, case)


def _reports_answered(item: Item, after: datetime | None, until: datetime) -> list[Report]:
    """The reports on an item that this look answers: all that came before it began, and had no answer yet."""
    reports = reports_naming([item.pk])
    return [r for r in reports if r.received_at <= until and (after is None or r.received_at > after)]


def close_looks(writing: Writing, item: Item, reason: str) -> None:
    """Release what asks people to judge an item that is decided otherwise. Nobody's contest is buried by it:
    a complaint got what it asked for, and an appeal is decided by other people all the same.
    """
    kinds = BY_JUDGING
    for appeal in Appeal.objects.filter(item=item, outcome=""):
        if appeal.kind == "appeal":
            begin_round(writing, item, "appeal")
            kinds = kinds - {"decide_appeal"}
        else:
            close_appeal(writing, appeal, "reversed")
    writing.release(kinds, f"item:{item.pk}", reason)


def close_when_done(case: Case, writing: Writing, *, but: Collection[int] = ()) -> None:
    """Close a case whose items are all decided, and that asks nobody (but of these items, about which nobody asks
    any more).

    It opens again with the next report or answer.
    """
    decided = Decision.objects.filter(content__item__case=case, overturned_at__isnull=True)
    waiting = (
        Q(interim_since__isnull=False) | Q(content__isnull=True) | ~Q(content__in=decided.values("content"))
    )
    undecided = case.items.filter(waiting).exclude(pk__in=but).exists()
    subjects = [f"item:{number}" for number in case.items.values_list("pk", flat=True) if number not in but]
    asked = Obligation.objects.filter(
        kind__in=BY_JUDGING - {"second_look"}, subject__in=subjects, state="owed"
    )
    if case.closed_at is None and not undecided and not asked.exists():
        case.closed_at = writing.now
        case.save(update_fields=["closed_at"])
        writing.record("case_closed", {}, case_id=case.pk)


def _content(item: Item) -> ItemContent:
    if item.content is None:
        raise Refused("This item's content has not been fetched yet: nothing can be decided about it.")
    return item.content
