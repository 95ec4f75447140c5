"""A hash list that decides: the identical file of one that the policy pack trusts is `violating` (rules 8 and 13).

It does what one person's yes does, and no more: this file and identical ones. What people were owed to look at stays
owed, and a second look is owed by people. What a list says is never stronger than what people here said.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from answerable.cases.commands.deciding import decide_violating
from answerable.cases.commands.filing import make_finding
from answerable.cases.commands.grouping import begin_notice, lock, open_case, put_in, reopen
from answerable.cases.commands.rounds import standing_decision
from answerable.cases.commands.writing import Writing, pack_of
from answerable.cases.kinds import is_media
from answerable.cases.models import Case, Decision, Item
from answerable.cases.models.judgement import BY_LIST
from answerable.cases.queries.listed import (
    DECIDING_KIND,
    Listing,
    is_on_a_list,
    listing_of,
    no_longer_supported,
    refused_by_people,
)
from answerable.cases.rules import deciding, protecting
from answerable.obligations import Owed
from answerable.policy import Pack, store
from answerable.policy.words import Age, By

LOOK_WITHIN: timedelta = protecting.LOOK_SOON


def decide_by_list(writing: Writing, item: Item) -> bool:
    """Let `violating` stand for a locked item whose very file a trusted list holds. Whether it was decided so.

    Asked whenever bytes are seen, and with each search for copies. Where anybody here judged the file, it is theirs.
    """
    content = item.content
    if content is None or not is_media(item.kind) or not is_on_a_list(content.sha256):
        return False
    if standing_decision(content.pk) is not None or refused_by_people(content):
        return False
    pack = pack_of(item.case) if item.case is not None else store.active()
    listing = listing_of(content.sha256, pack, lock=True)
    if listing is None:
        return False
    case = _case(writing, item, listing, pack)
    about_children = Age.ADULT not in pack.harm(listing.harm).ages
    begin_notice(writing, item, deciding.age_by_list(Age(item.age), about_children=about_children))
    event = {
        "item": item.pk,
        "content": content.pk,
        "list": listing.hash_list,
        "entry": listing.entry.pk,
        "matched": DECIDING_KIND,
    }
    writing.record("list_matched", event)
    if deciding.match_makes_finding(Age(item.age), about_children=about_children):
        make_finding(writing, item, case, listing.clause, matched_list=listing.hash_list)
    decide_violating(writing, item, case, listing.clause, BY_LIST, writing.now)
    return True


def _case(writing: Writing, item: Item, listing: Listing, pack: Pack) -> Case:
    """The item's case, open; where it has none, one that is opened for it."""
    if item.case is None:
        put_in(writing, item, open_case(writing, listing.harm, pack))
    elif item.case.closed_at is not None:
        reopen(item.case, writing.now)
    if item.case is None:
        raise ValueError(f"item {item.pk} is in no case")
    writing.case = item.case
    return item.case


def doubt(writing: Writing, left: Iterable[tuple[str, str]]) -> int:
    """Have people look soon at what a list decided and no longer says, and at nothing that people here affirmed.

    It overturns nothing by itself: only people clear (rule 8). `left`: the SHA-256 of what left a list, and the list's
    whole name. Returns how many decisions are in doubt.
    """
    before, decisions = writing.case, no_longer_supported(left)
    for decision in decisions:
        _doubt_one(writing, decision, writing.now + LOOK_WITHIN)
    writing.case = before
    return len(decisions)


def _doubt_one(writing: Writing, decision: Decision, due_at: datetime) -> None:
    item = lock(decision.content.item_id)
    if item is None or item.case is None:
        return
    writing.case = item.case
    event = {"item": item.pk, "content": decision.content_id, "decision": decision.pk}
    writing.record("list_withdrawn", event)
    if item.content_id != decision.content_id:
        return  # those bytes are no longer there to be looked at
    if item.case.closed_at is not None:
        reopen(item.case, writing.now)
    writing.owe([Owed(kind="look", subject=f"item:{item.pk}", by=By.PEOPLE, due_at=due_at)])
