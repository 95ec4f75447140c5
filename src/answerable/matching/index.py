"""Exact search over 256-bit hashes within a Hamming distance: in memory, or on disk. Usable without the rest.

    from answerable.matching import Index

    index = Index()                      # or Index.open("hashes/")
    index.add(ids, hashes)               # uint64[n], uint8[n, 32]; visible at once
    matches = index.search(queries, 31)  # uint8[q, 32]
    matches.of(0)                        # [(id, distance), ...] of the first query, nearest first

Recall is 1.0 by construction (`native/search.cpp` says why). The newest hashes lie in a tail that every search
reads whole; full tails become sorted segments in the background, and small segments larger ones. A segment takes
108 bytes a hash. Safe for threads: searches run side by side without the interpreter's lock, writers queue.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from answerable import _native
from answerable.matching.index_parts import SEGMENT_ROWS, Merge, View, among, due_in
from answerable.matching.index_shapes import Matches, hashes_of, ids_of, last_of_each
from answerable.matching.index_store import Store

__all__ = ["DEFAULT_THRESHOLD", "MAX_THRESHOLD", "Index", "Matches", "MergeFailed"]

MAX_THRESHOLD: Final = 63
"""Random hashes lie near 128 bits apart; beyond 63 nearness says nothing."""
DEFAULT_THRESHOLD: Final = 31
"""The distance that PDQ's authors recommend as a match."""
TAIL_ROWS: Final = 8192
"""As many hashes as a search reads whole in some microseconds."""
_MOST_SEALED_TAILS: Final = 16


class MergeFailed(Exception):
    """Merging the index in the background failed, so it takes no more hashes: see the cause, then open it anew."""

    def __str__(self) -> str:
        return self.__doc__ or ""


