"""Known videos that an upload has enough in common with, from its frames that are near known ones."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from answerable.matching import known_rows
from answerable.matching.known_rows import KnownFrame
from answerable.matching.verdicts import KnownMatch
from answerable.matching.videos import Pair, in_common
from answerable.media.fingerprint import Fingerprints
from answerable.media.frames import Span, searchable_spans

MOST_VIDEOS: Final = 64
"""Known videos that are measured, those first that share most frames: one that counts is enough to hold an upload."""


class Near(NamedTuple):
    """A frame of the upload (its place among those that say enough) is so near that known value."""

    place: int
    value: bytes
    distance: int


def videos_in(prints: Fingerprints, near: Iterable[Near]) -> list[KnownMatch]:
    """One match for each known video, the most like it first, that has enough in common with this upload."""
    by_value: dict[bytes, list[Near]] = {}
    for one in near:
        by_value.setdefault(one.value, []).append(one)
    shared: dict[tuple[str, str], set[int]] = {}
    for frame in known_rows.frames_with(by_value):
        mine = shared.setdefault((frame.hash_list, frame.cause), set())
        mine.update(one.place for one in by_value[frame.value])
    most = sorted(shared, key=lambda video: (-len(shared[video]), video))[:MOST_VIDEOS]
    spans = searchable_spans(prints.frames, prints.duration_seconds)
    found = (_match(spans, known_rows.frames_of(*video), by_value) for video in most)
    return [one for one in found if one is not None]


def _match(
    spans: list[Span], frames: list[KnownFrame], by_value: dict[bytes, list[Near]]
) -> KnownMatch | None:
    theirs = [Span(frame.at_ms / 1000, frame.until_ms / 1000) for frame in frames]
    pairs = [
        Pair(one.place, place, one.distance)
        for place, frame in enumerate(frames)
        for one in by_value.get(frame.value, ())
    ]
    if in_common(spans, theirs, pairs) is None:
        return None
    nearest = min(pairs, key=lambda pair: (pair.distance, pair.theirs))
    frame = frames[nearest.theirs]
    return KnownMatch("frame", frame.hash_list, nearest.distance, frame.seq)
