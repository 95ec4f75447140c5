"""What an index consists of at a moment, and which of its parts are worth merging."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from answerable import _native

SEGMENT_ROWS: Final = 1 << 24
GROWTH: Final = 4
"""A segment is merged with a newer one that has more than a quarter of its rows: few segments, few rewrites."""


class View(NamedTuple):
    """What one search reads. Never changed, only replaced (rows inside are added and removed)."""

    segments: list[_native.Segment]
    sealed: list[_native.Tail]
    tail: _native.Tail

    @property
    def tails(self) -> list[_native.Tail]:
        return [*self.sealed, self.tail]


@dataclass
class Merge:
    """One merge under way: what it reads, and what has been removed from there since it began."""

    segments: list[_native.Segment]
    sealed: list[_native.Tail]
    removed: list[NDArray[np.uint64]]
    thread: threading.Thread | None = None


def due_in(view: View) -> Merge | None:
    """What is worth merging now: full tails, small segments beside larger ones, those that removals hollowed out."""
    rows = sum(part.live for part in view.sealed)
    chosen: list[_native.Segment] = []
    hollow = False
    for part in sorted(view.segments, key=lambda part: part.live):
        is_hollow = part.live < 0.75 * part.rows
        begins = not chosen and not view.sealed  # alone it is nothing to merge, but may be the first
        if not (is_hollow or begins or part.live < GROWTH * rows) or rows + part.live > SEGMENT_ROWS:
            continue
        chosen.append(part)
        rows += part.live
        hollow |= is_hollow
    if not view.sealed and not hollow and len(chosen) < 2:
        return None
    return Merge(chosen, list(view.sealed), [])


def among(part: object, parts: Iterable[object]) -> bool:
    return any(part is other for other in parts)
