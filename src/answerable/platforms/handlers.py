"""What the worker does on platforms. Each handler asks outside, within its time, and ends in one command.

An error is a failed attempt: the loop notes it and tries again. What a platform can't do is handed to people
by the command `cannot`; nothing wider is ever done in its place (rule 5).
"""

from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Final, cast

import structlog
from django.db.models import QuerySet

from answerable import clock, media
from answerable.cases import commands
from answerable.cases.inputs import Prints
from answerable.cases.models import Account, Item, Notice, ReportedItem
from answerable.cases.queries import evidence
from answerable.cases.queries.settling import is_settled
from answerable.db.prepared import first, prepared
from answerable.obligations import registry as kinds
from answerable.obligations.models import Obligation
from answerable.platforms import base, registry
from answerable.platforms.base import NEEDED_FOR, Asking, Capability, asking
from answerable.platforms.besides import Erases, HandsOver, Settles
from answerable.platforms.fetched import fingerprints, with_bytes
from answerable.platforms.http import client
from answerable.platforms.known import as_told
from answerable.platforms.looking import seen_now
from answerable.platforms.notices import text_of
from answerable.platforms.waiting import CaptureFirst, wait_hidden
from answerable.policy.words import By, Visibility

ATTEMPTS_TO_HAND_OVER: Final = 3
"""So often, within seconds, a platform may fail to take a report for its moderators; then people are paged anyway."""
ATTEMPTS_FOR_A_FILE: Final = 5
"""So often, within a minute, a file may be missing where the platform says that it is, before people are asked."""

log = structlog.get_logger(__name__)


def warm() -> None:
    """Load what the first call would load, so that the first reported item doesn't wait for it."""
    registry.platforms()
    client.warm()


def make_it_so(obligation: Obligation) -> None:
    """Make an item as it is wanted now, whatever was wanted when this was owed, then look.

    Reports what was seen. Raises NotAsWanted when that isn't what is wanted. Freezing is work of the same handler, so
    that it waits for the hiding of its item: many platforms freeze what they hide, and then nothing is left to ask.
    """
    item = _item(obligation)
    if obligation.kind in ("freeze", "erase"):
        (_freeze if obligation.kind == "freeze" else _erase)(obligation, item)
        return
    wanted, serial = Visibility(item.wanted), item.wanted_serial
    target = registry.platform(item.platform)
    if wanted is Visibility.GONE and evidence.capture_comes_first(item.pk, clock.now()):
        with _asking(obligation):
            wait_hidden(item, target)
    if NEEDED_FOR[wanted] not in target.capabilities:
        lacks = base.CannotDo(f"{target.name} has no {NEEDED_FOR[wanted]}")
        with _asking(obligation):
            _unless_it_is_so(obligation, item, target, lacks)
        return
    acknowledged_at: datetime | None = None
    frozen = False
    with _asking(obligation):
        asked_at = clock.now()
        try:
            frozen = target.set_visibility(item.ref, wanted, serial)
            acknowledged_at = clock.now()
            seen = target.visibility(item.ref)
        except base.ItemNotFound:
            seen = Visibility.GONE
        except base.CannotDo as error:
            _unless_it_is_so(obligation, item, target, error)
            return
        except base.SerialBehind as error:
            if (
                error.there is not None
            ):  # of a desk before this one, or before its backup: the next attempt goes beyond
                commands.serial_passed(item.pk, there=error.there, now=clock.now())
            raise
    now = clock.now()
    as_wanted = commands.item_seen(
        item.pk,
        visibility=seen,
        serial=serial,
        asked_at=asked_at,
        acknowledged_at=acknowledged_at,
        frozen=frozen,
        seen_at=now,
        now=now,
    )
    if as_wanted:
        return
    if acknowledged_at is None:
        commands.cannot(obligation.pk, reason="The platform no longer has the item.", now=now)
        return
    raise base.NotAsWanted(f"wanted {wanted.value}, seen {seen.value}")


