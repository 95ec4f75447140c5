"""What the worker saw and did outside: an item's visibility, a notice told, something that can't be done."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from answerable import audit, obligations
from answerable.cases.commands.aside import owe_hidden_capture
from answerable.cases.commands.grouping import lock, locked
from answerable.cases.commands.hushing import keep_back
from answerable.cases.commands.settling import settle_there
from answerable.cases.commands.stating import reasons_told
from answerable.cases.commands.telling import hold_back, reports_naming, tell_reports, untold
from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import NotFound
from answerable.cases.kinds import KIND_BY_WANTED, WANTED_BY_KIND
from answerable.cases.models import Item, Notice, Report, ReportedItem
from answerable.cases.rules import protecting
from answerable.db.prepared import first, prepared
from answerable.db.rows import update
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.obligations.owed import BY_HAND, by_hand
from answerable.policy.words import By, Visibility

SOONEST_LOOK_AGAIN = timedelta(hours=1)
LATEST_LOOK_AGAIN = timedelta(days=7)
SOONEST_LOOK_BY_HAND = timedelta(minutes=3)
SEEN_FIELDS = (
    "case_id",
    "wanted",
    "wanted_serial",
    "wanted_at",
    "first_notice_at",
    "seen",
    "seen_at",
    "asked_at",
    "acknowledged_at",
    "hidden_at",
    "look_again_at",
)
"""All that a look reads or changes: it comes once for every change of what is wanted."""


def item_seen(
    item_id: int,
    *,
    visibility: Visibility,
    serial: int,
    asked_at: datetime | None,
    acknowledged_at: datetime | None,
    seen_at: datetime,
    now: datetime,
    frozen: bool = False,
) -> bool:
    """A look at the platform saw an item's visibility. Keeps what is owed when that is what is wanted.

    `serial` is the one that the handler asked for: where another is wanted meanwhile, what was seen is noted and
    nothing is kept. `frozen`: the platform says that it froze the bytes with it. Returns whether the item is as
    wanted now (False: the handler tries again).
    """
    with transaction.atomic():
        item = first(_as_seen(item_id))
        if item is None:
            raise NotFound(f"There is no item {item_id}.")
        if item.seen_at is not None and seen_at < item.seen_at:
            return False
        item.seen, item.seen_at = str(visibility), seen_at
        if serial == item.wanted_serial:
            item.asked_at = asked_at or item.asked_at
            item.acknowledged_at = acknowledged_at or item.acknowledged_at
        if visibility >= Visibility.HIDDEN and item.hidden_at is None and item.first_notice_at is not None:
            item.hidden_at = seen_at
        as_wanted = serial == item.wanted_serial and satisfies(visibility, Visibility(item.wanted))
        item.look_again_at = look_again_at(item, now) if as_wanted else None
        update(item, "seen", "seen_at", "asked_at", "acknowledged_at", "hidden_at", "look_again_at")
        writing = Writing(actor="worker", now=now, cause=f"item:{item_id}")
        entry_id = writing.record(
            "item_seen",
            {
                "item": item.pk,
                "serial": serial,
                "wanted": str(item.wanted),
                "seen": str(visibility),
                "seen_at": seen_at.isoformat(timespec="milliseconds"),
                "asked_at": asked_at.isoformat(timespec="milliseconds") if asked_at else None,
                "acknowledged_at": acknowledged_at.isoformat(timespec="milliseconds")
                if acknowledged_at
                else None,
                **({"frozen": True} if frozen else {}),
            },
            case_id=item.case_id,
        )
        if as_wanted:
            keep_by_look(writing, item, entry_id, frozen=frozen)
        return as_wanted


def keep_by_look(writing: Writing, item: Item, entry_id: int, *, frozen: bool = False) -> None:
    """Keep what is owed of an item that was just seen as it is wanted; once gone, tell who asked."""
    kind = KIND_BY_WANTED[Visibility(item.wanted)]
    subject = f"item:{item.pk}"
    # What people were asked to do by hand, too: whoever did it, this look is the proof.
    kinds = (kind, BY_HAND, *(["freeze"] if frozen else []))
    kept = obligations.keep_all(
        kinds, (subject, by_hand(kind, subject)), now=writing.now, proof_entry_id=entry_id
    )
    if kept and item.wanted == Visibility.GONE:
        tell_reports(writing, _all_gone(item), "gone", {})
        settle_there(writing, item)
        writing.finish(entry_id)


def look_again_at(item: Item, now: datetime) -> datetime | None:
    """When to look again at what isn't shown: caches run out, backups are put back, and then it is there again."""
    if item.wanted == Visibility.VISIBLE or item.wanted_at is None:
        return None
    return now + min(max(now - item.wanted_at, SOONEST_LOOK_AGAIN), LATEST_LOOK_AGAIN)


