"""What a search answers; ids and hashes as callers give them, or a refusal that names what is wrong."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

HASH_BYTES: Final = 32


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


def ids_of(values: Any) -> NDArray[np.uint64]:
    array = np.asarray(values)
    if array.size == 0:
        return np.empty(0, np.uint64)
    if array.ndim != 1 or array.dtype.kind not in "ui" or (array.dtype.kind == "i" and array.min() < 0):
        raise ValueError("ids are one row of whole numbers from 0 on (uint64[n])")
    return np.ascontiguousarray(array, np.uint64)


def hashes_of(values: Any) -> NDArray[np.uint8]:
    array = np.asarray(values)
    if array.size == 0 and array.ndim <= 2:
        return np.empty((0, HASH_BYTES), np.uint8)
    if array.ndim != 2 or array.dtype != np.uint8 or array.shape[1] != HASH_BYTES:
        raise ValueError(
            f"hashes are rows of {HASH_BYTES} bytes (uint8[n, 32]), not {array.dtype}{array.shape}"
        )
    return np.ascontiguousarray(array)


def last_of_each(
    ids: NDArray[np.uint64], hashes: NDArray[np.uint8]
) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    if len(ids) == 1 or bool((ids[1:] > ids[:-1]).all()):
        return ids, hashes
    unique, places = np.unique(ids[::-1], return_index=True)
    if len(unique) == len(ids):
        return ids, hashes
    places = len(ids) - 1 - places
    return unique, np.ascontiguousarray(hashes[places])
