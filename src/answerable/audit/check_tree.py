"""Checks the stored tree: nodes, head and checkpoints against what was recomputed."""

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_

from django.db.models import Max, Q

from answerable.audit.faults import Fault, as_bytes
from answerable.audit.merkle import Frontier
from answerable.audit.models import AuditCheckpoint, AuditHead, AuditNode
from answerable.audit.verify import Refused, VerifierKey, open_checkpoint, parse_verifier_key

Place = tuple[int, int]


def stored_nodes(first: int, end: int) -> dict[Place, bytes]:
    """The stored nodes that a tree completes while it grows from `first` to `end` leaves."""
    levels = range(max(1, end.bit_length()))
    condition = reduce(
        or_, (Q(level=level, index__gte=first >> level, index__lt=end >> level) for level in levels)
    )
    rows = AuditNode.objects.filter(condition).values_list("level", "index", "hash")
    return {(level, index): as_bytes(hashed) for level, index, hashed in rows}


def node_faults(computed: Mapping[Place, bytes], stored: Mapping[Place, bytes]) -> Iterator[Fault]:
    """Compare inner nodes."""
    for place, hashed in computed.items():
        if place not in stored:
            yield Fault(f"node {place}", "is missing")
        elif stored[place] != hashed and place[0] > 0:
            yield Fault(f"node {place}", "was changed")


def stray_nodes(size: int) -> Iterator[Fault]:
    """Nodes that no entry accounts for."""
    levels = AuditNode.objects.values_list("level", flat=True).distinct().order_by("level")
    strays = [
        place
        for level in levels
        for place in AuditNode.objects.filter(level=level, index__gte=size >> level).values_list(
            "level", "index"
        )
    ]
    grown = AuditHead.objects.aggregate(size=Max("size"))["size"] or 0  # entries appended meanwhile
    for level, index in strays:
        if index >= grown >> level:
            yield Fault(f"node {(level, index)}", "stands for entries that are not there")


def head_faults(head: AuditHead | None, tree: Frontier) -> Iterator[Fault]:
    """Compare the head with the tree that the entries make."""
    if head is None:
        yield Fault("head", "is missing")
        return
    if head.size != tree.size:
        yield Fault("head", f"counts {head.size} entries, the log holds {tree.size}")
        return
    if as_bytes(head.frontier) != tree.to_bytes():
        yield Fault("head", "its frontier was changed")
    if as_bytes(head.root) != tree.root():
        yield Fault("head", "its root was changed")


def checkpoint_faults(size: int, roots: Mapping[int, bytes], key: VerifierKey) -> Iterator[Fault]:
    """Verify every signature over the log. `roots`: the recomputed root for each checkpoint's size."""
    newest = 0
    grown = AuditHead.objects.aggregate(size=Max("size"))["size"] or 0  # signed meanwhile: not looked at
    for row in AuditCheckpoint.objects.order_by("size").iterator():
        newest = row.size
        if size < row.size <= grown:
            continue
        where = f"checkpoint {row.size}"
        try:
            if parse_verifier_key(row.verifier_key) != key:
                yield Fault(where, "names another key than this desk's")
                continue
            checkpoint = open_checkpoint(row.note, key)
        except Refused as refused:
            yield Fault(where, str(refused))
            continue
        if checkpoint.size != row.size:
            yield Fault(where, f"is about {checkpoint.size} entries")
        elif row.size > size:
            yield Fault(where, f"signs {row.size} entries, the log holds {size}: entries are missing")
        elif checkpoint.root != roots.get(row.size):
            yield Fault(where, "signs another log than the one that is here")
    if newest < size:
        yield Fault("head", f"{size - newest} entries are placed but not signed: is the worker running?")
