"""Checks an audit entry by itself: its kind, its seal, its event."""

import json
from collections.abc import Iterator

from django.db import DatabaseError
from django.db.models import QuerySet

from answerable.audit.errors import UnknownKind
from answerable.audit.faults import Fault, as_bytes
from answerable.audit.kinds import kind as kind_named
from answerable.audit.merkle import leaf_hash
from answerable.audit.models import AuditEntry
from answerable.audit.verify import Refused, canonical, commitment

UNREADABLE = (ValueError, TypeError, AttributeError, OverflowError, DatabaseError)


def read_entries(entries: QuerySet[AuditEntry]) -> tuple[list[AuditEntry], list[Fault]]:
    """The entries that can be read, and a fault for each that can't."""
    try:
        return list(entries), []
    except UNREADABLE:
        pass  # one of them holds what its column can't hold: read them one by one, to name it
    readable, faults = [], []
    for number in entries.values_list("pk", flat=True):
        try:
            readable.append(AuditEntry.objects.get(pk=number))
        except UNREADABLE as error:
            faults.append(Fault(f"entry {number}", f"can't be read ({error}): it was changed"))
    return readable, faults


def entry_leaf(entry: AuditEntry) -> bytes | None:
    """The hash of the leaf that the entry as it stands would have; None where it can't have one."""
    try:
        return leaf_hash(canonical(entry.skeleton()))
    except (Refused, *UNREADABLE):
        return None


def entry_faults(entry: AuditEntry) -> Iterator[Fault]:
    """What is wrong with an entry without looking at the tree."""
    where = f"entry {entry.pk}"
    try:
        if kind_named(entry.kind).sealed != entry.sealed:
            yield Fault(where, f"its seal was changed: it is not as {entry.kind} has it")
    except UnknownKind:
        yield Fault(where, f"its kind {entry.kind!r} is not one that this desk writes")
    if entry.event is None and entry.salt is None:
        return
    if entry.event is None or entry.salt is None:
        yield Fault(where, "only one of salt and event is there")
    elif not isinstance(entry.event, str) or _commitment(entry) != entry.commitment:
        yield Fault(where, "its event, salt or commitment was changed")


def _commitment(entry: AuditEntry) -> str:
    text = (entry.event or "").encode("utf-8", "surrogatepass")
    return commitment(as_bytes(entry.salt), text).hex()


def forgotten_faults(erased: set[int]) -> Iterator[Fault]:
    """Compare the entries that were found without an event with those that `forgotten` entries list."""
    listed: set[int] = set()
    entries, _ = read_entries(AuditEntry.objects.filter(kind="forgotten", event__isnull=False))
    for entry in entries:
        listed |= _listed(entry)
    for number in sorted(erased - listed):
        yield Fault(f"entry {number}", "its event was erased, and no `forgotten` entry lists it")
    numbers = sorted(listed - erased)
    for start in range(0, len(numbers), 500):
        some = numbers[start : start + 500]
        there = set(AuditEntry.objects.filter(pk__in=some).values_list("pk", flat=True))
        kept = AuditEntry.objects.filter(pk__in=some, event__isnull=False).values_list("pk", flat=True)
        for number in sorted(kept):
            yield Fault(f"entry {number}", "was forgotten, but its event is there again: erase it")
        for number in sorted(set(some) - there):
            yield Fault(f"entry {number}", "was forgotten, but the entry itself is missing")


def _listed(entry: AuditEntry) -> set[int]:
    """The entries that a `forgotten` entry lists; none where it was changed, which is reported as such."""
    try:
        numbers = json.loads(entry.event or "")["entries"]
        return {number for number in numbers if isinstance(number, int)}
    except (ValueError, TypeError, KeyError):
        return set()
