"""Hash lists: what a source says of them is stored, page by page, and is known everywhere with its commit.

A page, its checkpoint and its `KnownChange` rows are one transaction: a crash at any point repeats a page or goes on
after it, and a page that is stored twice changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from answerable.cases.commands.listed import doubt
from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.list_inputs import (
    LIST_NAME,
    LIST_NAME_LIMIT,
    EntryIn,
    FaultIn,
    GoneIn,
    ListPageIn,
    PageStored,
    class_of,
)
from answerable.cases.models import HashList, KnownChange, ListEntry, ListFault
from answerable.cases.models.lists import known_as
from answerable.cases.queries.listed import DECIDING_KIND

SEARCHED: Final = frozenset({"sha256", "md5", "pdq"})
"""Kinds by which uploads are compared. SHA-1 is kept in the entries alone."""
AT_ONCE: Final = 500
SHIELD: Final = "shield"
OVER: Final = {"over": True}
"""The checkpoint of a list that is read anew: one that is interrupted begins again, or what ended would stay."""
FAULTS_KEPT: Final = 1000
"""So many faults of a list are kept by name; the log counts all."""


def make_list(name: str, *, source: str, terms: str = "", actor: str = "worker", now: datetime) -> HashList:
    """The list of that name, made if there is none. Raises Refused for a name that can't be, or another source's."""
    if len(name) > LIST_NAME_LIMIT or not LIST_NAME.match(name):
        raise Refused(
            f"{name!r} can't be a list's name: small letters, digits, _ and dots, at most {LIST_NAME_LIMIT}"
            " characters, not beginning with `own`."
        )
    if name.partition(".")[0] == SHIELD and source != SHIELD:
        raise Refused("`shield` is what Arachnid Shield answers: give this list another name.")
    with transaction.atomic():
        found, new = HashList.objects.get_or_create(
            name=name, defaults={"source": source, "terms": terms, "made_at": now}
        )
        if found.source != source:
            raise Refused(f"The list {name!r} comes from {found.source!r}: give this one another name.")
        if terms and found.terms != terms:
            found.terms = terms
            found.save(update_fields=["terms"])
        if new:
            writing = Writing(actor=actor, now=now, cause=f"list:{found.pk}")
            writing.record("list_changed", {"list": name, "made": True, "source": source})
            writing.finish()
        return found


def store_page(name: str, page: ListPageIn, *, actor: str = "worker", now: datetime) -> PageStored:
    """Store a page of a list. Raises AlreadyDone where another fetch came first, Refused where the list is off."""
    with transaction.atomic():
        hash_list = _locked(name)
        if hash_list.off_at is not None:
            raise Refused(f"The list {name!r} is off: turn it on first, with `answerable lists on {name}`.")
        if hash_list.checkpoint != dict(page.follows):
            raise AlreadyDone(f"Another fetch of {name!r} stored a page meanwhile: fetch again.")
        writing = Writing(actor=actor, now=now, cause=f"list:{hash_list.pk}")
        newest = {change.key: change for change in page.changes if not isinstance(change, FaultIn)}
        faults = [change for change in page.changes if isinstance(change, FaultIn)]
        change = _Change(writing, hash_list)
        present = _present(hash_list, newest)
        for key, said in newest.items():
            change.take(present.get(key, []), said)
        change.write()
        _note_faults(hash_list, faults, now)
        if page.is_last and page.whole_since is not None:
            hash_list.faults.filter(at__lt=page.whole_since).delete()
        hash_list.checkpoint = dict(page.checkpoint)
        if page.is_last:
            hash_list.retrieved_at, hash_list.failed_since = now, None
            hash_list.last_error, hash_list.alarmed_at = "", None
        hash_list.save(
            update_fields=["checkpoint", "retrieved_at", "failed_since", "last_error", "alarmed_at"]
        )
        stored = PageStored(change.added, change.removed, len(faults))
        _record(writing, hash_list, stored)
        writing.finish()
        return stored


def turn_list(name: str, *, on: bool, actor: str, now: datetime) -> None:
    """Turn a list off, so that nothing of it counts any more, or on again, to be read from its beginning.

    What it holds ends with `end_entries`, some at a time.
    """
    with transaction.atomic():
        hash_list = _locked(name)
        if (hash_list.off_at is None) == on:
            return
        hash_list.off_at = None if on else now
        hash_list.checkpoint, hash_list.retrieved_at = {}, None
        hash_list.save(update_fields=["off_at", "checkpoint", "retrieved_at"])
        writing = Writing(actor=actor, now=now, cause=f"list:{hash_list.pk}")
        writing.record("list_changed", {"list": name, "on": on})
        writing.finish()


def start_over(name: str, *, now: datetime) -> None:
    """Have a list read anew, whole, because withdrawals may be missing. What it held stays until that is done."""
    with transaction.atomic():
        hash_list = _locked(name)
        hash_list.checkpoint = dict(OVER)
        hash_list.save(update_fields=["checkpoint"])
        writing = Writing(actor="worker", now=now, cause=f"list:{hash_list.pk}")
        writing.record("list_changed", {"list": name, "anew": True})
        writing.finish()


def end_entries(name: str, *, at_most: int = 2000, actor: str = "worker", now: datetime) -> int:
    """End some entries of a list that is off; how many ended. Called until it is 0."""
    with transaction.atomic():
        hash_list = _locked(name)
        if hash_list.off_at is None:
            return 0
        writing = Writing(actor=actor, now=now, cause=f"list:{hash_list.pk}")
        change = _Change(writing, hash_list)
        for entry in hash_list.entries.filter(gone_at=None).order_by("pk")[:at_most]:
            change.end(entry)
        change.write()
        _record(writing, hash_list, PageStored(0, change.removed, 0))
        writing.finish()
        return change.removed


def list_tried(name: str, *, now: datetime, error: str = "") -> None:
    """Note that a fetch began, or with `error` that it failed."""
    with transaction.atomic():
        hash_list = _locked(name)
        if error:
            hash_list.last_error = error[:300]
            hash_list.failed_since = hash_list.failed_since or now
        else:
            hash_list.tried_at = now
        hash_list.save(update_fields=["tried_at", "last_error", "failed_since"])


def list_alarmed(name: str, *, why: str, now: datetime) -> None:
    """Note that people were paged about a list, once until it is read again."""
    with transaction.atomic():
        hash_list = _locked(name)
        hash_list.alarmed_at = now
        hash_list.save(update_fields=["alarmed_at"])
        writing = Writing(actor="worker", now=now, cause=f"list:{hash_list.pk}")
        writing.record("list_changed", {"list": name, "alarmed": why[:80]})
        writing.finish()


@dataclass(slots=True)
class _Change:
    """What becomes of a list's entries in one transaction, gathered and written in a few statements."""

    writing: Writing
    hash_list: HashList
    new: list[ListEntry] = field(default_factory=list)
    changed: list[ListEntry] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    known: list[tuple[str, str, ListEntry]] = field(default_factory=list)
    added: int = 0
    removed: int = 0

    def take(self, present: list[ListEntry], said: EntryIn | GoneIn) -> None:
        """Make the entries of one record what its source says now."""
        wanted = set(said.prints) if isinstance(said, EntryIn) else set()
        label = class_of(said.label) if isinstance(said, EntryIn) else ""
        facts = dict(said.facts) if isinstance(said, EntryIn) else {}
        for entry in present:
            which = (entry.kind, bytes(entry.value))
            if which not in wanted:
                self.end(entry)
                continue
            wanted.discard(which)
            if entry.gone_at is not None or (entry.label, entry.facts) != (label, facts):
                self._renew(entry, label, facts)
        for kind, value in sorted(wanted):
            self._add(said.key, kind, value, label, facts)

    def end(self, entry: ListEntry) -> None:
        """End an entry, unless it has ended."""
        if entry.gone_at is None:
            self.ended.append(entry.pk)
            self.known.append(("remove", entry.label, entry))
            self.removed += 1

    def _add(self, key: str, kind: str, value: bytes, label: str, facts: dict[str, Any]) -> None:
        now = self.writing.now
        entry = ListEntry(
            hash_list=self.hash_list,
            key=key,
            kind=kind,
            value=value,
            label=label,
            facts=facts,
            added_at=now,
            changed_at=now,
        )
        self.new.append(entry)
        self.known.append(("add", label, entry))
        self.added += 1

    def _renew(self, entry: ListEntry, label: str, facts: dict[str, Any]) -> None:
        """Take an entry up again, or its new class or facts."""
        if entry.gone_at is None and entry.label != label:
            self.known.append(("remove", entry.label, entry))
        if entry.gone_at is not None or entry.label != label:
            self.known.append(("add", label, entry))
        self.added += entry.gone_at is not None
        if (entry.label, entry.facts) == (label, facts):
            self.back.append(entry.pk)
            return
        entry.label, entry.facts, entry.gone_at = label, facts, None
        entry.changed_at = self.writing.now
        self.changed.append(entry)

    def write(self) -> None:
        """Write the entries, and note what is known by them now; `Writing.finish` writes that, last of all."""
        ListEntry.objects.bulk_create(self.new, batch_size=AT_ONCE)
        for numbers, gone_at in ((self.ended, self.writing.now), (self.back, None)):
            for start in range(0, len(numbers), AT_ONCE):
                part = ListEntry.objects.filter(pk__in=numbers[start : start + AT_ONCE])
                part.update(gone_at=gone_at, changed_at=self.writing.now)
        fields = ["label", "facts", "gone_at", "changed_at"]
        ListEntry.objects.bulk_update(self.changed, fields, batch_size=AT_ONCE // 4)
        self.writing.known_changes += [
            KnownChange(
                op=op,
                kind=entry.kind,
                value=bytes(entry.value),
                hash_list=known_as(self.hash_list.name, label),
                cause=f"entry:{entry.pk}",
                at=self.writing.now,
            )
            for op, label, entry in self.known
            if entry.kind in SEARCHED
        ]
        left = {
            (bytes(entry.value).hex(), known_as(self.hash_list.name, label))
            for op, label, entry in self.known
            if op == "remove" and entry.kind == DECIDING_KIND
        }
        if left:
            doubt(self.writing, left)


def _locked(name: str) -> HashList:
    found = HashList.objects.select_for_update().filter(name=name).first()
    if found is None:
        raise NotFound(f"There is no hash list {name!r}: `answerable lists list` shows those there are.")
    return found


def _present(hash_list: HashList, keys: Iterable[str]) -> dict[str, list[ListEntry]]:
    """What stands under these keys, ended entries included."""
    found: dict[str, list[ListEntry]] = {}
    wanted = list(keys)
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        for entry in hash_list.entries.filter(key__in=part).order_by("pk"):
            found.setdefault(entry.key, []).append(entry)
    return found


def _note_faults(hash_list: HashList, faults: list[FaultIn], now: datetime) -> None:
    """Keep the newest faults by name, so that the operator can ask the source about them."""
    rows = {
        fault.where[:120]: ListFault(
            hash_list=hash_list, where=fault.where[:120], why=fault.why[:200], at=now
        )
        for fault in faults[-FAULTS_KEPT:]
    }
    ListFault.objects.bulk_create(
        rows.values(),
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=["hash_list", "where"],
        update_fields=["why", "at"],
    )
    if rows:
        kept = hash_list.faults.order_by("-at", "-pk").values_list("pk", flat=True)[FAULTS_KEPT:]
        hash_list.faults.filter(pk__in=list(kept)).delete()


def _record(writing: Writing, hash_list: HashList, stored: PageStored) -> None:
    counts: Mapping[str, int] = {
        "added": stored.added,
        "removed": stored.removed,
        "faults": stored.faults,
    }
    if any(counts.values()):
        writing.record("list_changed", {"list": hash_list.name, **counts})