def _unless_it_is_so(obligation: Obligation, item: Item, target: base.Platform, error: base.CannotDo) -> None:
    """Hand what can't be done to people, unless a look finds that it is so already: its author or they did it."""
    wanted, serial = Visibility(item.wanted), item.wanted_serial
    if Capability.LOOK in target.capabilities:
        seen = None
        with suppress(base.PlatformError):  # no look: then people look
            seen = seen_now(target, item.ref)
        now = clock.now()
        if seen is not None and commands.item_seen(
            item.pk,
            visibility=seen,
            serial=serial,
            asked_at=None,
            acknowledged_at=None,
            seen_at=now,
            now=now,
        ):
            return
    if Capability.HAND_OVER in target.capabilities and wanted is not Visibility.VISIBLE:
        harm = item.case.harm if item.case is not None else ""
        try:
            page = cast(HandsOver, target).hand_over(item.ref, harm)
        except base.PlatformError as failed:
            if failed.retry_helps and obligation.attempt < ATTEMPTS_TO_HAND_OVER:
                raise
            log.warning("could not hand over", item=item.pk, platform=target.name, why=type(failed).__name__)
            page = item.url  # nobody waits for it: people are paged now, with the item's own address
        error = base.CannotDo(error.detail, by_hand=page)
    _by_hand(obligation, error)


def settle_there(obligation: Obligation) -> None:
    """Close the platform's own reports on an item once all that they name is done with here, else open them again.

    What an adapter can't settle stays with the platform's moderators: it was never promised to anybody.
    """
    item = _item(obligation)
    target = registry.platform(item.platform)
    changed = 0
    if Capability.SETTLE in target.capabilities:
        answering = cast(Settles, target)
        with _asking(obligation):
            for report in answering.reports_on(item.ref):
                closed = bool(report.about) and all(
                    is_settled(item.platform, named.ref) for named in report.about
                )
                if closed is not report.closed:
                    answering.settle(report.key, closed)
                    changed += 1
    event: dict[str, object] = {"item": item.pk, "changed": changed}
    commands.done(obligation.pk, record="reports_settled", event=event, now=clock.now())


def resolve(obligation: Obligation) -> None:
    """Ask the platform what a reported link or name leads to."""
    row = ReportedItem.objects.get(pk=_number(obligation))
    target = registry.platform(row.platform)
    named = None
    if Capability.RESOLVE in target.capabilities:
        with _asking(obligation), suppress(base.CannotDo):  # then a person reads the link
            named = target.resolve(row.link)
    commands.resolved(
        row.pk,
        ref=named.ref if named else None,
        kind=named.kind.value if named else base.ItemKind.PAGE.value,
        also=tuple((one.ref, one.kind.value) for one in named.also) if named else (),
        obligation_id=obligation.pk,
        now=clock.now(),
    )


def fetch_item(obligation: Obligation) -> None:
    """Fetch an item's facts and bytes, fingerprint them, and hand both over. The bytes are not kept."""
    item = _item(obligation)
    target = registry.platform(item.platform)
    if _lacks(target, Capability.FETCH, obligation):
        return
    with _asking(obligation) as bound:
        try:
            fetched, found = with_bytes(target, item.ref, lambda it: fingerprints(it, item.platform, bound))
        except base.ItemNotFound:
            commands.item_missing(item.pk, obligation_id=obligation.pk, now=clock.now())
            return
        except media.MediaGone:  # the platform has the item: that its file can't be had closes nothing
            if obligation.attempt < ATTEMPTS_FOR_A_FILE:
                raise
            _by_hand(obligation, base.CannotDo("its file is not where the platform says"))
            return
        except base.CannotDo as error:
            _by_hand(obligation, error)
            return
    item_in = replace(
        as_told(item.platform, fetched),
        ref=item.ref,
        prints=Prints.of(found) if found is not None else None,
        held="unreadable" if found is not None and found.unreadable else "",
    )
    commands.item_fetched(item.pk, item_in=item_in, obligation_id=obligation.pk, now=clock.now())


def tell_holder(obligation: Obligation) -> None:
    """Tell an account holder what the policy pack says for this notice."""
    notice = Notice.objects.select_related("account", "item").get(pk=_number(obligation))
    target = registry.platform(notice.account.platform)
    if not commands.may_tell(notice.pk, obligation_id=obligation.pk, now=clock.now()):
        return  # asked before people are told to do it by hand, too
    if _lacks(target, Capability.NOTIFY, obligation):
        return
    text = text_of(notice, obligation.pack_digest)
    with _asking(obligation):
        try:
            target.notify(notice.account.ref, text, f"notice-{notice.pk}")
        except (base.CannotDo, base.ItemNotFound) as error:
            _by_hand(obligation, error)
            return
    commands.holder_told(notice.pk, obligation_id=obligation.pk, now=clock.now())


