"""Looking again: at what people were asked to do by hand, and at what isn't shown, which may appear again (rule 3)."""

from datetime import datetime, timedelta

from django.db import transaction

from answerable.cases.commands.grouping import locked
from answerable.cases.commands.seeing import keep_by_look, look_again_at, look_soon_at, satisfies
from answerable.cases.commands.settling import settle_there
from answerable.cases.commands.writing import Writing
from answerable.cases.kinds import KIND_BY_WANTED
from answerable.cases.models import Item
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.obligations.owed import BY_HAND, FIRST, by_hand
from answerable.policy.words import By, Visibility

LOOK_FAILED = timedelta(minutes=5)
REAPPEARED_WITHIN = timedelta(minutes=1)


def seen_again(
    item_id: int, *, visibility: Visibility, serial: int, seen_at: datetime, now: datetime
) -> bool:
    """Somebody looked again. What people did by hand meanwhile is kept by it; what is no longer as it was seen is owed
    anew, and people know.

    Returns whether it is as wanted, or somebody is still at it.
    """
    with transaction.atomic():
        item = locked(item_id)
        if item.wanted_serial != serial or (item.seen_at is not None and seen_at < item.seen_at):
            return True  # something newer is under way
        wanted = Visibility(item.wanted)
        as_wanted, at_it = satisfies(visibility, wanted), _still_by_hand(item)
        item.seen, item.seen_at = str(visibility), seen_at
        item.look_again_at = look_again_at(item, now) if as_wanted else None
        if at_it and not as_wanted:
            item.look_again_at = look_soon_at(item, now)
        if visibility >= Visibility.HIDDEN and item.hidden_at is None and item.first_notice_at is not None:
            item.hidden_at = seen_at
        item.save(update_fields=["seen", "seen_at", "look_again_at", "hidden_at"])
        writing = Writing(actor="worker", now=now, cause=f"item:{item_id}", case=item.case)
        event: dict[str, object] = {
            "item": item.pk,
            "serial": serial,
            "wanted": str(wanted),
            "seen": str(visibility),
        }
        if as_wanted and at_it:
            at = seen_at.isoformat(timespec="milliseconds")
            keep_by_look(writing, item, writing.record("item_seen", {**event, "seen_at": at}))
        if as_wanted or at_it:
            return True
        writing.record("item_reappeared", event)
        settle_there(writing, item)
        subject = f"item:{item.pk}"
        writing.owe(
            [
                Owed(
                    kind=KIND_BY_WANTED[wanted],
                    subject=subject,
                    by=By.WORKER,
                    due_at=now + REAPPEARED_WITHIN,
                    platform=item.platform,
                    urgency=FIRST,
                ),
                Owed(
                    kind="page_people",
                    subject=subject,
                    by=By.WORKER,
                    due_at=now + REAPPEARED_WITHIN,
                    params={"why": "reappeared", "kind": KIND_BY_WANTED[wanted]},
                ),
            ]
        )
        writing.finish()
        return False


def look_put_off(item_id: int, *, now: datetime) -> None:
    """A look could not be made: others get their turn first, and it is tried less often the longer that lasts."""
    with transaction.atomic():
        item = locked(item_id)
        if item.look_again_at is not None and item.look_again_at <= now:
            item.look_again_at = max(now + LOOK_FAILED, look_soon_at(item, now))
            item.save(update_fields=["look_again_at"])


def _still_by_hand(item: Item) -> bool:
    """Whether people still owe by hand, or the worker itself, what is wanted of an item."""
    kind = KIND_BY_WANTED[Visibility(item.wanted)]
    subject = f"item:{item.pk}"
    subjects = {kind: subject, BY_HAND: by_hand(kind, subject)}
    return any(
        Obligation.objects.filter(kind=one, subject=at, state="owed").exists() for one, at in subjects.items()
    )
