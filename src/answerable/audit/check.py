"""Recomputes the whole log and names every change to it.

What it can't find: a log rewritten as a whole by someone who owns both the database and the signing key
(receipts and published checkpoints show that), and a change to an entry in the moment before it got its
place. It reads the log as it stood at the start; entries may be appended and forgotten meanwhile.
"""

from collections.abc import Iterator

from django.db.models import Max, Subquery

from answerable.audit.check_entry import entry_faults, entry_leaf, forgotten_faults, read_entries
from answerable.audit.check_tree import (
    Place,
    checkpoint_faults,
    head_faults,
    node_faults,
    stored_nodes,
    stray_nodes,
)
from answerable.audit.faults import Fault
from answerable.audit.merkle import Frontier, leaf_hash
from answerable.audit.models import AuditCheckpoint, AuditEntry, AuditHead
from answerable.audit.signing import desk_signer
from answerable.audit.verify import VerifierKey

BATCH = 1024
NOTHING = leaf_hash(b"")


def check(key: VerifierKey | None = None) -> list[Fault]:
    """Every fault of the log; an empty list where it is as it was written. `key`: the desk's, by default."""
    return list(_Walk(key or desk_signer().verifier_key).faults())


class _Walk:
    """One pass over the log, entry by entry."""

    def __init__(self, key: VerifierKey) -> None:
        self.key = key
        self.tree = Frontier()
        self.erased: set[int] = set()
        self.roots: dict[int, bytes] = {}

    def faults(self) -> Iterator[Fault]:
        head, size = _start()
        signed = set(AuditCheckpoint.objects.values_list("size", flat=True)) | {size}
        for first in range(0, size, BATCH):
            yield from self._batch(first, min(first + BATCH, size), signed)
        waiting, unreadable = read_entries(AuditEntry.objects.filter(leaf_index__isnull=True))
        yield from unreadable
        for entry in waiting:
            yield from self._entry(entry)
        yield from forgotten_faults(self.erased)
        yield from head_faults(head, self.tree)
        yield from stray_nodes(size)
        yield from checkpoint_faults(size, self.roots, self.key)

    def _batch(self, first: int, end: int, signed: set[int]) -> Iterator[Fault]:
        placed = AuditEntry.objects.filter(leaf_index__gte=first, leaf_index__lt=end)
        entries, unreadable = read_entries(placed)
        yield from unreadable
        by_place = {entry.leaf_index: entry for entry in entries}
        stored = stored_nodes(first, end)
        computed: dict[Place, bytes] = {}
        for place in range(first, end):
            # Where entry and leaf differ, the tree goes on from the stored leaf: one change, one fault.
            leaf = stored.get((0, place))
            entry = by_place.get(place)
            if entry is None:
                yield Fault(f"place {place}", "its entry is missing")
            else:
                yield from self._entry(entry)
                now = entry_leaf(entry)
                if leaf is not None and now != leaf:
                    yield Fault(f"entry {entry.pk}", f"is not what stands at place {place} of the tree")
                leaf = leaf or now
            for level, index, hashed in self.tree.add(leaf or NOTHING):
                computed[level, index] = hashed
            if self.tree.size in signed:
                self.roots[self.tree.size] = self.tree.root()
        yield from node_faults(computed, stored)

    def _entry(self, entry: AuditEntry) -> Iterator[Fault]:
        yield from entry_faults(entry)
        if entry.event is None:
            self.erased.add(entry.pk)


def _start() -> tuple[AuditHead | None, int]:
    """The head, and how many places are given, as of one moment (one statement, so one snapshot)."""
    last = AuditEntry.objects.filter(leaf_index__isnull=False).order_by("-leaf_index")
    head = AuditHead.objects.annotate(last=Subquery(last.values("leaf_index")[:1])).filter(pk=1).first()
    if head is not None:
        return head, 0 if head.last is None else head.last + 1
    highest = AuditEntry.objects.aggregate(last=Max("leaf_index"))["last"]
    return None, 0 if highest is None else highest + 1
