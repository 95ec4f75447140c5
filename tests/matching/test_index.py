"""The index: exact by construction, so it is compared with the definition."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from numpy.typing import NDArray

from answerable.matching import Index

HASH = st.binary(min_size=32, max_size=32)


def rows(*hashes: bytes) -> NDArray[np.uint8]:
    """Hashes as the index takes them."""
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32)


def flipped(value: bytes, bits: "set[int] | frozenset[int]") -> bytes:
    """The hash with these bits turned."""
    number = int.from_bytes(value, "big")
    for bit in bits:
        number ^= 1 << bit
    return number.to_bytes(32, "big")


def by_definition(held: dict[int, bytes], query: bytes, threshold: int) -> list[tuple[int, int]]:
    """What a search must give: every id within the threshold, nearest first."""
    wanted = int.from_bytes(query, "big")
    near = [(number, (int.from_bytes(h, "big") ^ wanted).bit_count()) for number, h in held.items()]
    return sorted([pair for pair in near if pair[1] <= threshold], key=lambda pair: (pair[1], pair[0]))


@settings(max_examples=150, deadline=None)
@given(
    base=HASH,
    turns=st.lists(st.frozensets(st.integers(0, 255), max_size=70), max_size=40),
    others=st.lists(HASH, max_size=10),
    threshold=st.integers(0, 63),
)
def test_it_finds_exactly_what_is_within_the_threshold(
    base: bytes, turns: list[frozenset[int]], others: list[bytes], threshold: int
) -> None:
    held = dict(enumerate([flipped(base, bits) for bits in turns] + others, start=5))
    index = Index()
    if held:
        index.add(np.array(list(held), np.uint64), rows(*held.values()))
    queries = [base, *others[:3]]
    matches = index.search(rows(*queries), threshold)
    assert len(matches.lims) == len(queries) + 1
    for place, query in enumerate(queries):
        assert matches.of(place) == by_definition(held, query, threshold)


class AddRemoveSearch(RuleBasedStateMachine):
    """Any order of adding, replacing and removing leaves what a dictionary would hold."""

    def __init__(self) -> None:
        super().__init__()
        self.index = Index()
        self.held: dict[int, bytes] = {}

    @rule(number=st.integers(0, 30), value=HASH)
    def add(self, number: int, value: bytes) -> None:
        self.index.add(np.array([number], np.uint64), rows(value))
        self.held[number] = value

    @rule(numbers=st.lists(st.integers(0, 35), max_size=6))
    def remove(self, numbers: list[int]) -> None:
        removed = self.index.remove(np.array(numbers, np.uint64))
        assert removed == len(set(numbers) & set(self.held))
        for number in numbers:
            self.held.pop(number, None)

    @rule(bits=st.frozensets(st.integers(0, 255), max_size=40), place=st.integers(0, 100))
    def search(self, bits: frozenset[int], place: int) -> None:
        if self.held:
            query = flipped(list(self.held.values())[place % len(self.held)], bits)
            assert self.index.search(rows(query)).of(0) == by_definition(self.held, query, 31)

    @invariant()
    def counts(self) -> None:
        assert len(self.index) == len(self.held)


TestAddRemoveSearch = AddRemoveSearch.TestCase
TestAddRemoveSearch.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_over_a_hundred_thousand_hashes_every_planted_copy_is_found() -> None:
    generator = np.random.default_rng(11)
    hashes = generator.integers(0, 256, (100_000, 32), np.uint8)
    index = Index()
    index.add(np.arange(100_000, dtype=np.uint64), hashes)
    planted = generator.choice(100_000, 50, replace=False)
    for bits in (0, 1, 31, 32):
        queries = [
            flipped(hashes[row].tobytes(), set(generator.choice(256, bits, replace=False).tolist()))
            for row in planted
        ]
        matches = index.search(rows(*queries))
        for place, row in enumerate(planted.tolist()):
            expected = [(row, bits)] if bits <= 31 else []
            assert matches.of(place) == expected


def test_opposite_hashes_are_256_bits_apart_not_none() -> None:
    index = Index()
    index.add(np.array([1], np.uint64), rows(b"\xff" * 32))
    assert index.search(rows(b"\x00" * 32), 63).of(0) == []


def test_a_new_hash_for_an_id_replaces_the_old() -> None:
    index = Index()
    index.add(np.array([7, 7], np.uint64), rows(b"\x01" * 32, b"\x02" * 32))
    assert len(index) == 1
    assert index.search(rows(b"\x01" * 32), 0).of(0) == []
    assert index.search(rows(b"\x02" * 32), 0).of(0) == [(7, 0)]


def test_an_empty_index_and_an_empty_question_have_empty_answers() -> None:
    index = Index()
    assert index.search(rows(b"\x01" * 32)).of(0) == []
    nothing = index.search(np.empty((0, 32), np.uint8))
    assert nothing.lims.tolist() == [0]
    assert (len(nothing.ids), len(nothing.distances)) == (0, 0)
    assert index.remove(np.array([], np.uint64)) == 0


def test_memory_is_told_and_grows_with_what_is_held() -> None:
    index = Index()
    before = index.nbytes
    index.add(np.arange(50_000, dtype=np.uint64), np.zeros((50_000, 32), np.uint8))
    assert index.nbytes - before > 50_000 * 40


@pytest.mark.parametrize(
    ("ids", "hashes"),
    [
        ([1], np.zeros((1, 31), np.uint8)),
        ([1], np.zeros((1, 32), np.int64)),
        ([1], np.zeros(32, np.uint8)),
        ([1, 2], np.zeros((1, 32), np.uint8)),
        ([-1], np.zeros((1, 32), np.uint8)),
        ([1.5], np.zeros((1, 32), np.uint8)),
        ([[1]], np.zeros((1, 32), np.uint8)),
    ],
)
def test_other_shapes_are_refused_by_name(ids: object, hashes: object) -> None:
    with pytest.raises(ValueError, match=r"ids|hashes"):
        Index().add(ids, hashes)


@pytest.mark.parametrize("threshold", [-1, 64])
def test_a_threshold_out_of_range_is_refused(threshold: int) -> None:
    with pytest.raises(ValueError, match="threshold"):
        Index().search(rows(b"\x01" * 32), threshold)


def test_while_hashes_are_replaced_a_reader_finds_the_old_or_the_new_of_each() -> None:
    index = Index()
    first, second = b"\x0f" * 32, b"\x0f" * 30 + b"\xf0" * 2
    index.add(np.arange(500, dtype=np.uint64), rows(*[first] * 500))
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            found = index.search(rows(first))
            if sorted(found.ids.tolist()) != list(range(500)) or not set(found.distances.tolist()) <= {0, 16}:
                wrong.append(found)

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(200):
        value = second if turn % 2 == 0 else first
        index.add(np.arange(500, dtype=np.uint64), rows(*[value] * 500))
    done.set()
    reader.join(30)
    assert wrong == []


def test_it_says_which_ids_it_holds() -> None:
    index = Index()
    index.add(np.arange(9000, dtype=np.uint64), np.zeros((9000, 32), np.uint8))
    index.add(np.array([20_000], np.uint64), np.ones((1, 32), np.uint8))
    index.remove(np.array([7], np.uint64))
    assert index.holds(np.array([6, 7, 8999, 9000, 20_000], np.uint64)).tolist() == [
        True,
        False,
        True,
        False,
        True,
    ]
    assert index.holds(np.array([], np.uint64)).tolist() == []
