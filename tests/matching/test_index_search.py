"""The index's search against the definition, at sizes where its structure matters, and where data are skewed."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from answerable import _native
from answerable.matching import Index

Hashes = NDArray[np.uint8]


def by_definition(hashes: Hashes, query: Hashes, threshold: int) -> list[tuple[int, int]]:
    """Every row within the threshold, nearest first."""
    distances = np.bitwise_count(hashes ^ query).sum(axis=1)
    near = np.flatnonzero(distances <= threshold)
    return sorted(
        zip(near.tolist(), distances[near].tolist(), strict=True), key=lambda pair: (pair[1], pair[0])
    )


def turned(generator: np.random.Generator, hashes: Hashes, most: int) -> Hashes:
    """Each with 0 to `most` bits turned."""
    out = hashes.copy()
    for row in out:
        for bit in generator.choice(256, generator.integers(0, most + 1), replace=False):
            row[bit >> 3] ^= 1 << (bit & 7)
    return out


def uniform(generator: np.random.Generator) -> Hashes:
    return generator.integers(0, 256, (60_000, 32), np.uint8)


def clustered(generator: np.random.Generator) -> Hashes:
    """Clusters of very different sizes, from identical to beyond the threshold."""
    parts = []
    for size in (20_000, 5_000, 500, 50, 5):
        centre = generator.integers(0, 256, (1, 32), np.uint8)
        parts.append(turned(generator, np.repeat(centre, size, axis=0), int(generator.integers(0, 90))))
    return np.concatenate([*parts, generator.integers(0, 256, (10_000, 32), np.uint8)])


def half_shared(generator: np.random.Generator) -> Hashes:
    """Half of all bits the same in every hash: some buckets hold nearly everything."""
    hashes = generator.integers(0, 256, (40_000, 32), np.uint8)
    hashes[:, ::2] = 0x5A
    return hashes


def identical(generator: np.random.Generator) -> Hashes:
    return np.repeat(generator.integers(0, 256, (3, 32), np.uint8), 2000, axis=0)


@pytest.fixture(params=_native.kernels())
def every_kernels(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every width of the inner loops that this processor has."""
    _native.use_kernels(request.param)
    yield
    _native.use_kernels(_native.kernels()[0])


@pytest.mark.usefixtures("every_kernels")
@pytest.mark.parametrize("made", [uniform, clustered, half_shared, identical])
def test_it_finds_what_the_definition_says_at_every_threshold(made: object) -> None:
    generator = np.random.default_rng(17)
    hashes = made(generator)  # type: ignore[operator]
    index = Index()
    index.add(np.arange(len(hashes), dtype=np.uint64), hashes)
    queries = np.concatenate(
        [turned(generator, hashes[generator.integers(0, len(hashes), 6)], 40),
         generator.integers(0, 256, (2, 32), np.uint8)]
    )  # fmt: skip
    for threshold in (0, 1, 7, 14, 15, 16, 30, 31, 32, 47, 48, 63):
        found = index.search(queries, threshold)
        for place, query in enumerate(queries):
            assert found.of(place) == by_definition(hashes, query, threshold)


def test_random_bits_anywhere_are_found_up_to_the_threshold_and_not_beyond() -> None:
    """Planted copies at exactly the threshold and one bit beyond, whose bits fall on the chunks as chance has it."""
    generator = np.random.default_rng(23)
    hashes = generator.integers(0, 256, (30_000, 32), np.uint8)
    index = Index()
    index.add(np.arange(30_000, dtype=np.uint64), hashes)
    for threshold in (5, 15, 16, 31, 40, 63):
        rows = generator.choice(30_000, 150, replace=False)
        for over in (0, 1):
            queries = hashes[rows].copy()
            for query in queries:
                for bit in generator.choice(256, threshold + over, replace=False):
                    query[bit >> 3] ^= 1 << (bit & 7)
            found = index.search(queries, threshold)
            for place, row in enumerate(rows.tolist()):
                assert ((row, threshold) in found.of(place)) == (over == 0)


def test_bits_turned_all_in_a_few_places_are_found_too() -> None:
    """Runs of neighbouring bits, as an adversary or a logo would turn them."""
    generator = np.random.default_rng(29)
    hashes = generator.integers(0, 256, (20_000, 32), np.uint8)
    index = Index()
    index.add(np.arange(20_000, dtype=np.uint64), hashes)
    for start in range(0, 226, 3):
        query = hashes[start].copy()
        for bit in range(start, start + 31):
            query[bit >> 3] ^= 1 << (bit & 7)
        assert index.search(query[None], 31).of(0) == [(start, 31)]
        assert index.search(query[None], 30).of(0) == []


def test_small_segments_of_every_size_find_what_they_hold() -> None:
    generator = np.random.default_rng(31)
    for rows in (1, 2, 31, 255, 2048, 2049, 9000, 40_000):
        hashes = generator.integers(0, 256, (rows, 32), np.uint8)
        segment = _native.Segment.build(np.arange(rows, dtype=np.uint64), hashes)
        queries = turned(generator, hashes[generator.integers(0, rows, 40)], 31)
        lims, ids, _distances = _native.search([segment], [], queries, 31)
        for place, query in enumerate(queries):
            assert ids[lims[place] : lims[place + 1]].tolist() == [
                row for row, _bits in by_definition(hashes, query, 31)
            ]
