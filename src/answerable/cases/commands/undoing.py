"""Undoing a decision: everything that followed from `violating` is taken back, everywhere (rule 15)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from answerable import obligations
from answerable.cases.commands.clearing import owe_clearing
from answerable.cases.commands.copying import hidden_for_more, share_with_copies
from answerable.cases.commands.elsewhere import AT_ONCE
from answerable.cases.commands.filing import take_back_filing, withdraw_finding
from answerable.cases.commands.grouping import lock
from answerable.cases.commands.harms import harm_decided
from answerable.cases.commands.ordering import tell_that_it_stands
from answerable.cases.commands.telling import (
    drop_untold,
    reports_naming,
    take_back_suspension,
    tell_by_pack,
    was_told,
)
from answerable.cases.commands.wanting import CONFIRMED, CONFIRMED_BY_TWO, REPORTED, forget, want
from answerable.cases.commands.writing import Writing, facts_of_item, owed_by_pack, pack_of, regimes, within
from answerable.cases.models import Account, Capture, Decision, Item
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import By, Verdict, Visibility

PUT_BACK_WITHIN = timedelta(seconds=60)
BY_UNDOING = frozenset({"restore", "lift_account_effects", "correct_authority"})


def overturn(writing: Writing, item: Item, decision: Decision) -> None:
    """Take back a `violating` decision and all that followed: put back, unblock, lift holds, tell everybody told.

    `item` must be locked. The decision that replaces it, if any, is the caller's to write.
    """
    case, pack = decision.case, pack_of(decision.case)
    decision.overturned_at = writing.now
    decision.save(update_fields=["overturned_at"])
    writing.record("decision_overturned", {"item": item.pk, "decision": decision.pk}, case_id=case.pk)
    harm = harm_decided(case, decision.clause)
    dos = pack.owes(harm, "on_overturned", facts_of_item(item, listed=decision.by_match), regimes())
    in_time = within(dos, "restore", PUT_BACK_WITHIN)
    for hash_list in (CONFIRMED, CONFIRMED_BY_TWO, REPORTED):
        forget(writing, item, hash_list)
    want(writing, item, Visibility.VISIBLE, why="overturned", due_at=writing.now + in_time)
    writing.release({"erase", "second_look", "capture"}, f"item:{item.pk}", "decided_otherwise")
    if Capture.objects.filter(content_id=decision.content_id, destroyed_at__isnull=True).exists():
        owe_clearing(writing, decision.content_id, writing.now)
    writing.owe(owed_by_pack(dos, event_at=writing.now, item=item, case=case, skip=BY_UNDOING))
    if not withdraw_finding(writing, item, cleared=True, content_id=decision.content_id):
        take_back_filing(writing, item, decision)
    _lift_account(writing, item)
    drop_untold(writing, item, ["interim", "removed", "removed_undecided"])
    told = was_told(item)
    ordered = item.wanted == Visibility.GONE  # an order stands, whatever people here find
    tell_by_pack(writing, dos, reports=reports_naming([item.pk]), item=item if told and not ordered else None)
    if told and ordered:
        tell_that_it_stands(writing, item)
    _overturn_shared(writing, decision)
    if item.content is not None:
        share_with_copies(writing, item.content, pack, case)


def undo_shared(obligation_id: int, *, now: datetime) -> None:
    """Take back what was decided of the next places of the identical file, and owe the rest."""
    with transaction.atomic():
        owed = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if owed is None:
            return
        number, _, after = owed.subject.partition(":")[2].partition("/")
        decision = Decision.objects.select_related("case").get(pk=int(number))
        writing = Writing(actor="worker", now=now, cause=f"decision:{decision.pk}", case=decision.case)
        if decision.overturned_at is not None:
            _overturn_shared(writing, decision, after=int(after))
        event = {"obligation": owed.pk, "kind": owed.kind, "decision": decision.pk}
        entry_id = writing.record("obligation_kept", event, case_id=decision.case_id)
        obligations.keep(owed, now=now, proof_entry_id=entry_id)
        writing.finish(entry_id)


def _overturn_shared(writing: Writing, decision: Decision, *, after: int = 0) -> None:
    """Take back what shares a decision; the worker does what is beyond a few places."""
    shared = Decision.objects.filter(of_decision=decision, overturned_at__isnull=True, pk__gt=after)
    rows = list(shared.select_related("content").order_by("pk")[: AT_ONCE + 1])
    for one in rows[:AT_ONCE]:
        twin = lock(one.content.item_id)
        if twin is not None:
            overturn(writing, twin, one)
    if len(rows) > AT_ONCE:
        subject = f"decision:{decision.pk}/{rows[AT_ONCE - 1].pk}"
        due_at = writing.now + PUT_BACK_WITHIN
        writing.owe([Owed(kind="undo_shared", subject=subject, by=By.WORKER, due_at=due_at)])


def _lift_account(writing: Writing, item: Item) -> None:
    """Lift what the account bore, unless another confirmed decision stands against it."""
    if item.account_id is None:
        return
    account = Account.objects.select_for_update().get(pk=item.account_id)
    others = confirmed_against(account).count()
    if others == 0:
        lift_effects(writing, account)
    elif account.strikes > others:
        account.strikes = others
        account.save(update_fields=["strikes"])
        writing.record("account_effects", {"account": account.pk, "strikes": others})


def confirmed_against(account: Account) -> QuerySet[Decision]:
    """The decisions that two people confirmed against items of an account: what it may bear strikes for.

    An identical file shares the confirmation of the file that people judged, as it shares the decision.
    """
    shared = Q(of_decision__confirmed_by_two_at__isnull=False, of_decision__overturned_at__isnull=True)
    confirmed = Q(confirmed_by_two_at__isnull=False) | shared
    return Decision.objects.filter(
        confirmed, content__item__account=account, verdict=Verdict.VIOLATING, overturned_at__isnull=True
    )


def supersede(writing: Writing, account: Account, kind: str) -> datetime | None:
    """Release what is owed of suspending or letting go an account: the other one is wanted now.

    Returns until when a worker may be at it still, which the other one must wait for: an account has no serial
    by which its platform could tell what came late.
    """
    subject = f"account:{account.pk}"
    waiting = Obligation.objects.select_for_update().filter(kind=kind, subject=subject, state="owed").first()
    writing.release(kind, subject, "superseded")
    leased = waiting.lease_until if waiting is not None else None
    return leased if leased is not None and leased > writing.now else None


def lift_effects(writing: Writing, account: Account) -> None:
    """Take back what an account bore: strikes, the hold on its uploads, its suspension."""
    suspended = Q(state__in=["owed", "kept", "kept_late"]) | Q(reason__startswith="by_hand")
    ever = Obligation.objects.filter(suspended, kind="suspend_account", subject=f"account:{account.pk}")
    if ever.exists():
        free_at = supersede(writing, account, "suspend_account")
        writing.owe(
            [
                Owed(
                    kind="lift_account_effects",
                    subject=f"account:{account.pk}",
                    by=By.WORKER,
                    due_at=writing.now + PUT_BACK_WITHIN,
                    not_before=free_at,
                    platform=account.platform,
                )
            ]
        )
    writing.release(
        {"judge_account", "search_account"},
        f"account:{account.pk}",
        "decided_otherwise",
    )
    if account.uploads_held_since is None and account.strikes == 0:
        return
    take_back_suspension(writing, account)
    account.uploads_held_since = None
    account.strikes = 0
    account.judged_as = ""
    account.judged_at = None
    account.save(update_fields=["uploads_held_since", "strikes", "judged_as", "judged_at"])
    writing.record("account_effects", {"account": account.pk, "lifted": True})
    for held in account.items.filter(wanted_why="account", interim_since__isnull=False):
        locked = lock(held.pk)
        if locked is not None and not hidden_for_more(locked):
            want(writing, locked, Visibility.VISIBLE, why="overturned", due_at=writing.now + PUT_BACK_WITHIN)
