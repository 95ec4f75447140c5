"""The Merkle tree: the published vectors, and proofs of every shape that hold or are refused."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.audit.merkle import (
    Frontier,
    consistency_ranges,
    fold,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    root_from_inclusion,
    subtrees,
    verify_consistency,
)
from answerable.audit.verify import Refused

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
SIZES = st.integers(1, 200)


def plain_root(entries: list[bytes]) -> bytes:
    """The definition of RFC 9162 §2.1.1, word for word: the oracle."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return leaf_hash(entries[0])
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return node_hash(plain_root(entries[:k]), plain_root(entries[k:]))


def entries_of(size: int) -> list[bytes]:
    return [str(number).encode() for number in range(size)]


class Tree:
    """A tree in memory with all its complete subtrees."""

    def __init__(self, size: int) -> None:
        self.entries = entries_of(size)
        self.frontier = Frontier()
        self.nodes: dict[tuple[int, int], bytes] = {}
        for entry in self.entries:
            for level, index, hashed in self.frontier.add(leaf_hash(entry)):
                self.nodes[level, index] = hashed

    def roots(self, ranges: list[tuple[int, int]]) -> list[bytes]:
        return [fold([self.nodes[part] for part in subtrees(leaves)]) for leaves in ranges]

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return self.roots(inclusion_ranges(index, size))

    def consistency(self, old: int, new: int) -> list[bytes]:
        return self.roots(consistency_ranges(old, new))


def flipped(data: bytes, bit: int) -> bytes:
    bit %= len(data) * 8
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("size", sorted(ROOTS))
def test_the_published_roots_come_out(size: int) -> None:
    tree = Frontier()
    for entry in LEAVES[:size]:
        tree.add(leaf_hash(entry))
    assert tree.root().hex() == ROOTS[size]


@given(SIZES)
def test_the_tree_grown_leaf_by_leaf_is_the_tree_of_the_definition(size: int) -> None:
    tree = Tree(size)
    assert tree.frontier.root() == plain_root(tree.entries)
    assert len(tree.nodes) == sum(size >> level for level in range(size.bit_length()))
    again = Frontier.from_bytes(size, tree.frontier.to_bytes())
    assert again.root() == tree.frontier.root()


@given(SIZES, st.data())
def test_every_entry_is_proved_in_every_size(size: int, data: st.DataObject) -> None:
    tree = Tree(size)
    of_size = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, of_size - 1))
    proof = tree.inclusion(index, of_size)
    root = root_from_inclusion(index, of_size, leaf_hash(tree.entries[index]), proof)
    assert root == plain_root(tree.entries[:of_size])


@given(SIZES, st.data())
def test_an_inclusion_proof_with_anything_changed_is_refused(size: int, data: st.DataObject) -> None:
    tree = Tree(size)
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion(index, size)
    leaf = leaf_hash(tree.entries[index])
    bit = data.draw(st.integers(0, 10_000))
    part = data.draw(st.integers(0, len(proof)))
    if part < len(proof):
        proof[part] = flipped(proof[part], bit)
    else:
        leaf = flipped(leaf, bit)
    assert root_from_inclusion(index, size, leaf, proof) != tree.frontier.root()


@given(SIZES, st.data())
def test_an_inclusion_proof_holds_for_one_place_only(size: int, data: st.DataObject) -> None:
    tree = Tree(size)
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(-1, size + 1).filter(lambda place: place != index))
    try:
        root = root_from_inclusion(other, size, leaf_hash(tree.entries[index]), tree.inclusion(index, size))
    except Refused:
        return
    assert root != tree.frontier.root()


@given(SIZES, st.data())
def test_a_proof_too_short_or_too_long_is_refused(size: int, data: st.DataObject) -> None:
    tree = Tree(size)
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion(index, size)
    leaf = leaf_hash(tree.entries[index])
    with pytest.raises(Refused, match="too long"):
        root_from_inclusion(index, size, leaf, [*proof, bytes(32)])
    if proof:
        with pytest.raises(Refused, match="too short"):
            root_from_inclusion(index, size, leaf, proof[:-1])


@given(SIZES, st.data())
def test_every_older_tree_is_proved_to_begin_every_newer_one(size: int, data: st.DataObject) -> None:
    tree = Tree(size)
    new = data.draw(st.integers(1, size))
    old = data.draw(st.integers(1, new))
    old_root, new_root = plain_root(tree.entries[:old]), plain_root(tree.entries[:new])
    verify_consistency(old, new, old_root, new_root, tree.consistency(old, new))


@given(SIZES, st.data())
def test_a_consistency_proof_with_anything_changed_is_refused(size: int, data: st.DataObject) -> None:
    tree = Tree(size)
    old = data.draw(st.integers(1, size))
    parts = [plain_root(tree.entries[:old]), tree.frontier.root(), *tree.consistency(old, size)]
    changed = data.draw(st.integers(0, len(parts) - 1))
    parts[changed] = flipped(parts[changed], data.draw(st.integers(0, 10_000)))
    with pytest.raises(Refused):
        verify_consistency(old, size, parts[0], parts[1], parts[2:])


@given(st.integers(2, 200), st.data())
def test_a_log_with_another_past_is_refused(size: int, data: st.DataObject) -> None:
    honest = Tree(size)
    old = data.draw(st.integers(1, size))
    forked = [*honest.entries]
    forked[data.draw(st.integers(0, old - 1))] = b"another past"
    with pytest.raises(Refused):
        verify_consistency(
            old, size, plain_root(forked[:old]), honest.frontier.root(), honest.consistency(old, size)
        )


@given(SIZES, st.data())
def test_a_consistency_proof_of_the_wrong_length_is_refused(size: int, data: st.DataObject) -> None:
    tree = Tree(size)
    old = data.draw(st.integers(1, size))
    proof = tree.consistency(old, size)
    roots = plain_root(tree.entries[:old]), tree.frontier.root()
    with pytest.raises(Refused):
        verify_consistency(old, size, *roots, [*proof, bytes(32)])
    if proof:
        with pytest.raises(Refused):
            verify_consistency(old, size, *roots, proof[:-1])


@pytest.mark.parametrize(("old", "new"), [(0, 1), (2, 1), (-1, 1), (0, 0)])
def test_consistency_needs_an_older_tree(old: int, new: int) -> None:
    with pytest.raises(Refused):
        verify_consistency(old, new, bytes(32), bytes(32), [])
    with pytest.raises(ValueError, match="leads from"):
        consistency_ranges(old, new)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_place_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_ranges(index, size)
    with pytest.raises(Refused, match="outside"):
        root_from_inclusion(index, size, bytes(32), [])


@pytest.mark.parametrize(("size", "data"), [(1, b""), (1, bytes(31)), (2, bytes(64)), (0, bytes(32))])
def test_a_frontier_that_cannot_be_is_refused(size: int, data: bytes) -> None:
    with pytest.raises(ValueError, match=r"tree of|multiple of"):
        Frontier.from_bytes(size, data)
