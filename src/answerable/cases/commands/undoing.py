"""Undoing a decision: everything that followed from `violating` is taken back, everywhere (rule 15)."""

from datetime import timedelta

from django.db.models import Q, QuerySet

from answerable import obligations
from answerable.cases.commands.copying import hidden_for_more, share_with_copies
from answerable.cases.commands.grouping import lock
from answerable.cases.commands.telling import (
    drop_untold,
    reports_naming,
    take_back_suspension,
    tell_by_pack,
    was_told,
)
from answerable.cases.commands.wanting import CONFIRMED, CONFIRMED_BY_TWO, REPORTED, forget, want
from answerable.cases.commands.writing import Writing, facts_of_item, owed_by_pack, pack_of, regimes, within
from answerable.cases.models import Account, Case, Decision, Finding, Item
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy import Facts
from answerable.policy.words import Age, By, Verdict, Visibility

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
    dos = pack.owes(case.harm, "on_overturned", facts_of_item(item, listed=decision.by_match), regimes())
    in_time = within(dos, "restore", PUT_BACK_WITHIN)
    for hash_list in (CONFIRMED, CONFIRMED_BY_TWO, REPORTED):
        forget(writing, item, hash_list)
    want(writing, item, Visibility.VISIBLE, why="overturned", due_at=writing.now + in_time)
    obligations.release_all("second_look", f"item:{item.pk}", "decided_otherwise", writing.now)
    writing.owe(owed_by_pack(dos, event_at=writing.now, item=item, case=case, skip=BY_UNDOING))
    if not withdraw_finding(writing, item, case, cleared=True):
        _take_back_filing(writing, item, case)
    _lift_account(writing, item)
    drop_untold(writing, item, ["interim", "removed", "removed_undecided"])
    told = was_told(item)
    tell_by_pack(writing, dos, reports=reports_naming([item.pk]), item=item if told else None)
    for shared in Decision.objects.filter(of_decision=decision, overturned_at__isnull=True).select_related(
        "content"
    ):
        twin = lock(shared.content.item_id)
        if twin is not None:
            overturn(writing, twin, shared)
    if item.content is not None:
        share_with_copies(writing, item.content, pack, case)


def withdraw_finding(writing: Writing, item: Item, case: Case, *, cleared: bool) -> bool:
    """Take a finding back: what was not filed yet is released, what was filed is owed a correction.

    `cleared` False: it stays violating, about an adult; then what is filed about adults stays owed.
    Returns whether there was one.
    """
    finding = Finding.objects.filter(content_id=item.content_id, withdrawn_at__isnull=True).first()
    if finding is None:
        return False
    finding.withdrawn_at = writing.now
    finding.save(update_fields=["withdrawn_at"])
    writing.record("finding_withdrawn", {"finding": finding.pk, "item": item.pk}, case_id=case.pk)
    pack, facts = pack_of(case), facts_of_item(item)
    _correct(writing, case, facts.model_copy(update={"age": Age(finding.age)}))  # as it was filed
    if Finding.objects.filter(case=case, withdrawn_at__isnull=True).exists():
        return True
    still = [] if cleared else pack.owes(case.harm, "on_violating", facts, regimes())
    _release_filings(writing, case, {do.regime or "" for do in still if do.do == "report_authority"})
    return True


def _take_back_filing(writing: Writing, item: Item, case: Case) -> None:
    """Take back what was filed, or was to be, about an adult: nothing of it rests on a finding (rule 13)."""
    _correct(writing, case, facts_of_item(item))
    others = Decision.objects.filter(case=case, verdict=Verdict.VIOLATING, overturned_at__isnull=True)
    if not others.exists():
        _release_filings(writing, case, set())


def _correct(writing: Writing, case: Case, facts: Facts) -> None:
    """Owe a correction to each authority to which this case was filed with such facts."""
    filings = Obligation.objects.filter(case_id=case.pk, kind="report_authority")
    filed = set(filings.filter(state__in=["kept", "kept_late"]).values_list("regime", flat=True))
    dos = pack_of(case).owes(case.harm, "on_overturned", facts, regimes())
    corrections = [do for do in dos if do.do == "correct_authority" and (do.regime or "") in filed]
    writing.owe(owed_by_pack(corrections, event_at=writing.now, case=case))


def _release_filings(writing: Writing, case: Case, still: set[str]) -> None:
    """Release the filings of a case that wait still, but for those of these regimes."""
    filings = Obligation.objects.filter(case_id=case.pk, kind="report_authority", state="owed")
    for waiting in filings.exclude(regime__in=still):
        obligations.release(waiting, "decided_otherwise", writing.now)


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
    confirmed = Q(confirmed_by_two_at__isnull=False) | Q(of_decision__confirmed_by_two_at__isnull=False)
    return Decision.objects.filter(
        confirmed, content__item__account=account, verdict=Verdict.VIOLATING, overturned_at__isnull=True
    )


def lift_effects(writing: Writing, account: Account) -> None:
    """Take back what an account bore: strikes, the hold on its uploads, its suspension."""
    if Obligation.objects.filter(
        kind="suspend_account", subject=f"account:{account.pk}", state__in=["owed", "kept", "kept_late"]
    ).exists():
        writing.owe(
            [
                Owed(
                    kind="lift_account_effects",
                    subject=f"account:{account.pk}",
                    by=By.WORKER,
                    due_at=writing.now + PUT_BACK_WITHIN,
                    platform=account.platform,
                )
            ]
        )
    obligations.release_all(
        {"judge_account", "search_account", "suspend_account"},
        f"account:{account.pk}",
        "decided_otherwise",
        writing.now,
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
