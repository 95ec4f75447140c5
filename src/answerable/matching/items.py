"""Copies among everything that was ever registered: exact by SHA-256, near by PDQ.

Near copies are found in an index that catches up with `ItemContent` before each search. The worker keeps it in a
folder, so that a start does not read everything again; another process may open that folder and follow in its own
memory. A copy is measured against the content that is asked about, never along a chain (rule 11).
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from django.conf import settings
from django.db.models import QuerySet

from answerable.cases.inputs import MatchIn
from answerable.cases.models import Claim, ItemContent
from answerable.db.prepared import prepared
from answerable.matching.index import DEFAULT_THRESHOLD, Index, Matches
from answerable.matching.kept_index import open_kept
from answerable.media.limits import SEARCHABLE_QUALITY
from answerable.policy.words import CopyKind

ROWS_AT_A_TIME = 20_000
WINDOW_IDS = 10_000
"""Ids missing among the last so many may belong to transactions that have not committed yet."""
SAVE_EVERY: Final = 20_000
"""So many ids further than the folder notes, and it is brought up to date."""
WINDOW_SECONDS = 600.0
"""No transaction lasts that long: an id missing for longer was rolled back."""


Columns = tuple[int, str, bytes | memoryview | None, int | None]


class Row(NamedTuple):
    """What the index reads of a content."""

    pk: int
    sha256: str
    pdq: bytes | None
    pdq_quality: int | None


class ItemIndex:
    """The index of all items' contents. Safe for threads.

    `folder`: where an index may lie; `keeps`: whether this process, the only one, brings it up to date there.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        keeps: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
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
        """Take in contents that appeared since."""
        with self._lock:
            self._catch_up()

    def close(self) -> None:
        """Let go of the folder."""
        with self._lock:
            self._index.close()
            self._is_open, self._last, self._gaps = False, None, {}

    def copies_of(self, content: ItemContent) -> list[MatchIn]:
        """Every other content that is the identical file, or within 31 bits; nearest first."""
        pdq = bytes(content.pdq) if content.pdq is not None and _searchable(content.pdq_quality) else None
        if pdq is not None:
            with self._lock:  # its PDQ may have come after its row: from now on others find it too
                self._catch_up()
                self._take([Row(content.pk, content.sha256, pdq, content.pdq_quality)])
        return self._copies(content.sha256, pdq, except_content_id=content.pk, caught_up=True)

    def copies_of_claim(self, claim: Claim) -> list[MatchIn]:
        """Every content that a hash, made by a reporter on their own device, finds. It finds, no more."""
        value = bytes(claim.value)
        if claim.kind == "sha256":
            return self._copies(value.hex(), None)
        if claim.kind == "pdq":
            return self._copies("", value)
        raise ValueError(f"a claim is a sha256 or a pdq, not {claim.kind!r}")

    def _copies(
        self,
        sha256: str,
        pdq: bytes | None,
        except_content_id: int | None = None,
        *,
        caught_up: bool = False,
    ) -> list[MatchIn]:
        exact_ids = set(_identical(sha256)) if sha256 else set[int]()
        found = [MatchIn(pk, CopyKind.EXACT) for pk in sorted(exact_ids)]
        if pdq is not None:
            near = [(pk, bits) for pk, bits in self._near(pdq, caught_up=caught_up) if pk not in exact_ids]
            found += [MatchIn(pk, CopyKind.NEAR, bits) for pk, bits in near]
        return [match for match in found if match.content_id != except_content_id]

    def _near(self, pdq: bytes, *, caught_up: bool) -> list[tuple[int, int]]:
        with self._lock:
            if not caught_up:
                self._catch_up()
            query = np.frombuffer(pdq, np.uint8).reshape(1, 32)
            return self._index.search(query, DEFAULT_THRESHOLD).of(0)

    def _catch_up(self) -> None:
        """Take in contents that appeared since. Ids are given before commits, so gaps are looked at again."""
        if not self._is_open:
            self._open()
        self._fill_gaps()
        while True:
            # As with what is known: the last row taken is read again, to notice that it is another database.
            rows = _rows(_contents_from(self._last.pk if self._last else 0))
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
        rows = _rows(_contents_from(note["pk"]))[:1] if "pk" in note else []
        if not rows or _digest(rows[0]) != note["row"]:
            self._start_anew()
            return
        # Its gaps are not noted: the last ids are read again, and those that were missing are found or noted.
        self._saved_at_pk = rows[0].pk
        before = _rows(_contents_from(max(0, rows[0].pk - WINDOW_IDS)))[:1]
        self._last = before[0] if before else rows[0]
        self._take(before)

    def _fill_gaps(self) -> None:
        now = self._monotonic()
        for pk in [pk for pk, since in self._gaps.items() if now - since >= WINDOW_SECONDS]:
            del self._gaps[pk]
        gaps = sorted(self._gaps)
        for start in range(0, len(gaps), 500):
            filled = _rows(_contents_numbered(gaps[start : start + 500]))
            self._take(filled)
            for row in filled:
                del self._gaps[row.pk]

    def _note_gaps(self, present: set[int], reached: int) -> None:
        now = self._monotonic()
        first = max((self._last.pk if self._last else 0) + 1, reached - WINDOW_IDS)
        self._gaps.update({pk: now for pk in range(first, reached) if pk not in present})

    def _take(self, rows: Iterable[Row]) -> None:
        kept = [(row.pk, row.pdq) for row in rows if row.pdq is not None and _searchable(row.pdq_quality)]
        hashes = np.frombuffer(b"".join(pdq for _pk, pdq in kept), np.uint8).reshape(-1, 32)
        there = self._index.search(hashes, 0)
        new = [at for at, (pk, _pdq) in enumerate(kept) if pk not in _ids(there, at)]
        self._index.add(np.array([kept[at][0] for at in new], np.uint64), hashes[new])

    def _start_anew(self) -> None:
        if len(self._index):
            self._index.clear()
        self._last = None
        self._saved_at_pk = 0
        self._gaps = {}


