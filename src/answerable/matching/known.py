"""What is known of fingerprints, as this process sees it. `KnownChange` rows are the truth, applied in their order.

Exact hashes are looked up in those rows. What is near is found by an index of the PDQ values that are on a list: a
process catches up before each answer, so a fingerprint confirmed in one process is known in every other at its next
answer. On PostgreSQL the writer holds an advisory lock from taking a `seq` to its commit, so that no row can appear
before one already applied.

The worker keeps its index in a folder; the others open that folder as it is, in milliseconds, and hold what came
since in memory. Without it, or when it is damaged, the index is built from the rows.
"""

import hashlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from django.conf import settings
from django.db import Error as DatabaseError

from answerable.db.mark import mark
from answerable.matching import known_rows
from answerable.matching.index import DEFAULT_THRESHOLD, Index
from answerable.matching.kept_index import open_kept
from answerable.matching.known_rows import Change, Key
from answerable.matching.known_videos import Near, videos_in
from answerable.matching.turns import turned, turns_of
from answerable.matching.verdicts import KnownMatch
from answerable.media import Fingerprints
from answerable.media.limits import SEARCHABLE_QUALITY

WAIT_SECONDS = 2.0
SAVE_EVERY: Final = 20_000
"""So many changes since the folder was last brought up to date, and it is again."""


class IndexStale(Exception):
    """The desk can't look up what is known right now, so it says nothing: try again."""

    def __str__(self) -> str:
        return self.__doc__ or ""


