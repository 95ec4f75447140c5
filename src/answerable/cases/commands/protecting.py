"""Protecting one reported item, before anybody has looked (rules 5, 6, 7)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from answerable.cases.commands.grouping import noticed
from answerable.cases.commands.rounds import begin_round, something_new_since, standing_decision
from answerable.cases.commands.telling import tell_holder_of_hiding
from answerable.cases.commands.wanting import want
from answerable.cases.commands.writing import Writing, facts_of, owed_by_pack, regimes, within
from answerable.cases.kinds import is_media
from answerable.cases.models import Item, Report, Review
from answerable.cases.queries.protection import item_facts, token_hidings
from answerable.cases.rules import deciding, protecting
from answerable.obligations import Owed
from answerable.policy import Do, Pack
from answerable.policy.words import Age, By, Danger, Verdict, Visibility

HIDE_WITHIN = timedelta(seconds=60)
NOTICED_FIELDS = ("case", "first_notice_at", "views_at_first_notice", "age")


def protect_item(writing: Writing, report: Report, item: Item, pack: Pack) -> protecting.Protection:
    """Hide, limit or only look at one reported item, and owe what follows for it (rules 5, 6, 7).

    `item` must be locked, in its case, and that case the one that `writing` is about. Also used when a link is
    resolved later: times still count from the report's receipt.
    """
    now = writing.now
    first_notice = item.first_notice_at is None
    age = Age(report.age)
    noticed(item, age if first_notice else deciding.youngest([Age(item.age), age]), now)
    facts = facts_of(report, media=is_media(item.kind), located=True, known=True, age=Age(item.age))
    new = report.verified or something_new_since(item, report)
    known = item_facts(item)
    # A first child report is believed whoever sends it: then the token's past, which can be long, isn't read.
    past = (
        {} if protecting.first_child_report(age, looked_at=known.looked_at) else token_hidings(report.token)
    )
    protection = protecting.protect(
        pack.interim(report.harm, facts),
        protecting.ReportFacts(age=age, something_new=new, **past),
        known,
    )
    dos = pack.owes(report.harm, "on_report", facts, regimes())
    if known.cleared_by_people:
        _new_round_if_decided(writing, item, new=new)
    wanted = protecting.VISIBILITY_OF.get(protection.interim)
    if wanted is None or Visibility(item.wanted) >= wanted:
        item.save(update_fields=NOTICED_FIELDS)
    else:
        due_at = report.received_at + within(dos, str(protection.interim), HIDE_WITHIN)
        want(writing, item, wanted, why="report", due_at=due_at, also_save=NOTICED_FIELDS)
        writing.record("interim_set", {"item": item.pk, "report": report.pk, "interim": str(wanted)})
        tell_holder_of_hiding(writing, item, pack, report.harm, Danger(report.danger))
    if item.wanted != Visibility.GONE:
        _owe_looks(writing, report, item, dos, protection)
    return protection


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
        writing.owe(
            [
                Owed(
                    kind="page_people",
                    subject=f"account:{item.account_id}",  # one page for what comes at once
                    by=By.WORKER,
                    due_at=report.received_at + timedelta(minutes=1),
                    params={"why": protection.why, "item": item.pk},
                )
            ]
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
    elif decision.round == item.round or _answered_repetition(item):
        begin_round(writing, item, "repeated")


def _answered_repetition(item: Item) -> bool:
    """Whether the present round answered an earlier repetition: one look is all that such a round takes."""
    judged = Review.objects.filter(content_id=item.content_id, round=item.round)
    return item.round_why == "repeated" and judged.exists()