def _ids(matches: Matches, query: int) -> set[int]:
    return {number for number, _bits in matches.of(query)}


def _digest(row: Row) -> str:
    parts = [str(row.pk), row.sha256, row.pdq.hex() if row.pdq else "", str(row.pdq_quality)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@prepared
def _identical(sha256: str) -> "QuerySet[ItemContent, int]":
    return ItemContent.objects.filter(sha256=sha256).values_list("pk", flat=True)


@prepared
def _contents_from(pk: int) -> "QuerySet[ItemContent, Columns]":
    contents = ItemContent.objects.filter(pk__gte=pk).order_by("pk")[:ROWS_AT_A_TIME]
    return contents.values_list("pk", "sha256", "pdq", "pdq_quality")


@prepared
def _contents_numbered(
    numbers: list[int],
) -> "QuerySet[ItemContent, Columns]":
    return ItemContent.objects.filter(pk__in=numbers).values_list("pk", "sha256", "pdq", "pdq_quality")


def _rows(found: Iterable[Columns]) -> list[Row]:
    return [Row(pk, sha256, None if pdq is None else bytes(pdq), q) for pk, sha256, pdq, q in found]


def _searchable(quality: int | None) -> bool:
    return quality is not None and quality >= SEARCHABLE_QUALITY


_items: ItemIndex | None = None
_items_lock = threading.Lock()
_keeps = False


def items() -> ItemIndex:
    """This process's index of all items."""
    global _items  # noqa: PLW0603 - one index per process is the point
    with _items_lock:
        if _items is None:
            _items = ItemIndex(Path(settings.DATA) / "index" / "items", keeps=_keeps)
        return _items


def keep_items() -> None:
    """From its first use on, `items` brings the folder up to date: the worker says so as it starts."""
    global _keeps  # noqa: PLW0603
    _keeps = True
