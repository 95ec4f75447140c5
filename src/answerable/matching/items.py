"""Copies among everything that was ever registered: exact by SHA-256, near by PDQ, of videos by their frames.

Near copies are found in indexes that catch up with `ItemContent` and `ContentFrame` before each search. The worker
keeps them in folders, so that a start does not read everything again; another process may open those and follow in
its own memory. A copy is measured against the content that is asked about, never along a chain (rule 11).
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db.models import QuerySet
from numpy.typing import NDArray

from answerable.cases.inputs import MatchIn
from answerable.cases.models import Claim, ContentFrame, ItemContent
from answerable.cases.queries.frames import searchable_frames
from answerable.db.prepared import prepared
from answerable.matching import table_index
from answerable.matching.near_videos import Hit, span_of, stills_in, videos_like, videos_that_show
from answerable.matching.table_index import Row, TableIndex
from answerable.matching.turns import TURNS, turned, turns_of_content, turns_of_pdq
from answerable.media.limits import SEARCHABLE_QUALITY
from answerable.policy.words import CopyKind

Columns = tuple[int, str, bytes | memoryview | None, int | None]
FrameColumns = tuple[int, int, int, bytes | memoryview, int]


class ItemIndex:
    """The indexes of all items' contents. Safe for threads.

    `folder`: where the one of stills may lie, with that of frames beside it; `keeps`: whether this process, the only
    one, brings them up to date there.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        keeps: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        beside = folder.with_name("frames") if folder is not None else None
        self._stills = TableIndex(_Contents(), folder, keeps=keeps, monotonic=monotonic)
        self._frames = TableIndex(_Frames(), beside, keeps=keeps, monotonic=monotonic)

    def __len__(self) -> int:
        return len(self._stills) + len(self._frames)

    def catch_up(self) -> None:
        """Take in contents that appeared since."""
        self._stills.catch_up()
        self._frames.catch_up()

    def close(self) -> None:
        """Let go of the folders."""
        self._stills.close()
        self._frames.close()

    def copies_of(self, content: ItemContent) -> list[MatchIn]:
        """Every other content that is the identical file, near, or has enough in common; nearest first."""
        frames = searchable_frames(content.pk)
        pdq = bytes(content.pdq) if content.pdq is not None and _searchable(content.pdq_quality) else None
        if frames:
            near = self._near_video(content.pk, frames)
        else:
            # its PDQ may have come after its row: from now on others find it too
            late = [Row(content.pk, content.sha256, pdq)] if pdq is not None else []
            near = self._near_still(turns_of_content(content), late) if pdq is not None else []
        return _exact_first(content.sha256, near, except_content_id=content.pk)

    def copies_of_claim(self, claim: Claim) -> list[MatchIn]:
        """Every content that a hash, made by a reporter on their own device, finds. It finds, no more."""
        value = bytes(claim.value)
        if claim.kind == "sha256":
            return _exact_first(value.hex(), [])
        if claim.kind == "pdq":
            return _exact_first("", self._near_still(turns_of_pdq(value)))
        raise ValueError(f"a claim is a sha256 or a pdq, not {claim.kind!r}")

    def near(self, pdqs: Sequence[bytes]) -> list[list[tuple[int, int]]]:
        """For each of these PDQ (32 bytes) the stills within 31 bits, and videos that show it: (id, bits)."""
        hashes = np.frombuffer(b"".join(pdqs), np.uint8).reshape(-1, 32)
        stills, frames = self._stills.search(hashes), self._frames.search(hashes)
        shown = [videos_that_show(frames.of(query)) for query in range(len(pdqs))]
        return [
            stills.of(query) + [(match.content_id, match.distance) for match in shown[query]]
            for query in range(len(pdqs))
        ]

    def pictures_near(self, pdqs: Sequence[bytes]) -> list[list[MatchIn]]:
        """For each picture, by its PDQ (32 bytes) and however it is turned, the stills near it and the videos that
        show it. Of a PDQ alone the other turns are nearly right, so a turned picture right at 31 bits may be missed.
        """
        hashes = turned(pdqs).reshape(-1, 32)
        stills, shown = _by_picture(self._stills, hashes), _by_picture(self._frames, hashes)
        return [
            [MatchIn(pk, CopyKind.NEAR, bits) for pk, bits in near] + videos_that_show(frames)
            for near, frames in zip(stills, shown, strict=True)
        ]

    def _near_still(self, turns: Sequence[bytes], late: Sequence[Row] = ()) -> list[MatchIn]:
        """Stills near one of a picture's turns, and videos that show one."""
        hashes = np.frombuffer(b"".join(turns), np.uint8).reshape(-1, 32)
        (stills,), (shown,) = _by_picture(self._stills, hashes, late), _by_picture(self._frames, hashes)
        return [MatchIn(pk, CopyKind.NEAR, bits) for pk, bits in stills] + videos_that_show(shown)

    def _near_video(self, content_id: int, frames: Sequence[ContentFrame]) -> list[MatchIn]:
        """Stills that it shows, and videos that it has enough in common with."""
        hashes = turned([bytes(frame.pdq) for frame in frames]).reshape(-1, 32)
        mine = [span_of(frame) for frame in frames]
        stills = stills_in(mine, _by_picture(self._stills, hashes))
        return videos_like(content_id, mine, _by_picture(self._frames, hashes)) + stills


