"""Protecting one reported item, before anybody has looked (rules 5, 6, 7)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from answerable.cases.commands.grouping import noticed, untouched
from answerable.cases.commands.rounds import (
    begin_round,
    refused_in_this_round,
    something_new_since,
    standing_decision,
)
from answerable.cases.commands.telling import tell_holder_of_hiding
from answerable.cases.commands.wanting import want
from answerable.cases.commands.writing import (
    Writing,
    danger_said,
    facts_of,
    owed_by_pack,
    regimes,
    within,
    worst,
)
from answerable.cases.kinds import KIND_BY_WANTED, is_media
from answerable.cases.models import Item, Report, ReportedItem
from answerable.cases.queries.protection import item_facts, token_hidings
from answerable.cases.rules import deciding, protecting
from answerable.db.rows import update
from answerable.obligations import Owed
from answerable.obligations.owed import FIRST
from answerable.policy import Do, Facts, Pack
from answerable.policy.words import Age, By, Danger, Interim, Verdict, Visibility

HIDE_WITHIN = timedelta(seconds=60)
ORDERED = "authority"
"""The channel of what staff typed in as the order of an authority to remove something."""
NOTICED_FIELDS = ("case", "first_notice_at", "views_at_first_notice", "age")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report asks of an item, and what the rules answer."""

    facts: Facts
    something_new: bool
    """It brings what hides a cleared item again: a new fact, or somebody vouches for it (rule 6)."""
    looked_at: bool
    protection: protecting.Protection


def ask(report: Report, item: Item, pack: Pack) -> Asked:
    """What this report leads to for an item, as both are known now (rules 5, 6, 7). Writes nothing."""
    facts = facts_of(report, media=is_media(item.kind), located=True, known=True, age=Age(item.age))
    age = Age(report.age)
    vouched = report.verified and report.relation in protecting.VOUCHING
    new = something_new_since(item, report)
    known = item_facts(item, str(pack.harm(report.harm).refusal(Age(item.age), report.complete).qualified))
    # A first child report is believed whoever sends it: then the token's past, which can be long, isn't read.
    past = (
        {} if protecting.first_child_report(age, looked_at=known.looked_at) else token_hidings(report.token)
    )
    said = protecting.ReportFacts(age=age, something_new=new, vouched=vouched, **past)
    # An order is hidden whatever the harm, as what it asks for; that it is true, two people find out (rule 23).
    policy = Interim.HIDE if report.channel == ORDERED else pack.interim(report.harm, facts)
    protection = protecting.protect(policy, said, known)
    return Asked(facts, new or vouched, known.looked_at, protection)


def protect_item(writing: Writing, report: Report, item: Item, pack: Pack) -> protecting.Protection:
    """Hide, limit or only look at one reported item, and owe what follows for it (rules 5, 6, 7).

    `item` must be locked, in its case, and that case the one that `writing` is about. Also used when a link is
    resolved later: times still count from the report's receipt.
    """
    now = writing.now
    first_notice = item.first_notice_at is None
    age, age_before = Age(report.age), Age(item.age)
    noticed(item, age if untouched(item) else deciding.youngest([age_before, age]), now)
    asked = ask(report, item, pack)
    facts, protection = asked.facts, asked.protection
    dos = pack.owes(report.harm, "on_report", facts, regimes())
    if asked.looked_at:
        _new_round_if_decided(writing, item, new=asked.something_new)
    wanted = protecting.VISIBILITY_OF.get(protection.interim)
    if wanted is None or Visibility(item.wanted) >= wanted:
        update(item, *NOTICED_FIELDS)
        if item.age != age_before:
            writing.record("age_changed", {"item": item.pk, "from": str(age_before), "to": str(item.age)})
        ask_platform_again(writing, item, report.received_at + HIDE_WITHIN)
    else:
        due_at = report.received_at + within(dos, str(protection.interim), HIDE_WITHIN)
        want(writing, item, wanted, why="report", due_at=due_at, also_save=NOTICED_FIELDS)
        writing.record(
            "interim_set",
            {"item": item.pk, "report": report.pk, "interim": str(wanted), "age": str(item.age)},
        )
        danger = Danger(report.danger) if first_notice else worst([report.danger, danger_said(item)])
        tell_holder_of_hiding(writing, item, pack, report.harm, danger)
    if item.wanted != Visibility.GONE:
        _owe_looks(writing, report, item, dos, protection)
    else:
        look_again_at(writing, item, age_before)
    return protection


