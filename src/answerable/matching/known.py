"""What is known of fingerprints, as this process sees it: `KnownChange` rows, applied in their order.

The rows are the truth; a process holds a private view and catches up before each answer, so a fingerprint
confirmed in one process is known in every other at its next answer. On PostgreSQL the writer holds an
advisory lock from taking a `seq` to its commit, so that no row can appear before one already applied.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from django.db import Error as DatabaseError
from django.db.models import QuerySet

from answerable.cases.models import KnownChange
from answerable.db.mark import mark
from answerable.db.prepared import prepared
from answerable.matching.index import DEFAULT_THRESHOLD, Index
from answerable.matching.verdicts import KnownMatch
from answerable.media import Fingerprints

ROWS_AT_A_TIME = 20_000
WAIT_SECONDS = 2.0


class IndexStale(Exception):
    """The desk can't look up what is known right now, so it says nothing: try again."""

    def __str__(self) -> str:
        return self.__doc__ or ""


class Change(NamedTuple):
    """One row, as plain values."""

    seq: int
    op: str
    kind: str
    value: bytes
    hash_list: str
    cause: str


Causes = dict[str, int]
"""Cause -> the `seq` that it came with. A fingerprint is on a list while any cause is left."""


class Known:
    """One process's view. `look_up` answers for many files with one catching up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen = threading.local()
        self._whole = False
        self._forget()

    def __len__(self) -> int:
        """Distinct fingerprints that are on some list."""
        return len(self._lists)

    @property
    def seq(self) -> int:
        """The last change that is applied; 0 for none."""
        return self._last.seq if self._last else 0

    def look_up(self, fingerprints: Sequence[Fingerprints]) -> list[list[KnownMatch]]:
        """For each file all its matches: exact ones, and PDQ within 31 bits. Raises IndexStale."""
        with self._alone():
            self._catch_up()
            exact = [self._exact(prints) for prints in fingerprints]
            near = self._near([prints.searchable_pdq for prints in fingerprints])
        return [found + more for found, more in zip(exact, near, strict=True)]

    def catch_up(self) -> int:
        """Apply what is missing; returns the last `seq`. Raises IndexStale."""
        with self._alone():
            self._catch_up()
            return self.seq

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody waits long for another who loads it all: better a 503 at once than a platform that hangs."""
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise IndexStale
        try:
            yield
        finally:
            self._lock.release()

    def _catch_up(self) -> None:
        try:
            now = mark()
            if now is not None and self._whole and now == getattr(self._seen, "mark", None):
                return  # nothing was written since this thread caught up
            self._whole = False
            self._apply_what_is_missing()
            self._whole = True
            self._seen.mark = now
        except DatabaseError as error:
            raise IndexStale from error

    def _apply_what_is_missing(self) -> None:
        while True:
            # The last applied row is read again: if it is not as it was, the database is another one
            # (restored, rolled back) and the view starts anew. So looking and checking are one query.
            rows = _changes_from(self.seq)
            if self._last is not None and (not rows or rows[0] != self._last):
                self._forget()
                continue
            new = rows[1:] if self._last is not None else rows
            if new:
                self._apply(new)
            if len(rows) < ROWS_AT_A_TIME:
                return

    def _forget(self) -> None:
        self._whole = False
        self._last: Change | None = None
        self._lists: dict[tuple[str, bytes], dict[str, Causes]] = {}
        self._index = Index()
        self._number_of: dict[bytes, int] = {}
        self._value_of: dict[int, bytes] = {}
        self._next_number = 0

    def _apply(self, changes: Sequence[Change]) -> None:
        touched: set[bytes] = set()
        for change in changes:
            key = (change.kind, change.value)
            lists = self._lists.setdefault(key, {})
            causes = lists.setdefault(change.hash_list, {})
            if change.op == "add":
                causes[change.cause] = change.seq
            else:
                causes.pop(change.cause, None)
            if not causes:
                del lists[change.hash_list]
            if not lists:
                del self._lists[key]
            if change.kind == "pdq":
                touched.add(change.value)
            self._last = change
        self._index_anew(touched)

    def _index_anew(self, touched: Iterable[bytes]) -> None:
        """Bring the index into line with the lists, for the PDQ values that changed."""
        gone = [value for value in touched if ("pdq", value) not in self._lists]
        new = [v for v in touched if ("pdq", v) in self._lists and v not in self._number_of]
        numbers = [self._number_of.pop(value) for value in gone if value in self._number_of]
        self._index.remove(np.array(numbers, np.uint64))
        for number in numbers:
            del self._value_of[number]
        for value in new:
            self._number_of[value] = self._next_number
            self._value_of[self._next_number] = value
            self._next_number += 1
        self._index.add(np.array([self._number_of[v] for v in new], np.uint64), _rows(new))

    def _exact(self, prints: Fingerprints) -> list[KnownMatch]:
        found: list[KnownMatch] = []
        for kind, text in (("sha256", prints.sha256), ("md5", prints.md5)):
            if text:
                found += self._matches(kind, bytes.fromhex(text), 0)
        return found

    def _near(self, queries: Sequence[bytes | None]) -> list[list[KnownMatch]]:
        asked = [place for place, pdq in enumerate(queries) if pdq is not None]
        matches = self._index.search(_rows([pdq for pdq in queries if pdq is not None]), DEFAULT_THRESHOLD)
        found: list[list[KnownMatch]] = [[] for _ in queries]
        for query, place in enumerate(asked):
            for number, distance in matches.of(query):
                found[place] += self._matches("pdq", self._value_of[number], distance)
        return found

    def _matches(self, kind: str, value: bytes, distance: int) -> list[KnownMatch]:
        lists = self._lists.get((kind, value), {})
        return [
            KnownMatch(kind, name, distance, max(causes.values())) for name, causes in sorted(lists.items())
        ]


Columns = tuple[int, str, str, bytes | memoryview, str, str]


@prepared  # asked before every answer
def _rows_from(seq: int) -> "QuerySet[KnownChange, Columns]":
    changes = KnownChange.objects.filter(seq__gte=seq).order_by("seq")[:ROWS_AT_A_TIME]
    return changes.values_list("seq", "op", "kind", "value", "hash_list", "cause")


def _changes_from(seq: int) -> list[Change]:
    return [
        Change(number, op, kind, bytes(value), hash_list, cause)
        for number, op, kind, value, hash_list, cause in _rows_from(seq)
    ]


def _rows(values: Sequence[bytes]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.frombuffer(b"".join(values), np.uint8).reshape(-1, 32)


_known = Known()


def known() -> Known:
    """This process's view."""
    return _known