def _by_picture(index: TableIndex, hashes: NDArray[np.uint8], late: Sequence[Row] = ()) -> list[list[Hit]]:
    """What each picture, of eight hashes, is near however it is turned: of each row the fewest bits."""
    found = index.search(hashes, late)
    hits: list[list[Hit]] = []
    for first in range(0, len(hashes), TURNS):
        nearest: dict[int, int] = {}
        for query in range(first, first + TURNS):
            for number, bits in found.of(query):
                nearest[number] = min(bits, nearest.get(number, bits))
        hits.append(sorted(nearest.items()))
    return hits


def _exact_first(sha256: str, near: Iterable[MatchIn], except_content_id: int | None = None) -> list[MatchIn]:
    """Identical files first, then what is nearest; of each content one match."""
    exact_ids = set(_identical(sha256)) if sha256 else set[int]()
    found = {pk: MatchIn(pk, CopyKind.EXACT) for pk in sorted(exact_ids)}
    for match in sorted(near, key=lambda match: (match.distance, match.content_id)):
        found.setdefault(match.content_id, match)
    return [match for match in found.values() if match.content_id != except_content_id]


class _Contents:
    """The stills: one hash for each content that has a PDQ worth searching."""

    def rows_from(self, pk: int) -> list[Row]:
        return [_still(*row) for row in _contents_from(pk)]

    def rows_numbered(self, numbers: list[int]) -> list[Row]:
        return [_still(*row) for row in _contents_numbered(numbers)]


class _Frames:
    """The frames of videos and animations."""

    def rows_from(self, pk: int) -> list[Row]:
        return [_frame(*row) for row in _frames_from(pk)]

    def rows_numbered(self, numbers: list[int]) -> list[Row]:
        return [_frame(*row) for row in _frames_numbered(numbers)]


def _still(pk: int, sha256: str, pdq: bytes | memoryview | None, quality: int | None) -> Row:
    return Row(pk, sha256, bytes(pdq) if pdq is not None and _searchable(quality) else None)


def _frame(pk: int, content_id: int, number: int, pdq: bytes | memoryview, quality: int) -> Row:
    return Row(pk, f"{content_id}:{number}", bytes(pdq) if _searchable(quality) else None)


@prepared
def _identical(sha256: str) -> "QuerySet[ItemContent, int]":
    return ItemContent.objects.filter(sha256=sha256).values_list("pk", flat=True)


@prepared
def _contents_from(pk: int) -> "QuerySet[ItemContent, Columns]":
    contents = ItemContent.objects.filter(pk__gte=pk).order_by("pk")[: table_index.ROWS_AT_A_TIME]
    return contents.values_list("pk", "sha256", "pdq", "pdq_quality")


@prepared
def _contents_numbered(numbers: list[int]) -> "QuerySet[ItemContent, Columns]":
    return ItemContent.objects.filter(pk__in=numbers).values_list("pk", "sha256", "pdq", "pdq_quality")


@prepared
def _frames_from(pk: int) -> "QuerySet[ContentFrame, FrameColumns]":
    frames = ContentFrame.objects.filter(pk__gte=pk).order_by("pk")[: table_index.ROWS_AT_A_TIME]
    return frames.values_list("pk", "content_id", "number", "pdq", "quality")


@prepared
def _frames_numbered(numbers: list[int]) -> "QuerySet[ContentFrame, FrameColumns]":
    return ContentFrame.objects.filter(pk__in=numbers).values_list(
        "pk", "content_id", "number", "pdq", "quality"
    )


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
