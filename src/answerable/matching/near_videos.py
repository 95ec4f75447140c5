"""Which contents have something in common with one, where one of the two is a video: from hits of frames to matches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from answerable.cases.inputs import MatchIn
from answerable.cases.models import ContentFrame
from answerable.cases.queries.frames import searchable_frames
from answerable.db.prepared import prepared
from answerable.matching.videos import Pair, in_common, shown_in
from answerable.media.frames import Span
from answerable.policy.words import CopyKind

if TYPE_CHECKING:
    from django.db.models import QuerySet

MOST_VIDEOS: Final = 1000
"""Videos that are measured, those first that share most frames."""
_AT_ONCE: Final = 500

Hit = tuple[int, int]
"""The number of a row, and bits."""


def span_of(frame: ContentFrame) -> Span:
    """How long a frame is shown, in seconds."""
    return Span(frame.at_ms / 1000, frame.until_ms / 1000)


def videos_that_show(hits: Sequence[Hit]) -> list[MatchIn]:
    """Of a still: the videos in which it is near a frame. `hits`: numbers of frames."""
    rows = _frames(number for number, _bits in hits)
    bits_of = dict(hits)
    of_content: dict[int, list[ContentFrame]] = {}
    for row in rows:
        of_content.setdefault(row.content_id, []).append(row)
    return [
        MatchIn(
            content_id,
            CopyKind.NEAR,
            min(bits_of[frame.pk] for frame in frames),
            shown_in([span_of(frame) for frame in frames]),
        )
        for content_id, frames in of_content.items()
    ]


def stills_in(mine: Sequence[Span], hits: Sequence[Sequence[Hit]]) -> list[MatchIn]:
    """Of a video: the stills that it shows. `hits`: for each of its frames, numbers of contents."""
    nearest: dict[int, int] = {}
    shown: dict[int, list[Span]] = {}
    for span, found in zip(mine, hits, strict=True):
        for content_id, bits in found:
            nearest[content_id] = min(bits, nearest.get(content_id, bits))
            shown.setdefault(content_id, []).append(span)
    return [
        MatchIn(content_id, CopyKind.NEAR, nearest[content_id], shown_in(spans).turned())
        for content_id, spans in shown.items()
    ]


def videos_like(content_id: int, mine: Sequence[Span], hits: Sequence[Sequence[Hit]]) -> list[MatchIn]:
    """Of a video: the others with which it has enough in common. `hits`: for each of its frames, numbers of frames."""
    near = [_Near(place, number, bits) for place, found in enumerate(hits) for number, bits in found]
    content_of = {row.pk: row.content_id for row in _frames({one.frame for one in near})}
    of_content: dict[int, list[_Near]] = {}
    for one in near:
        other = content_of.get(one.frame)
        if other is not None and other != content_id:
            of_content.setdefault(other, []).append(one)
    most = sorted(of_content, key=lambda other: (-len({one.place for one in of_content[other]}), other))
    matches = (_measured(other, mine, of_content[other]) for other in most[:MOST_VIDEOS])
    return [match for match in matches if match is not None]


@dataclass(frozen=True, slots=True)
class _Near:
    """A frame of mine, by its place, is near that frame of another, by its number."""

    place: int
    frame: int
    distance: int


def _measured(other: int, mine: Sequence[Span], near: Sequence[_Near]) -> MatchIn | None:
    frames = searchable_frames(other)
    place_of = {frame.pk: place for place, frame in enumerate(frames)}
    pairs = [Pair(one.place, place_of[one.frame], one.distance) for one in near if one.frame in place_of]
    overlap = in_common(mine, [span_of(frame) for frame in frames], pairs)
    if overlap is None:
        return None
    nearest: dict[int, int] = {}
    for pair in pairs:
        nearest[pair.mine] = min(pair.distance, nearest.get(pair.mine, pair.distance))
    middle = sorted(nearest.values())[len(nearest) // 2]
    return MatchIn(other, CopyKind.NEAR, middle, overlap)


def _frames(numbers: Iterable[int]) -> list[ContentFrame]:
    wanted = sorted(set(numbers))
    found: list[ContentFrame] = []
    for start in range(0, len(wanted), _AT_ONCE):
        found += _frames_numbered(wanted[start : start + _AT_ONCE])
    return found


@prepared
def _frames_numbered(numbers: list[int]) -> "QuerySet[ContentFrame]":
    return ContentFrame.objects.filter(pk__in=numbers).order_by("content_id", "number")
