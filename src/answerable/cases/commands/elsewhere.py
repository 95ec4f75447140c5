"""What two people's yes means for the identical file that others posted: a finding of its own, and a question whose
account that is (rules 12 and 13).

Some at a time: a file may stand in ten thousand places, and no transaction may hold them all.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from answerable import obligations
from answerable.cases.commands.filing import fall, has_finding, make_finding
from answerable.cases.commands.grouping import lock, standing_case
from answerable.cases.commands.harms import harm_decided
from answerable.cases.commands.wanting import CONFIRMED_BY_TWO
from answerable.cases.commands.writing import Writing, facts_of_item, owed_by_pack, pack_of, regimes
from answerable.cases.models import Case, Decision, Finding, Item, Review
from answerable.cases.queries.listed import listing_of, refused_by_people
from answerable.cases.rules import deciding
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, By

AT_ONCE: Final = 20
"""Places of one transaction: SQLite has one writer, and reports don't wait for this."""
ACT_WITHIN: Final = timedelta(minutes=5)


def act_on_copies(obligation_id: int, *, now: datetime) -> int:
    """Do it for the next places of one decision, and owe the rest. How many there were."""
    with transaction.atomic():
        owed = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if owed is None:
            return 0
        number, _, after = owed.subject.partition(":")[2].partition("/")
        root = Decision.objects.select_related("case", "content__item").get(pk=int(number))
        writing = Writing(actor="worker", now=now, cause=f"decision:{root.pk}", case=standing_case(root.case))
        done = carry_on(writing, root, after=int(after or 0))
        event = {"obligation": owed.pk, "kind": owed.kind, "decision": root.pk, "places": done}
        entry_id = writing.record("obligation_kept", event)
        obligations.keep(owed, now=now, proof_entry_id=entry_id)
        writing.finish(entry_id)
        return done


def carry_on(writing: Writing, root: Decision, *, after: int = 0) -> int:
    """Let what stands of a decision hold in the next places that share it; the worker owes the rest.

    Called when two people confirmed it, and when its finding came or fell since. How many places there were.
    """
    if root.overturned_at is not None or root.confirmed_by_two_at is None:
        return 0
    shared = Decision.objects.filter(of_decision=root, overturned_at__isnull=True, pk__gt=after)
    rows = list(shared.select_related("content", "case").order_by("pk")[: AT_ONCE + 1])
    about = writing.case
    for decision in rows[:AT_ONCE]:
        item = lock(decision.content.item_id)
        if item is not None:
            carry_to(writing, item, decision, root)
    writing.case = about
    if len(rows) > AT_ONCE:
        writing.owe(
            [
                Owed(
                    kind="act_on_copies",
                    subject=f"decision:{root.pk}/{rows[AT_ONCE - 1].pk}",
                    by=By.WORKER,
                    due_at=writing.now + ACT_WITHIN,
                )
            ]
        )
    return len(rows[:AT_ONCE])


def carry_to(writing: Writing, item: Item, decision: Decision, root: Decision) -> None:
    """Let what two people confirmed hold in one more place, whose row is locked: ask whose account it is, and record
    what an authority is told of it, if it is about a child there.
    """
    _ask_whose_account(writing, item, root)
    finding = Finding.objects.filter(content=root.content_id, withdrawn_at__isnull=True).first()
    own = Finding.objects.filter(content=decision.content_id, withdrawn_at__isnull=True).first()
    if finding is None:
        if own is not None and own.review_id is None:
            fall(writing, own, item, cleared=False)
        return
    if own is None and _list_decides(decision.case, root.clause):
        _find(writing, item, decision, finding, CONFIRMED_BY_TWO)


def carry_list(writing: Writing, item: Item, decision: Decision, root: Decision) -> None:
    """Record what an authority is told of one more place of a file that a list of others decided about: it is an exact
    match with that list as the first one was, as long as the list has it and nobody here said otherwise.
    """
    finding = Finding.objects.filter(content=root.content_id, withdrawn_at__isnull=True).first()
    if finding is None or finding.review_id is not None or has_finding(decision.content):
        return
    listing = listing_of(decision.content.sha256, pack_of(decision.case))
    if listing is not None and not refused_by_people(decision.content):
        _find(writing, item, decision, finding, listing.hash_list)


def _find(writing: Writing, item: Item, decision: Decision, first: Finding, matched_list: str) -> None:
    if item.content_id == decision.content_id and not _is_about_a_child(writing, item, Age(first.age)):
        return
    make_finding(
        writing,
        item,
        decision.case,
        decision.clause,
        matched_list=matched_list,
        content=decision.content,
        age=Age(first.age),
    )


def follow_finding(writing: Writing, decision: Decision) -> None:
    """A finding came or fell about a file that two people had confirmed: so it does in every place that shares it."""
    if decision.of_decision_id is not None or decision.confirmed_by_two_at is None:
        return
    there = has_finding(decision.content)
    shared = Decision.objects.filter(of_decision=decision, overturned_at__isnull=True)
    found = Finding.objects.filter(content__in=shared.values("content"), withdrawn_at__isnull=True)
    if there or found.filter(review__isnull=True).exists():
        carry_on(writing, decision)


def _ask_whose_account(writing: Writing, item: Item, root: Decision) -> None:
    """Owe the question whose account it is that posted an identical file, too (rule 12)."""
    if item.account_id is None:
        return
    harm = harm_decided(root.case, root.clause)
    dos = pack_of(root.case).owes(harm, "on_confirmed_by_two", facts_of_item(item), regimes())
    asked = [do for do in dos if do.do == "judge_account"]
    writing.owe(owed_by_pack(asked, event_at=writing.now, account_id=item.account_id))


def _list_decides(case: Case, clause: str) -> bool:
    """Whether the pack lets the file that two people confirmed be decided by the exact match alone."""
    confirm = pack_of(case).harm(harm_decided(case, clause)).confirm
    return any(match.list == CONFIRMED_BY_TWO and match.exact for match in confirm.or_match)


def _is_about_a_child(writing: Writing, item: Item, age: Age) -> bool:
    """Make an item as young as people found its very file elsewhere (rule 13: up takes one person). False where people
    looked at it here and found an adult: a list overrules nobody.
    """
    if item.age == Age.ADULT:
        looked = Review.objects.filter(content_id=item.content_id, qualified=True)
        if looked.exists():
            return False
    young = deciding.youngest([Age(item.age), age])
    if young != item.age:
        writing.record("age_changed", {"item": item.pk, "from": str(item.age), "to": str(young)})
        item.age = young
        item.save(update_fields=["age"])
    return True