class Index:
    """Hashes by id. `Index()` lives in memory; `Index.open(path)` on disk as well."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._store: Store | None = None
        self._merge: Merge | None = None
        self._failure: BaseException | None = None
        self._view = View([], [], _native.Tail(TAIL_ROWS))

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, writable: bool = True, quarantine: bool = False) -> Self:
        """The index in the folder `path`, made when it is not there. Opens in milliseconds: segments are mapped.

        What `add` and `remove` did is there again after the process was killed at any point, and after a loss
        of power what was there at the last `sync`. One process may open it writable at a time. With
        `writable=False` any number may, changes stay private to the process, and the files are not touched.

        Raises IndexLocked, IndexDamaged (which names the file), OSError. With `quarantine` damaged segments are put
        aside instead and named in `quarantined`: what they held is missing until it is added again.
        """
        index = cls()
        store = Store(os.fspath(path), writable=writable)
        try:
            segments = store.load(quarantine=quarantine)
            index._view = View(segments, [], index._view.tail)
            for ids, hashes in store.replay():
                if hashes is None:
                    index._remove(ids)
                else:
                    index._make_room(len(ids))
                    index._append(ids, hashes)
            index._store = store
            if writable:
                index._into_segments()
        except BaseException:
            store.close()
            raise
        return index

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __len__(self) -> int:
        with self._lock:
            return sum(part.live for part in self._view.segments) + sum(
                part.live for part in self._view.tails
            )

    @property
    def nbytes(self) -> int:
        """Bytes of memory, those of mapped files included."""
        view = self._view
        return sum(part.nbytes for part in view.segments) + sum(part.nbytes for part in view.tails)

    @property
    def is_writable(self) -> bool:
        """Whether changes are written to a folder."""
        return self._store is not None and self._store.writable

    @property
    def quarantined(self) -> list[str]:
        """Files that were put aside as damaged when this index was opened."""
        return list(self._store.quarantined) if self._store else []

    @property
    def note(self) -> dict[str, Any]:
        """What was given to the last `checkpoint`; empty at first."""
        return dict(self._store.note) if self._store else {}

    def add(self, ids: Any, hashes: Any) -> None:
        """Add `ids` (uint64[n]) with `hashes` (uint8[n, 32]); an id that is there gets the new hash.

        Visible to every search that begins afterwards. Of an id given twice the last hash stays. Raises ValueError
        for other shapes, OSError when it can't be written to disk: nothing was added then.
        """
        new_ids, new_hashes = ids_of(ids), hashes_of(hashes)
        if len(new_ids) != len(new_hashes):
            raise ValueError(f"{len(new_ids)} ids and {len(new_hashes)} hashes: one of each is needed")
        if not len(new_ids):
            return
        new_ids, new_hashes = last_of_each(new_ids, new_hashes)
        self._wait_for_room()
        if len(new_ids) >= TAIL_ROWS:
            self._add_many(new_ids, new_hashes)
        else:
            with self._lock:
                self._make_room(len(new_ids))
                if self._store:
                    self._store.journal_add(new_ids, new_hashes)
                self._append(new_ids, new_hashes)
        self._merge_if_due()

    def remove(self, ids: Any) -> int:
        """Take `ids` (uint64[n]) out; unknown ones are passed over. Returns how many were there."""
        gone = ids_of(ids)
        if not len(gone):
            return 0
        with self._lock:
            if self._store:
                self._store.journal_remove(gone)
            count = self._remove(gone)
        self._merge_if_due()
        return count

    def clear(self) -> None:
        """Take everything out, on disk as well, the note too."""
        with self._alone():
            self._view = View([], [], _native.Tail(TAIL_ROWS))
            if self._store:
                self._store.note = {}
                self._store.next_journal()
            self._commit()

    def search(self, queries: Any, threshold: int = DEFAULT_THRESHOLD) -> Matches:
        """Every id within `threshold` bits (0 to 63) of each of `queries` (uint8[q, 32])."""
        if not 0 <= threshold <= MAX_THRESHOLD:
            raise ValueError(f"threshold is 0 to {MAX_THRESHOLD} bits, not {threshold}")
        asked = hashes_of(queries)
        while True:
            view = self._view
            found = _native.search(view.segments, view.tails, asked, threshold)
            if self._view is view:  # else an id may have moved on to a part that this search did not know
                return Matches(*found)

    def sync(self) -> None:
        """Have everything on the disk itself, so that it survives a loss of power."""
        with self._lock:
            if self._store:
                self._store.sync()

    def checkpoint(self, note: dict[str, Any] | None = None) -> None:
        """Bring everything into segments, and keep `note` (plain JSON values) beside them.

        Another process that opens the folder then reads nothing but mapped segments. Raises MergeFailed.
        """
        with self._alone():
            if self._store and note is not None:
                self._store.note = dict(note)
            self._into_segments()

    def settle(self) -> None:
        """Wait for merging in the background to end. Raises MergeFailed."""
        while (thread := self._merging()) is not None:
            thread.join()
        self._raise_failure()

    def verify(self) -> list[str]:
        """Read every segment on disk through; returns the files that are not as they were written."""
        store, view = self._store, self._view
        if store is None:
            return []
        return [store.name_of(part) for part in view.segments if store.holds(part) and not part.verify()]

    def close(self) -> None:
        """Let go of the folder. The index is empty and in memory afterwards."""
        try:
            self.settle()
        finally:
            with self._lock:
                store, self._store = self._store, None
                self._view = View([], [], _native.Tail(TAIL_ROWS))
                if store:
                    store.close()

    # ---- writing, under the lock ----

    def _make_room(self, count: int) -> None:
        """A batch lies in one tail, as its record lies in one journal: both are kept and retired together."""
        if self._view.tail.rows + count > TAIL_ROWS:
            self._seal()

    def _append(self, ids: NDArray[np.uint64], hashes: NDArray[np.uint8]) -> None:
        view = self._view
        self._note_removed(view.tail.append(view.segments, view.sealed, ids, hashes))

    def _add_many(self, ids: NDArray[np.uint64], hashes: NDArray[np.uint8]) -> None:
        """Straight into segments; the tail first, so that no journal brings back what these replace."""
        with self._alone():
            self._into_segments()
            made = [
                self._build(ids[at : at + SEGMENT_ROWS], hashes[at : at + SEGMENT_ROWS])
                for at in range(0, len(ids), SEGMENT_ROWS)
            ]
            old = self._view
            self._view = old._replace(segments=[*old.segments, *made])
            self._note_removed(_native.remove(old.segments, old.tails, ids))
            self._commit()

    def _remove(self, ids: NDArray[np.uint64]) -> int:
        removed = _native.remove(self._view.segments, self._view.tails, ids)
        self._note_removed(removed)
        return len(removed)

    def _note_removed(self, ids: NDArray[np.uint64]) -> None:
        if self._merge is not None and len(ids):
            self._merge.removed.append(ids)

    def _into_segments(self) -> None:
        """Leave nothing in tails, and so nothing in journals."""
        if self._view.tail.rows:
            self._seal()
        if self._view.sealed:
            self._run(Merge([], list(self._view.sealed), []))
        else:
            self._commit()

    def _seal(self) -> None:
        view = self._view
        self._view = View(view.segments, view.tails, _native.Tail(TAIL_ROWS))
        if self._store:
            self._store.next_journal()

    def _commit(self) -> None:
        if self._store:
            self._store.commit(self._view.segments, sealed=len(self._view.sealed))

    def _build(self, ids: NDArray[np.uint64], hashes: NDArray[np.uint8]) -> _native.Segment:
        path = self._new_path()
        made = _native.Segment.build(ids, hashes, path)
        self._named(made, path)
        return made

    def _new_path(self) -> str:
        return self._store.new_segment() if self._store else ""

    def _named(self, segment: _native.Segment, path: str) -> None:
        if self._store:
            self._store.named(segment, path)

    # ---- merging ----

    def _merging(self) -> threading.Thread | None:
        """The thread that merges now. (One that is gone was left behind by a fork: its parts are in the view.)"""
        thread = self._merge.thread if self._merge else None
        return thread if thread is not None and thread.is_alive() else None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock while nothing merges."""
        while True:
            self.settle()
            with self._lock:
                if self._merging() is None:
                    yield
                    return

    def _wait_for_room(self) -> None:
        """Who adds faster than merging goes waits here."""
        self._raise_failure()
        if len(self._view.sealed) >= _MOST_SEALED_TAILS:
            self._merge_if_due()
            self.settle()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise MergeFailed from self._failure

    def _merge_if_due(self) -> None:
        with self._lock:
            if self._merging() is not None:
                return
            self._merge = due = None if self._failure else due_in(self._view)
            if due is None:
                return
            due.thread = threading.Thread(target=self._merge_on, args=(due,), name="index-merge", daemon=True)
            due.thread.start()

    def _merge_on(self, merge: Merge | None) -> None:
        """Merge, and go on as long as there is something to merge."""
        while merge is not None:
            try:
                self._run(merge)
            except BaseException as error:  # noqa: BLE001 - kept, and raised to whoever writes next
                self._failure = error
            with self._lock:
                self._merge = following = None if self._failure else due_in(self._view)
                if following is not None:
                    following.thread = merge.thread
                merge = following

    def _run(self, merge: Merge) -> None:
        path = self._new_path()
        made = _native.Segment.merge(merge.segments, merge.sealed, path)
        with self._lock:
            self._named(made, path)
            if merge.removed:
                _native.remove([made], [], np.concatenate(merge.removed))
            view = self._view
            kept = [part for part in view.segments if not among(part, merge.segments)]
            sealed = [part for part in view.sealed if not among(part, merge.sealed)]
            self._view = View([*kept, made] if made.live else kept, sealed, view.tail)
            self._commit()
