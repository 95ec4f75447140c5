"""Erasing the sealed part of entries: by schedule, or by two roles with a reason. The tree still verifies."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from answerable.audit.errors import NoSuchEntry, NotForgettable
from answerable.audit.kinds import KINDS
from answerable.audit.log import append
from answerable.audit.models import AuditEntry

BY_SCHEDULE = "schedule"
AT_ONCE = 1000


def forget(
    entry_ids: Iterable[int], *, actor: str, now: datetime, reason: str = BY_SCHEDULE, second_actor: str = ""
) -> AuditEntry | None:
    """Erase salt and event of up to 1,000 entries, and record which. Gives that record, itself unsealed.

    `reason` is a word, never a person's text; any but the schedule takes a second actor. Entries already
    forgotten are passed over; None when nothing was left to forget. Raises NotForgettable, NoSuchEntry, and
    then erases nothing.
    """
    wanted = sorted(set(entry_ids))
    if len(wanted) > AT_ONCE:
        raise NotForgettable(f"Forget at most {AT_ONCE} entries at once.")
    if not reason:
        raise NotForgettable("Forgetting takes a reason.")
    if reason != BY_SCHEDULE and second_actor in ("", actor):
        raise NotForgettable("Forgetting outside the schedule takes two people.")
    with transaction.atomic():
        entries = AuditEntry.objects.select_for_update().filter(pk__in=wanted).defer("salt")
        found = {entry.pk: entry for entry in entries}
        missing = [number for number in wanted if number not in found]
        if missing:
            raise NoSuchEntry(f"There is no audit entry {missing[0]}.")
        whole = [entry for entry in found.values() if not entry.sealed]
        if whole:
            raise NotForgettable(f"Entry {whole[0].pk} ({whole[0].kind}) has no sealed part: it stays.")
        left = [number for number in wanted if found[number].event is not None]
        if not left:
            return None
        AuditEntry.objects.filter(pk__in=left).update(salt=None, event=None)
        return append(
            "forgotten",
            actor=actor,
            now=now,
            event={"entries": left, "reason": reason, "second_actor": second_actor or None},
        )


def forget_due(before: datetime, *, now: datetime, actor: str = "worker", but: Collection[int] = ()) -> int:
    """Forget by schedule what is older than `before`, in transactions of its own. Gives how many entries.

    `but`: entries that prove what is still kept.
    """
    sealed = [kind.name for kind in KINDS.values() if kind.sealed]
    due = AuditEntry.objects.filter(kind__in=sealed, event__isnull=False, at__lt=before)
    due = due.exclude(pk__in=list(but)).order_by("pk") if but else due.order_by("pk")
    forgotten = 0
    # Looked for outside of a transaction: on SQLite that would keep everybody from writing meanwhile.
    while numbers := list(due.values_list("pk", flat=True)[:AT_ONCE]):
        forget(numbers, actor=actor, now=now)
        forgotten += len(numbers)
    return forgotten
