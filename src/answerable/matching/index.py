"""Exact search over 256-bit hashes within a Hamming distance. Stands alone: NumPy and nothing of ours."""

import sys
import threading
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

HASH_BYTES: Final = 32
MAX_THRESHOLD: Final = 63
"""Random hashes lie near 128 bits apart; beyond 63 nearness says nothing."""
DEFAULT_THRESHOLD: Final = 31
"""The distance that PDQ's authors recommend as a match."""
_ROWS_AT_A_TIME: Final = 1 << 15
_FIRST_CAPACITY: Final = 1024


@dataclass(frozen=True, slots=True)
class Matches:
    """Query `i` matched `ids[lims[i]:lims[i + 1]]` at `distances[...]` bits, nearest first, then by id."""

    lims: NDArray[np.int64]
    ids: NDArray[np.uint64]
    distances: NDArray[np.uint16]

    def of(self, query: int) -> list[tuple[int, int]]:
        """The (id, distance) pairs of one query."""
        part = slice(int(self.lims[query]), int(self.lims[query + 1]))
        return list(zip(self.ids[part].tolist(), self.distances[part].tolist(), strict=True))


class Index:
    """Hashes by id, held in memory; every search reads all of them, so its recall is 1.0.

    An index that lives on disk (`Index.open(path)`) is not offered yet. Safe for threads. A million hashes
    take 32 MB for the hashes, 8 MB for the ids and about 75 MB to find an id's place.
    """

    def __init__(self) -> None:
        self._words: NDArray[np.uint64] = np.empty((4, _FIRST_CAPACITY), np.uint64)
        self._ids: NDArray[np.uint64] = np.empty(_FIRST_CAPACITY, np.uint64)
        self._row_of: dict[int, int] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._row_of)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the index holds."""
        numbers = len(self._row_of) * sys.getsizeof(1 << 40)
        return self._words.nbytes + self._ids.nbytes + sys.getsizeof(self._row_of) + numbers

    def add(self, ids: Any, hashes: Any) -> None:
        """Add `ids` (uint64[n]) with `hashes` (uint8[n, 32]); an id that is there gets the new hash.

        Visible to every search that begins afterwards. Raises ValueError for other shapes.
        """
        new_ids, words = _ids(ids), _words(hashes)
        if len(new_ids) != words.shape[1]:
            raise ValueError(f"{len(new_ids)} ids and {words.shape[1]} hashes: one of each is needed")
        with self._lock:
            self._reserve(len(self._row_of) + len(new_ids))
            rows = [self._row_of.setdefault(number, len(self._row_of)) for number in new_ids.tolist()]
            self._ids[rows] = new_ids
            self._words[:, rows] = words  # of an id given twice the last hash stays

    def remove(self, ids: Any) -> int:
        """Take `ids` (uint64[n]) out; unknown ones are passed over. Returns how many were there."""
        removed = 0
        with self._lock:
            for number in _ids(ids).tolist():
                row = self._row_of.pop(number, None)
                if row is None:
                    continue
                removed += 1
                last = len(self._row_of)
                if row != last:  # the last row fills the gap
                    self._ids[row] = self._ids[last]
                    self._words[:, row] = self._words[:, last]
                    self._row_of[int(self._ids[row])] = row
        return removed

    def search(self, queries: Any, threshold: int = DEFAULT_THRESHOLD) -> Matches:
        """Every id within `threshold` bits (0 to 63) of each of `queries` (uint8[q, 32])."""
        if not 0 <= threshold <= MAX_THRESHOLD:
            raise ValueError(f"threshold is 0 to {MAX_THRESHOLD} bits, not {threshold}")
        words = _words(queries)
        with self._lock:
            found = [self._search_one(words[:, query], threshold) for query in range(words.shape[1])]
        lims = np.zeros(len(found) + 1, np.int64)
        np.cumsum([len(ids) for ids, _distances in found], out=lims[1:])
        ids = [ids for ids, _distances in found] or [np.empty(0, np.uint64)]
        distances = [distances for _ids, distances in found] or [np.empty(0, np.uint16)]
        return Matches(lims, np.concatenate(ids), np.concatenate(distances))

    def _search_one(
        self, query: NDArray[np.uint64], threshold: int
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint16]]:
        rows: list[NDArray[np.int64]] = []
        for start in range(0, len(self._row_of), _ROWS_AT_A_TIME):
            stop = min(start + _ROWS_AT_A_TIME, len(self._row_of))
            # Half of the bits rules out nearly all: only what is near in these is measured whole.
            half = np.bitwise_count(self._words[0, start:stop] ^ query[0])
            half += np.bitwise_count(self._words[1, start:stop] ^ query[1])
            rows.append(np.flatnonzero(half <= threshold) + start)
        candidates = np.concatenate(rows) if rows else np.empty(0, np.int64)
        differing = np.bitwise_count(self._words[:, candidates] ^ query[:, None])
        distances = differing.sum(axis=0, dtype=np.uint16)
        near = distances <= threshold
        ids, distances = self._ids[candidates[near]], distances[near]
        order = np.lexsort((ids, distances))
        return ids[order], distances[order]

    def _reserve(self, size: int) -> None:
        capacity = len(self._ids)
        if size <= capacity:
            return
        while capacity < size:
            capacity *= 2
        count = len(self._row_of)
        words, ids = np.empty((4, capacity), np.uint64), np.empty(capacity, np.uint64)
        words[:, :count], ids[:count] = self._words[:, :count], self._ids[:count]
        self._words, self._ids = words, ids


def _ids(values: Any) -> NDArray[np.uint64]:
    array = np.asarray(values)
    if array.size == 0:
        return np.empty(0, np.uint64)
    if array.ndim != 1 or array.dtype.kind not in "ui" or (array.dtype.kind == "i" and array.min() < 0):
        raise ValueError("ids are one row of whole numbers from 0 on (uint64[n])")
    return array.astype(np.uint64)


def _words(hashes: Any) -> NDArray[np.uint64]:
    array = np.asarray(hashes)
    if array.size == 0 and array.ndim <= 2:
        return np.empty((4, 0), np.uint64)
    if array.ndim != 2 or array.dtype != np.uint8 or array.shape[1] != HASH_BYTES:
        raise ValueError(
            f"hashes are rows of {HASH_BYTES} bytes (uint8[n, 32]), not {array.dtype}{array.shape}"
        )
    return np.ascontiguousarray(np.ascontiguousarray(array).view(np.uint64).T)