def look_soon_at(item: Item, now: datetime) -> datetime:
    """When to look whether people have done by hand what was handed to them: every few minutes, later hourly."""
    waited = now - item.wanted_at if item.wanted_at is not None else timedelta(0)
    return now + min(max(waited / 20, SOONEST_LOOK_BY_HAND), SOONEST_LOOK_AGAIN)


def _all_gone(item: Item) -> list[Report]:
    """The reports naming a removed item of which now everything is seen gone, and who were not told so since."""
    others = Item.objects.exclude(seen=Visibility.GONE, wanted=Visibility.GONE)
    waiting = set(
        ReportedItem.objects.filter(report__reported_items__item=item, item__in=others).values_list(
            "report_id", flat=True
        )
    )
    reports = [report for report in reports_naming([item.pk]) if report.pk not in waiting]
    return untold(reports, "gone", since=item.wanted_at)


@prepared
def _as_seen(item_id: int) -> "QuerySet[Item]":
    return Item.objects.select_for_update().only(*SEEN_FIELDS).filter(pk=item_id)


def satisfies(seen: Visibility, wanted: Visibility) -> bool:
    """Whether what was seen is what was wanted: exactly, but that more hidden than `hidden` is hidden too."""
    if wanted is Visibility.HIDDEN:
        return seen >= Visibility.HIDDEN
    return seen is wanted


OF_WHAT_IS_THERE = frozenset(
    {"find_copies", "freeze", "capture_hidden", "look", "decide", "remove_if_undecided"}
)
"""Owed about an item that exists: owed anew should it appear (`arriving.is_there`)."""


def item_missing(item_id: int, *, obligation_id: int, now: datetime) -> None:
    """The platform knows no such item: nothing can be fetched or compared, and its reporters are told.

    What asks people to judge it becomes reading the report: its words may say where to look.
    """
    with transaction.atomic():
        item = locked(item_id)
        writing = Writing(actor="worker", now=now, cause=f"item:{item_id}", case=item.case)
        entry_id = writing.record("item_fetched", {"item": item.pk, "found": False})
        obligations.keep(obligation_id, now=now, proof_entry_id=entry_id)
        if item.content_id is None:
            subject = f"item:{item.pk}"
            writing.release(OF_WHAT_IS_THERE, subject, "not_found")
            reports = reports_naming([item.pk])
            tell_reports(writing, untold(reports, "not_found"), "not_found", {})
            writing.owe(
                Owed(
                    kind="read_report",
                    subject=f"report:{report.pk}",
                    by=By.PEOPLE,
                    due_at=max(now, report.received_at) + protecting.LOOK_SOON,
                )
                for report in reports
            )
        writing.finish(entry_id)


def cannot(obligation_id: int, *, reason: str, now: datetime, by_hand_at: str = "") -> None:
    """A platform can't do what is owed. Nothing wider is done: people are paged, the reporter told (rule 5).

    The obligation stays owed, by people from now on: they do it by hand, at the address `by_hand_at` where there is
    one, and mark it kept.
    """
    with transaction.atomic():
        obligation = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if obligation is None:
            return
        writing = Writing(actor="worker", now=now, cause=f"obligation:{obligation.pk}")
        writing.record(
            "obligation_released",
            {"obligation": obligation.pk, "kind": obligation.kind},
            case_id=obligation.case_id,
        )
        obligations.release(obligation, f"by_hand: {reason}"[:200], now)
        instead = Owed(
            kind=BY_HAND,
            subject=by_hand(obligation.kind, obligation.subject),
            by=By.PEOPLE,
            due_at=max(obligation.due_at, now + timedelta(minutes=15)),
            platform=obligation.platform,
            params={
                "kind": obligation.kind,
                "reason": reason[:200],
                **({"at": by_hand_at[:500]} if by_hand_at else {}),
            },
        )
        known = Obligation.objects.filter(kind=BY_HAND, subject=instead.subject, state="owed").exists()
        writing.owe([instead])
        if not known:  # each report has the platform asked again: people need no call for each
            writing.owe(
                [
                    Owed(
                        kind="page_people",
                        subject=obligation.subject,
                        by=By.WORKER,
                        due_at=now + timedelta(minutes=1),
                        params={"why": "by_hand", "kind": obligation.kind},
                    )
                ]
            )
        word, _, number = obligation.subject.partition(":")
        if obligation.kind == "freeze":
            owe_hidden_capture(writing, locked(int(number)))
        if word == "item" and obligation.kind in WANTED_BY_KIND:
            item = locked(int(number))
            item.look_again_at = look_soon_at(item, now)  # else nobody would ever see that somebody did it
            item.save(update_fields=["look_again_at"])
            if obligation.kind != "restore":
                tell_reports(writing, untold(reports_naming([item.pk]), "by_hand"), "by_hand", {})
        writing.finish()


