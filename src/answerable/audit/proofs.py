"""Proofs out of the stored nodes, for any size that the log ever had."""

from collections import defaultdict
from collections.abc import Sequence
from functools import reduce
from operator import or_

from django.db.models import Q

from answerable.audit.errors import LogBroken
from answerable.audit.merkle import Range, consistency_ranges, fold, inclusion_ranges, subtrees
from answerable.audit.models import AuditNode


def inclusion_proof(index: int, size: int) -> list[bytes]:
    """That leaf `index` stands in the tree of `size` (RFC 9162 §2.1.3)."""
    return _roots(inclusion_ranges(index, size))


def consistency_proof(old_size: int, new_size: int) -> list[bytes]:
    """That the tree of `new_size` begins with the tree of `old_size` (RFC 9162 §2.1.4)."""
    return _roots(consistency_ranges(old_size, new_size))


def _roots(ranges: Sequence[Range]) -> list[bytes]:
    parts = [subtrees(leaves) for leaves in ranges]
    wanted: dict[int, list[int]] = defaultdict(list)
    for level, index in (part for group in parts for part in group):
        wanted[level].append(index)
    if not wanted:
        return []
    condition = reduce(or_, (Q(level=level, index__in=indexes) for level, indexes in wanted.items()))
    rows = AuditNode.objects.filter(condition).values_list("level", "index", "hash")
    hashes = {(level, index): bytes(stored) for level, index, stored in rows}
    try:
        return [fold([hashes[part] for part in group]) for group in parts]
    except KeyError as error:
        raise LogBroken(
            f"Node {error} of the audit tree is missing: run `answerable audit check`."
        ) from error
