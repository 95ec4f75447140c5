"""An index of hashes that follows a table by its ids: taken in before each search, kept in a folder by the worker.

Ids are given before commits, so ids that are missing are looked at again for a while.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from answerable.matching.index import DEFAULT_THRESHOLD, Index, Matches
from answerable.matching.kept_index import open_kept

ROWS_AT_A_TIME = 20_000
WINDOW_IDS = 10_000
"""Ids missing among the last so many may belong to transactions that have not committed yet."""
SAVE_EVERY: Final = 20_000
"""So many ids further than the folder notes, and it is brought up to date."""
WINDOW_SECONDS = 600.0
"""No transaction lasts that long: an id missing for longer was rolled back."""


class Row(NamedTuple):
    """What the index reads of a row: its hash, None where there is none to search; `about` tells it from others."""

    pk: int
    about: str
    pdq: bytes | None


class Table(Protocol):
    """Where the rows come from."""

    def rows_from(self, pk: int) -> list[Row]:
        """The rows from this number on, in order, at most ROWS_AT_A_TIME."""

    def rows_numbered(self, numbers: list[int]) -> list[Row]:
        """The rows with these numbers, as far as they are there."""


class TableIndex:
    """The hashes of one table. Safe for threads.

    `folder`: where an index may lie; `keeps`: whether this process, the only one, brings it up to date there.
    """

    def __init__(
        self,
        table: Table,
        folder: Path | None = None,
        *,
        keeps: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._folder = folder
        self._keeps = keeps
        self._is_open = False
        self._saved_at_pk = 0
        self._index = Index()
        self._last: Row | None = None
        self._gaps: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._index)

    def catch_up(self) -> None:
        """Take in rows that appeared since."""
        with self._lock:
            self._catch_up()

    def close(self) -> None:
        """Let go of the folder."""
        with self._lock:
            self._index.close()
            self._is_open, self._last, self._gaps = False, None, {}

    def search(self, hashes: NDArray[np.uint8], also: Sequence[Row] = ()) -> Matches:
        """The ids within 31 bits of each of these (uint8[n, 32]), caught up. `also`: rows whose hash came later."""
        with self._lock:
            self._catch_up()
            self._take(also)
            return self._index.search(hashes, DEFAULT_THRESHOLD)

    def _catch_up(self) -> None:
        """Take in rows that appeared since. Ids are given before commits, so gaps are looked at again."""
        if not self._is_open:
            self._open()
        self._fill_gaps()
        while True:
            # As with what is known: the last row taken is read again, to notice that it is another database.
            rows = self._table.rows_from(self._last.pk if self._last else 0)
            if self._last is not None and (not rows or rows[0] != self._last):
                self._start_anew()
                continue
            new = rows[1:] if self._last else rows
            if new:
                self._note_gaps({row.pk for row in new}, new[-1].pk)
                self._take(new)
                self._last = new[-1]
            if len(rows) < ROWS_AT_A_TIME:
                break
        if self._last and self._index.is_writable and self._last.pk - self._saved_at_pk >= SAVE_EVERY:
            self._index.checkpoint(note={"pk": self._last.pk, "row": _digest(self._last)})
            self._saved_at_pk = self._last.pk

    def _open(self) -> None:
        """Begin with the index in the folder, if it follows this very database."""
        self._index, note = open_kept(self._folder, keeps=self._keeps)
        self._is_open = True
        rows = (self._table.rows_from(note["pk"]))[:1] if "pk" in note else []
        if not rows or _digest(rows[0]) != note["row"]:
            self._start_anew()
            return
        # Its gaps are not noted: the last ids are read again, and those that were missing are found or noted.
        self._saved_at_pk = rows[0].pk
        before = (self._table.rows_from(max(0, rows[0].pk - WINDOW_IDS)))[:1]
        self._last = before[0] if before else rows[0]
        self._take(before)

    def _fill_gaps(self) -> None:
        now = self._monotonic()
        for pk in [pk for pk, since in self._gaps.items() if now - since >= WINDOW_SECONDS]:
            del self._gaps[pk]
        gaps = sorted(self._gaps)
        for start in range(0, len(gaps), 500):
            filled = self._table.rows_numbered(gaps[start : start + 500])
            self._take(filled)
            for row in filled:
                del self._gaps[row.pk]

    def _note_gaps(self, present: set[int], reached: int) -> None:
        now = self._monotonic()
        first = max((self._last.pk if self._last else 0) + 1, reached - WINDOW_IDS)
        self._gaps.update({pk: now for pk in range(first, reached) if pk not in present})

    def _take(self, rows: Iterable[Row]) -> None:
        kept = [(row.pk, row.pdq) for row in rows if row.pdq is not None]
        hashes = np.frombuffer(b"".join(pdq for _pk, pdq in kept), np.uint8).reshape(-1, 32)
        numbers = np.array([pk for pk, _pdq in kept], np.uint64)
        new = ~self._index.holds(numbers)
        self._index.add(numbers[new], hashes[new])

    def _start_anew(self) -> None:
        if len(self._index):
            self._index.clear()
        self._last = None
        self._saved_at_pk = 0
        self._gaps = {}


def _digest(row: Row) -> str:
    parts = [str(row.pk), row.about, row.pdq.hex() if row.pdq else ""]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