def _freeze(obligation: Obligation, item: Item) -> None:
    """Have the platform keep an item's bytes, against the author's own deletion too."""
    target = registry.platform(item.platform)
    if _lacks(target, Capability.FREEZE, obligation):
        return
    with _asking(obligation):
        try:
            target.freeze(item.ref)
        except (base.CannotDo, base.ItemNotFound) as error:
            _by_hand(obligation, error)
            return
    commands.done(obligation.pk, record="item_frozen", event={"item": item.pk}, now=clock.now())


def _erase(obligation: Obligation, item: Item) -> None:
    """Have what is gone taken away for good, unless that was overturned by now; then look (rule 15)."""
    target = registry.platform(item.platform)
    if _lacks(target, Capability.ERASE, obligation):
        return
    if (
        item.wanted != Visibility.GONE
        or not Obligation.objects.filter(pk=obligation.pk, state="owed").exists()
    ):
        return
    if evidence.capture_is_owed(item.pk):
        raise CaptureFirst
    with _asking(obligation):
        asked_at = clock.now()
        try:
            cast(Erases, target).erase(item.ref)
            acknowledged_at = clock.now()
            seen = target.visibility(item.ref)
        except (base.CannotDo, base.ItemNotFound) as error:
            _by_hand(obligation, error)
            return
    now = clock.now()
    commands.item_seen(
        item.pk,
        visibility=seen,
        serial=item.wanted_serial,
        asked_at=asked_at,
        acknowledged_at=acknowledged_at,
        seen_at=now,
        now=now,
    )
    if seen is not Visibility.GONE:
        raise base.NotAsWanted(f"wanted gone, seen {seen.value}")
    commands.done(obligation.pk, record="item_erased", event={"item": item.pk}, now=now)


def make_account_so(obligation: Obligation) -> None:
    """Suspend an account or let it post again, as is wanted of it now; then look, where the platform says.

    Of the two at most one is owed (`cases.commands.undoing.supersede`). What is owed no longer does nothing, and
    one handler for both keeps one from overtaking the other. Raises NotAsWanted.
    """
    suspended = obligation.kind == "suspend_account"
    account = Account.objects.get(pk=_number(obligation))
    target = registry.platform(account.platform)
    if not Obligation.objects.filter(pk=obligation.pk, state="owed").exists():
        return
    if _lacks(target, Capability.SUSPEND, obligation):
        return
    with _asking(obligation):
        try:
            target.suspend(account.ref, suspended)
        except (base.CannotDo, base.ItemNotFound) as error:
            _by_hand(obligation, error)
            return
        with suppress(base.CannotDo):  # the look is the site's choice; without it its word is taken
            if target.is_suspended(account.ref) is not suspended:
                raise base.NotAsWanted(f"wanted suspended: {suspended}")
    event: dict[str, object] = {"account": account.pk, "suspended": suspended}
    commands.done(obligation.pk, record="account_effects", event=event, now=clock.now())


def _item(obligation: Obligation) -> Item:
    """The item that it is about. Raises Item.DoesNotExist."""
    found = first(_item_numbered(_number(obligation)))
    if found is None:
        raise Item.DoesNotExist(f"There is no item for {obligation.subject}.")
    return found


@prepared
def _item_numbered(number: int) -> "QuerySet[Item]":
    return Item.objects.filter(pk=number)


def _lacks(target: base.Platform, needed: Capability, obligation: Obligation) -> bool:
    """Hand the obligation to people when the platform can't do what it takes."""
    if needed in target.capabilities:
        return False
    _by_hand(obligation, base.CannotDo(f"{target.name} has no {needed.value}"))
    return True


def _by_hand(obligation: Obligation, error: base.CannotDo | base.ItemNotFound) -> None:
    """Hand it to people, with the address where they do it."""
    at = error.by_hand if isinstance(error, base.CannotDo) else ""
    commands.cannot(obligation.pk, reason=str(error), by_hand_at=at, now=clock.now())


def _asking(obligation: Obligation) -> AbstractContextManager[Asking]:
    return asking(f"{obligation.pk}-{obligation.attempt}")


def _number(obligation: Obligation) -> int:
    return int(obligation.subject.partition(":")[2])


for _kind, _handler in {
    "hide": make_it_so,
    "limit": make_it_so,
    "restore": make_it_so,
    "remove": make_it_so,
    "resolve": resolve,
    "fetch_item": fetch_item,
    "tell_holder": tell_holder,
    "freeze": make_it_so,
    "settle_there": settle_there,
    "erase": make_it_so,
    "suspend_account": make_account_so,
    "lift_account_effects": make_account_so,
}.items():
    kinds.kind(_kind, by=By.WORKER, handler=_handler)
