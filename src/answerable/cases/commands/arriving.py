"""What becomes known of a reported item only after its report: that it is there, what it is, whose it is."""

from datetime import datetime, timedelta

from answerable.cases.commands.copying import hidden_for_more, share_with_copies
from answerable.cases.commands.grouping import reopen
from answerable.cases.commands.ordering import tell_if_ordered
from answerable.cases.commands.protecting import ask, ask_platform_again, page_for
from answerable.cases.commands.telling import (
    drop_untold,
    tell_by_pack,
    tell_holder_of_hiding,
    tell_reports,
    untold,
    was_told,
)
from answerable.cases.commands.wanting import want
from answerable.cases.commands.writing import Writing, facts_of, facts_of_item, owed_by_pack, pack_of, regimes
from answerable.cases.kinds import is_media
from answerable.cases.models import Item, Report, ReportedItem
from answerable.cases.rules import protecting
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy import store
from answerable.policy.words import By, Interim, Visibility

ASK_WITHIN = timedelta(seconds=60)
PUT_BACK_WITHIN = timedelta(seconds=60)


def is_there(writing: Writing, item: Item, *, unseen: bool) -> None:
    """Begin with an item of a case that is there after all, though it was named before or had been gone.

    Whoever named it then must not have disarmed what protects it: the platform is asked again for what is
    wanted, and people owe the look that was released when nothing was found (rules 3, 5 and 7). `unseen`:
    nothing of it had been seen before.
    """
    if item.seen == Visibility.GONE:
        item.seen, item.seen_at = "", None
        item.save(update_fields=["seen", "seen_at"])
        ask_platform_again(writing, item, writing.now + ASK_WITHIN)
    if unseen:
        _owe_looks_again(writing, item)


def _owe_looks_again(writing: Writing, item: Item) -> None:
    subject = f"item:{item.pk}"
    kinds = {"look", "decide"}
    owed = Obligation.objects.filter(subject=subject, kind__in=kinds, state="owed")
    missing = kinds - set(owed.values_list("kind", flat=True))
    if item.case is None or not missing or not ReportedItem.objects.filter(item=item).exists():
        return
    dos = pack_of(item.case).owes(item.case.harm, "on_report", facts_of_item(item), regimes())
    if missing == kinds and item.interim_since is not None:
        missing = {*missing, "freeze"}
    again = [one for one in owed_by_pack(dos, event_at=writing.now, item=item) if one.kind in missing]
    if "look" in missing and not any(one.kind == "look" for one in again):
        again.append(_look(item, writing.now + protecting.LOOK_SOON))
    if item.case.closed_at is not None:
        reopen(item.case, writing.now)
    writing.owe(again)
    _owe_removal_again(writing, item)


def _owe_removal_again(writing: Writing, item: Item) -> None:
    """The hours of a complete request for what was not there begin when it is, or naming an address before its time
    would remove unseen whatever comes to stand there."""
    for report in Report.objects.filter(reported_items__item=item, complete=True).distinct():
        facts = facts_of(report, media=is_media(item.kind), located=True, known=True)
        dos = store.pack(report.pack_digest).owes(report.harm, "on_complete_request", facts, regimes())
        writing.owe(owed_by_pack(dos, event_at=writing.now, item=item))


def reconsider_hiding(writing: Writing, item: Item) -> None:
    """Ask again whether reports alone hide an item unlooked, now that more is known of it (rules 5 to 7).

    Its author may have as many items hidden as may be, its file may have been cleared, it may be no media at all:
    then it is put back, and a person looks.
    """
    if item.wanted_why != "report" or item.interim_since is None or item.looked_at is not None:
        return
    rows = list(
        ReportedItem.objects.filter(item=item, interim__in=["hide", "limit"])
        .select_related("report", "report__earlier")
        .order_by("pk")
    )
    if not rows:
        return
    protection = _strongest([row.report for row in rows], item)
    wanted = protecting.VISIBILITY_OF.get(protection.interim, Visibility.VISIBLE)
    if wanted >= Visibility(item.wanted):
        return
    ReportedItem.objects.filter(pk__in=[row.pk for row in rows]).update(interim=protection.interim)
    writing.record("interim_set", {"item": item.pk, "interim": str(wanted), "why": protection.why})
    if hidden_for_more(item):  # it goes with that original now, and comes back with it
        item.wanted_why = "copy"
        item.save(update_fields=["wanted_why"])
        return
    if wanted is not Visibility.VISIBLE:
        want(writing, item, wanted, why="report", due_at=writing.now + PUT_BACK_WITHIN)
        return
    _put_back(writing, item)
    still_heard = [row.report for row in rows if row.report.withdrawn_at is None]
    tell_reports(writing, untold(still_heard, "waits_for_look"), "waits_for_look", {})
    writing.owe([_look(item, writing.now + protection.look_within)])
    if protection.page:
        writing.owe([page_for(item, protection, writing.now)])


STRENGTH = {Interim.LOOK: 0, Interim.LIMIT: 1, Interim.HIDE: 2}


def _strongest(reports: list[Report], item: Item) -> protecting.Protection:
    """What the report that protects most leads to. What is the same for the rules is asked once."""
    different = {
        (r.harm, r.age, r.relation, r.verified, r.complete, r.danger, r.token, r.earlier_id): r
        for r in reports
    }
    found: list[protecting.Protection] = []
    for report in different.values():
        found.append(ask(report, item, store.pack(report.pack_digest)).protection)
        if found[-1].interim is Interim.HIDE:
            break
    return max(found, key=lambda one: STRENGTH[one.interim])


def _put_back(writing: Writing, item: Item) -> None:
    """Show what was hidden by reports alone, with the copies hidden because of it; tell who was told."""
    drop_untold(writing, item, ["interim"])
    told = was_told(item)
    want(writing, item, Visibility.VISIBLE, why="look_first", due_at=writing.now + PUT_BACK_WITHIN)
    if item.case is None:
        return
    pack = pack_of(item.case)
    if told:
        dos = pack.owes(item.case.harm, "on_not_violating", facts_of_item(item, told=True), regimes())
        tell_by_pack(writing, dos, item=item)
    if item.content is not None:
        share_with_copies(writing, item.content, pack, item.case)


def tell_whose_it_is(writing: Writing, item: Item) -> None:
    """Owe the notice of a hiding, or of an order's removal, to the account that was not known then."""
    if item.interim_since is not None and item.case is not None:
        tell_holder_of_hiding(writing, item, pack_of(item.case), item.case.harm)
    tell_if_ordered(writing, item)


def _look(item: Item, due_at: datetime) -> Owed:
    return Owed(kind="look", subject=f"item:{item.pk}", by=By.PEOPLE, due_at=due_at)