def waits_for_look(row: ReportedItem) -> bool:
    """Whether what a report names stays visible until a person looked at it."""
    return row.interim == Interim.LOOK and row.item is not None and row.item.wanted == Visibility.VISIBLE


def ask_platform_again(writing: Writing, item: Item, due_at: datetime) -> None:
    """Have the platform asked and looked at again for what is taken from view already (rule 3).

    Somebody says that it is there: it may have been shown again, or not have existed when it was asked about.
    It doesn't stand before first reports: a thousand reports on one hidden item delay nobody's hiding.
    """
    if item.wanted == Visibility.VISIBLE:
        return
    kind = KIND_BY_WANTED[Visibility(item.wanted)]
    subject = f"item:{item.pk}"
    platform = item.platform
    writing.owe(
        [Owed(kind=kind, subject=subject, by=By.WORKER, due_at=due_at, platform=platform, urgency=FIRST)]
    )


def look_again_at(writing: Writing, item: Item, age_before: Age) -> None:
    """Have what was removed as an adult's looked at once more, now that somebody says it is a child's (rule 13)."""
    decision = standing_decision(item.content_id)
    if decision is None or decision.verdict != Verdict.VIOLATING:
        return
    if age_before is Age.ADULT and item.age != Age.ADULT:
        begin_round(writing, item, "repeated")
        due_at = writing.now + protecting.LOOK_SOON
        writing.owe([Owed(kind="look", subject=f"item:{item.pk}", by=By.PEOPLE, due_at=due_at)])


def _owe_looks(
    writing: Writing,
    report: Report,
    item: Item,
    dos: Sequence[Do],
    protection: protecting.Protection,
) -> None:
    """Owe the look, the decision and the search for copies of one reported item."""
    skip = {"hide", "limit"}
    if item.content_id is not None:
        skip.add("fetch_item")
    if item.interim_since is None:
        skip.add("freeze")
    owed = owed_by_pack(dos, event_at=report.received_at, item=item, skip=frozenset(skip))
    look_due = report.received_at + protection.look_within
    owed = [replace(one, due_at=min(one.due_at, look_due)) if one.kind == "look" else one for one in owed]
    if not any(one.kind == "look" for one in owed):
        owed.append(Owed(kind="look", subject=f"item:{item.pk}", by=By.PEOPLE, due_at=look_due))
    writing.owe(owed)
    if protection.page:
        writing.owe([page_for(item, protection, report.received_at)])


def page_for(item: Item, protection: protecting.Protection, at: datetime) -> Owed:
    """The page to who is on call, one for all that comes at once about an account."""
    return Owed(
        kind="page_people",
        subject=f"account:{item.account_id}",
        by=By.WORKER,
        due_at=at + timedelta(minutes=1),
        params={"why": protection.why, "item": item.pk},
    )


def _new_round_if_decided(writing: Writing, item: Item, *, new: bool) -> None:
    """A report on a cleared item asks for a new look; with something new, for a whole new round (rule 6)."""
    if item.content_id is None:
        return
    decision = standing_decision(item.content_id)
    if decision is None or decision.verdict != Verdict.NOT_VIOLATING:
        return
    if new:
        begin_round(writing, item, "answer")
    elif refused_in_this_round(item):
        begin_round(writing, item, "repeated")
