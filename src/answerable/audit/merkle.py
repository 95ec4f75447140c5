"""The Merkle tree of the log (RFC 9162 §2.1), built leaf by leaf: hashing, frontier, proofs.

Only complete subtrees are kept, each named by (level, index): 2 ** level leaves, `index` subtrees from the
left. Every proof for every size, old ones too, folds together a few of them.
"""

import hashlib
from collections.abc import Sequence

from answerable.audit.verify import HASH_BYTES, Refused, leaf_hash, node_hash, root_from_inclusion

__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "Node",
    "consistency_ranges",
    "fold",
    "inclusion_ranges",
    "leaf_hash",
    "node_hash",
    "root_from_inclusion",
    "subtrees",
    "verify_consistency",
]

EMPTY_ROOT = hashlib.sha256(b"").digest()
Range = tuple[int, int]
Node = tuple[int, int, bytes]
"""Level, index and hash of one complete subtree."""


class Frontier:
    """What is needed to add leaves: the complete subtrees of a tree of `size` leaves, largest first."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if len(hashes) != size.bit_count():
            raise ValueError(f"A tree of {size} leaves has {size.bit_count()} complete subtrees.")
        self.size = size
        self.hashes = list(hashes)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> "Frontier":
        """Read what `to_bytes` wrote. Raises ValueError when it can't be the frontier of that size."""
        if len(data) % HASH_BYTES:
            raise ValueError(f"A frontier is a multiple of {HASH_BYTES} bytes.")
        return cls(size, [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)])

    def to_bytes(self) -> bytes:
        """The hashes one after the other."""
        return b"".join(self.hashes)

    def add(self, leaf: bytes) -> list[Node]:
        """Add a leaf by its hash; gives the subtrees that it completes, the leaf itself first."""
        nodes: list[Node] = [(0, self.size, leaf)]
        filled = self.size
        while filled & 1:
            level, index, right = nodes[-1]
            nodes.append((level + 1, index >> 1, node_hash(self.hashes.pop(), right)))
            filled >>= 1
        self.hashes.append(nodes[-1][2])
        self.size += 1
        return nodes

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        return fold(self.hashes)


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over neighbouring complete subtrees, largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def subtrees(leaves: Range) -> list[tuple[int, int]]:
    """The complete subtrees (level, index) that make up a range of leaves of a tree, left to right."""
    first, end = leaves
    parts = []
    while first < end:
        level = (end - first).bit_length() - 1
        parts.append((level, first >> level))
        first += 1 << level
    return parts


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The ranges of leaves whose roots prove that leaf `index` is in the tree of `size`, in proof order."""
    if not 0 <= index < size:
        raise ValueError(f"There is no leaf {index} in a tree of {size}.")
    ranges: list[Range] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first = middle
    return ranges[::-1]


def consistency_ranges(old_size: int, new_size: int) -> list[Range]:
    """The ranges of leaves whose roots prove that the new tree begins with the old one, in proof order."""
    if not 0 < old_size <= new_size:
        raise ValueError(f"No proof leads from {old_size} to {new_size} leaves.")
    ranges: list[Range] = []
    first, end, whole = 0, new_size, True
    while end != old_size:
        middle = first + _split(end - first)
        if old_size <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first, whole = middle, False
    if not whole:
        ranges.append((first, end))
    return ranges[::-1]


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Refuse unless the tree of `new_size` begins with the tree of `old_size` (RFC 9162 §2.1.4.2)."""
    if not 0 < old_size <= new_size:
        raise Refused(f"No consistency proof leads from {old_size} to {new_size} entries.")
    if old_size == new_size:
        if proof or old_root != new_root:
            raise Refused("Two trees of the same size differ.")
        return
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise Refused("The consistency proof is empty.")
    first, last = old_size - 1, new_size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old_hash = new_hash = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise Refused("The consistency proof is too long.")
        if first & 1 or first == last:
            old_hash, new_hash = node_hash(sibling, old_hash), node_hash(sibling, new_hash)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new_hash = node_hash(new_hash, sibling)
        first, last = first >> 1, last >> 1
    if last or old_hash != old_root or new_hash != new_root:
        raise Refused("The newer tree does not begin with the older one.")
