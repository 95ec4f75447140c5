"""What two videos have in common, from frames of one that are near frames of the other. Pure.

vPDQ compares bags of frames and asks which share of each is in the other. Here shares are of time (decision 33), and
the stretches are told. A known clip in a long compilation is all of the clip and a small share of the compilation, a
piece of a known film in a short clip the other way round, and a piece of one in a piece of the other is little of both:
so enough of either counts, and so do some seconds on end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from answerable.cases.overlaps import Overlap, Part
from answerable.matching.index import DEFAULT_THRESHOLD
from answerable.media.frames import Span
from answerable.media.limits import SEARCHABLE_QUALITY

MOST_PARTS: Final = 12
"""The longest stretches that are told; a reviewer looks at no more."""
DRIFT_SECONDS: Final = 2.0
"""Two stretches are one while both run at the same pace, as far as looks on a grid can tell."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What counts as something in common. Stored with each result.

    bits: how near two frames are (of 256). quality: what a frame shows at least (0 to 100). seconds, share: how long
    something in common is, or which share of either it is. Title cards and logos are shorter than five seconds.
    """

    bits: int = DEFAULT_THRESHOLD
    quality: int = SEARCHABLE_QUALITY
    seconds: float = 5.0
    share: float = 0.5


THRESHOLDS: Final = Thresholds()


class Pair(NamedTuple):
    """A frame of mine that is near a frame of theirs: their places, and bits between them."""

    mine: int
    theirs: int
    distance: int


def in_common(
    mine: Sequence[Span], theirs: Sequence[Span], pairs: Iterable[Pair], thresholds: Thresholds = THRESHOLDS
) -> Overlap | None:
    """What two videos have in common; None where that is too little to count.

    `mine`, `theirs`: how long each frame that says enough is shown. `pairs`: those within `thresholds.bits`.
    """
    by_mine: dict[int, list[Pair]] = {}
    for pair in pairs:
        by_mine.setdefault(pair.mine, []).append(pair)
    if not by_mine:
        return None
    my_seconds = _seconds(mine[place] for place in by_mine)
    their_seconds = _seconds(theirs[pair.theirs] for found in by_mine.values() for pair in found)
    of_mine, of_theirs = my_seconds / _seconds(mine), their_seconds / _seconds(theirs)
    long_enough = min(my_seconds, their_seconds) >= thresholds.seconds
    if not long_enough and max(of_mine, of_theirs) < thresholds.share:
        return None
    parts = _parts(mine, theirs, by_mine)
    return _overlap(parts, of_mine, of_theirs, my_seconds, thresholds)


def shown_in(spans: Sequence[Span], thresholds: Thresholds = THRESHOLDS) -> Overlap:
    """What mine, a still, and a video have in common that shows it during `spans`. One frame is enough."""
    parts = [Part(None, span) for span in _joined(spans)]
    return _overlap(parts, 1.0, 1.0, _seconds(spans), thresholds)


def _overlap(
    parts: Sequence[Part], of_mine: float, of_theirs: float, seconds: float, thresholds: Thresholds
) -> Overlap:
    longest = sorted(parts, key=_length, reverse=True)[:MOST_PARTS]
    return Overlap(
        parts=tuple(sorted(longest, key=lambda part: part.mine or part.theirs or Span(0, 0))),
        of_mine=round(of_mine, 3),
        of_theirs=round(of_theirs, 3),
        seconds=round(seconds, 3),
        bits=thresholds.bits,
        quality=thresholds.quality,
        least_seconds=thresholds.seconds,
        least_share=thresholds.share,
    )


def _length(part: Part) -> float:
    return max(span.seconds for span in part if span is not None)


def _seconds(spans: Iterable[Span]) -> float:
    """How long all of them are together; what two cover counts once. Never 0, so that shares can be of it."""
    return max(sum(span.seconds for span in _joined(spans)), 1e-3)


def _joined(spans: Iterable[Span], gap: float = 0.0) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end + gap:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def _parts(mine: Sequence[Span], theirs: Sequence[Span], by_mine: dict[int, list[Pair]]) -> list[Part]:
    """The stretches that run along each other, as a player of both would show them."""
    parts: list[Part] = []
    for place in sorted(by_mine, key=lambda place: mine[place]):
        span = mine[place]
        going_on = parts[-1] if parts and _follows(span, parts[-1].mine) else None
        best = min(
            by_mine[place], key=lambda pair: (_off(span, theirs[pair.theirs], going_on), pair.distance)
        )
        there = theirs[best.theirs]
        if going_on is not None and _off(span, there, going_on) == 0:
            parts[-1] = Part(_both(going_on.mine, span), _both(going_on.theirs, there))
        else:
            parts.append(Part(span, there))
    return parts


def _follows(span: Span, before: Span | None) -> bool:
    return before is not None and span.start <= before.end + DRIFT_SECONDS


def _off(mine: Span, theirs: Span, part: Part | None) -> int:
    """Whether this frame of theirs is not where the stretch leads (1), or there is no stretch to lead (0 for all)."""
    if part is None or part.mine is None or part.theirs is None:
        return 0
    expected = part.theirs.start + mine.start - part.mine.start
    return int(not theirs.start - DRIFT_SECONDS <= expected <= theirs.end + DRIFT_SECONDS)


def _both(one: Span | None, other: Span) -> Span:
    return other if one is None else Span(min(one.start, other.start), max(one.end, other.end))
