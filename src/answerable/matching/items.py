"""Copies among everything that was ever registered: exact by SHA-256, near by PDQ. The worker alone holds it.

Near copies are found in an index in memory that catches up with `ItemContent` before each search. A copy is
measured against the content that is asked about, never along a chain (rule 11).
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from django.db.models import QuerySet

from answerable.cases.inputs import MatchIn
from answerable.cases.models import Claim, ItemContent
from answerable.db.prepared import prepared
from answerable.matching.index import DEFAULT_THRESHOLD, Index
from answerable.media.limits import SEARCHABLE_QUALITY
from answerable.policy.words import CopyKind

ROWS_AT_A_TIME = 20_000
WINDOW_IDS = 10_000
"""Ids missing among the last so many may belong to transactions that have not committed yet."""
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
    """The index of all items' contents. Safe for threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._index = Index()
        self._last: Row | None = None
        self._gaps: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._index)

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

    def near(self, pdqs: Sequence[bytes]) -> list[list[tuple[int, int]]]:
        """For each of these PDQ (32 bytes) the contents within 31 bits: (content id, bits), nearest first."""
        with self._lock:
            self._catch_up()
            found = self._index.search(np.frombuffer(b"".join(pdqs), np.uint8).reshape(-1, 32))
        return [found.of(query) for query in range(len(pdqs))]

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
                return

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
        self._index.add(np.array([pk for pk, _pdq in kept], np.uint64), hashes)

    def _start_anew(self) -> None:
        self._index = Index()
        self._last = None
        self._gaps = {}


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


_items = ItemIndex()


def items() -> ItemIndex:
    """The worker's index."""
    return _items