def may_tell(notice_id: int, *, obligation_id: int, now: datetime) -> bool:
    """Ask once more, before a notice is sent, whether it must wait (rule 16). Where it must, it is owed anew."""
    with transaction.atomic():
        notice = Notice.objects.get(pk=notice_id)
        item = lock(notice.item_id)
        owed = Obligation.objects.filter(pk=obligation_id, state="owed").first()
        if item is None or owed is None:
            return False
        writing = Writing(actor="worker", now=now, cause=f"notice:{notice_id}", case=item.case)
        if keep_back(writing, notice, item):
            writing.finish()
            return False
        if owed.not_before is not None:
            return True
        waits = hold_back(writing, notice, item)
        writing.finish()
        return not waits


def holder_told(notice_id: int, *, obligation_id: int, now: datetime) -> None:
    """The platform took a notice for an account holder."""
    with transaction.atomic():
        # Else the end of a hiding and its telling could each miss the other, and nobody would publish it.
        locked(Notice.objects.values_list("item_id", flat=True).get(pk=notice_id))
        writing = Writing(actor="worker", now=now, cause=f"notice:{notice_id}")
        entry_id = _told(writing, notice_id)
        obligations.keep(obligation_id, now=now, proof_entry_id=entry_id)
        writing.finish(entry_id)


def _told(writing: Writing, notice_id: int) -> int:
    notice = Notice.objects.select_related("item").get(pk=notice_id)
    notice.told_at = writing.now
    notice.save(update_fields=["told_at"])
    reasons_told(writing, notice)
    event = {"notice": notice.pk, "kind": notice.kind}
    return writing.record("notice_told", event, case_id=notice.item.case_id)


def done_by_hand(writing: Writing, obligation: Obligation) -> None:
    """Note what a person did in the worker's place, so that it is told of and undone like the worker's (rule 15).

    Nothing of an item's visibility: that it is gone is believed when a look no longer finds it (rule 3).
    """
    kind = obligation.params.get("kind")
    number = int(obligation.subject.partition(":")[2].partition("/")[0])
    if kind == "tell_holder":
        _told(writing, number)
    elif kind in ("suspend_account", "lift_account_effects"):
        writing.record("account_effects", {"account": number, "suspended": kind == "suspend_account"})


def nobody_paged(obligation_id: int, *, now: datetime) -> None:
    """No address to page is configured: said openly, never counted as kept. What people owe stays owed."""
    with transaction.atomic():
        obligation = Obligation.objects.filter(pk=obligation_id, state="owed").first()
        if obligation is None:
            return
        event = {"obligation": obligation.pk, "kind": obligation.kind, "reason": "nobody_to_page"}
        audit.append("obligation_released", actor="worker", now=now, case_id=obligation.case_id, event=event)
        obligations.release(obligation, "nobody_to_page", now)


@prepared
def _still_owed(obligation_id: int) -> "QuerySet[Obligation]":
    return Obligation.objects.filter(pk=obligation_id, state="owed")


def done(obligation_id: int, *, record: str, event: dict[str, object], now: datetime) -> None:
    """Something the worker owed was done outside (a page sent, a freeze, a suspension): note it, keep it."""
    with transaction.atomic():
        obligation = first(_still_owed(obligation_id))
        if obligation is None:
            return
        writing = Writing(actor="worker", now=now, cause=f"obligation:{obligation_id}")
        entry_id = writing.record(
            record, {"subject": obligation.subject, **event}, case_id=obligation.case_id
        )
        obligations.keep(obligation, now=now, proof_entry_id=entry_id)