class Known:
    """One process's view. `look_up` answers for many files with one catching up.

    `folder`: where an index may lie; `keeps` whether this process, the only one, brings it up to date there.
    """

    def __init__(self, folder: Path | None = None, *, keeps: bool = False) -> None:
        self._lock = threading.Lock()
        self._folder = folder
        self._keeps = keeps
        self._is_open = False
        self._is_whole = False
        self._seen = threading.local()
        self._last: Change | None = None
        self._saved = 0
        self._index = Index()

    def __len__(self) -> int:
        """Distinct PDQ values that are on some list."""
        return len(self._index)

    @property
    def seq(self) -> int:
        """The last change that is applied; 0 for none."""
        return self._last.seq if self._last else 0

    def look_up(self, fingerprints: Sequence[Fingerprints]) -> list[list[KnownMatch]]:
        """For each file all its matches: exact ones, PDQ within 31 bits, and videos in common. Raises IndexStale."""
        try:
            near = self._near(fingerprints)
            exact = self._exact(fingerprints)
        except DatabaseError as error:
            raise IndexStale from error
        return [found + more for found, more in zip(exact, near, strict=True)]

    def catch_up(self) -> int:
        """Apply what is missing; returns the last `seq`. Raises IndexStale."""
        with self._alone():
            try:
                self._catch_up()
            except DatabaseError as error:
                raise IndexStale from error
            return self.seq

    def close(self) -> None:
        """Let go of the folder."""
        with self._lock:
            self._index.close()
            self._is_open, self._is_whole, self._last = False, False, None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody waits long for another who loads it all: better a 503 at once than a platform that hangs."""
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise IndexStale
        try:
            yield
        finally:
            self._lock.release()

    # ---- catching up, under the lock ----

    def _catch_up(self) -> None:
        now = mark()
        if now is not None and self._is_whole and now == getattr(self._seen, "mark", None):
            return  # nothing was written since this thread caught up
        self._is_whole = False  # until it is: what stopped half-way must not pass for all of it
        self._apply_what_is_missing()
        self._is_whole, self._seen.mark = True, now

    def _apply_what_is_missing(self) -> None:
        if not self._is_open:
            self._open()
        while True:
            # The last applied row is read again: if it is not as it was, the database is another one
            # (restored, rolled back) and the view starts anew. So looking and checking are one query.
            rows = known_rows.changes_from(self.seq)
            if self._last is not None and (not rows or rows[0] != self._last):
                self._start_anew()
                continue
            self._apply(rows[1:] if self._last is not None else rows)
            if len(rows) < known_rows.ROWS_AT_A_TIME:
                break
        if self._index.is_writable and self.seq - self._saved >= SAVE_EVERY:
            self._save()

    def _open(self) -> None:
        """Begin with the index in the folder, if it follows this very database."""
        self._index, note = open_kept(self._folder, keeps=self._keeps)
        self._is_open = True
        last = self._noted(note)
        if last is None:
            self._start_anew()
        else:
            self._last, self._saved = last, last.seq

    def _noted(self, note: dict[str, Any]) -> Change | None:
        """The row that the index in the folder follows up to."""
        rows = known_rows.changes_from(note["seq"])[:1] if "seq" in note else []
        return rows[0] if rows and _digest(rows[0]) == note.get("row") else None

    def _start_anew(self) -> None:
        self._last, self._saved = None, 0
        if len(self._index):
            self._index.clear()

    def _save(self) -> None:
        if self._last is not None:
            self._index.checkpoint(note={"seq": self.seq, "row": _digest(self._last)})
            self._saved = self.seq

    def _apply(self, changes: Sequence[Change]) -> None:
        pdqs = [change for change in changes if change.kind in known_rows.INDEXED]
        # Of a value that left a list the rows say whether it is on any: what is said of it now is what counts.
        left = {change.value for change in pdqs if change.op == "remove"}
        still = known_rows.lists_of(left) if left else {}
        gone = [value for value in left if not any((kind, value) in still for kind in known_rows.INDEXED)]
        if gone:
            self._index.remove(self._index.search(_rows(gone), 0).ids)
        first = {change.value: change.seq for change in reversed(pdqs)}
        for value in gone:
            first.pop(value, None)
        self._add_new(first)
        if changes:
            self._last = changes[-1]

    def _add_new(self, first: dict[bytes, int]) -> None:
        """Index these values by the number of the change that brought them, unless they are there."""
        if not first:
            return
        values = list(first)
        found = self._index.search(_rows(values), 0)
        new = [value for place, value in enumerate(values) if found.lims[place] == found.lims[place + 1]]
        self._index.add(np.array([first[value] for value in new], np.uint64), _rows(new))

    # ---- looking up ----

    def _exact(self, fingerprints: Sequence[Fingerprints]) -> list[list[KnownMatch]]:
        asked = [_exact_keys(prints) for prints in fingerprints]
        values = [value for keys in asked for _kind, value in keys]
        lists = known_rows.lists_of(values) if values else {}
        return [[one for key in keys for one in _matches(key, lists, 0)] for keys in asked]

    def _near(self, fingerprints: Sequence[Fingerprints]) -> list[list[KnownMatch]]:
        found: list[list[KnownMatch]] = [[] for _ in fingerprints]
        asked = [one for place, prints in enumerate(fingerprints) for one in _asked(place, prints)]
        if not asked:
            return found
        with self._alone():
            self._catch_up()
            matches = self._index.search(_rows([one.pdq for one in asked]), DEFAULT_THRESHOLD)
        if not len(matches.ids):
            return found
        values = known_rows.values_at(sorted(set(matches.ids.tolist())))
        lists = known_rows.lists_of(values.values())
        nearest: dict[tuple[int, bytes], int] = {}
        frames: dict[int, list[Near]] = {}
        for query, one in enumerate(asked):
            for number, distance in matches.of(query):
                if number not in values:
                    continue
                value = values[number]
                nearest[one.file, value] = min(distance, nearest.get((one.file, value), distance))
                if one.frame is not None and ("frame", value) in lists:
                    frames.setdefault(one.file, []).append(Near(one.frame, value, distance))
        for (place, value), distance in nearest.items():
            found[place] += _matches(("pdq", value), lists, distance)
            if not fingerprints[place].frames:  # a still that is shown in a known video
                found[place] += _matches(("frame", value), lists, distance)
        for place, near in frames.items():
            found[place] += videos_in(fingerprints[place], near)
        return found


class _Asked(NamedTuple):
    """A hash that is searched for: of which file, and of which of its frames."""

    file: int
    frame: int | None
    pdq: bytes


def _asked(file: int, prints: Fingerprints) -> list[_Asked]:
    """What is searched for of one file: its picture and its frames, with all their rotations and flips."""
    asked = [_Asked(file, None, turn) for turn in turns_of(prints)]
    frames = [one.pdq for one in prints.frames if one.quality >= SEARCHABLE_QUALITY]
    if frames:
        asked += [
            _Asked(file, place, pdq.tobytes()) for place, turns in enumerate(turned(frames)) for pdq in turns
        ]
    return asked


def _exact_keys(prints: Fingerprints) -> list[Key]:
    pairs = (("sha256", prints.sha256), ("md5", prints.md5))
    return [(kind, bytes.fromhex(text)) for kind, text in pairs if text]


def _matches(key: Key, lists: dict[Key, dict[str, int]], distance: int) -> list[KnownMatch]:
    return [KnownMatch(key[0], name, distance, seq) for name, seq in sorted(lists.get(key, {}).items())]


def _digest(change: Change) -> str:
    parts = [str(change.seq), change.op, change.kind, change.value.hex(), change.hash_list, change.cause]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _rows(values: Iterable[bytes]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.frombuffer(b"".join(values), np.uint8).reshape(-1, 32)


_known: Known | None = None
_known_lock = threading.Lock()
_keeps = False


def known() -> Known:
    """This process's view."""
    global _known  # noqa: PLW0603 - one view per process is the point
    with _known_lock:
        if _known is None:
            _known = Known(Path(settings.DATA) / "index" / "known", keeps=_keeps)
        return _known


def keep_known() -> None:
    """From its first use on, `known` brings the folder up to date: the worker says so as it starts."""
    global _keeps  # noqa: PLW0603
    _keeps = True
