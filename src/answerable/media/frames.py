"""The distinct frames of an animation or a video, and how long each is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from answerable.media.limits import SEARCHABLE_QUALITY


@dataclass(frozen=True, slots=True)
class Frame:
    """The PDQ (32 bytes) of a frame, its quality (0 to 100), and when it is shown, in seconds from the start."""

    pdq: bytes
    quality: int
    at_seconds: float


STANDS_SECONDS = 1.0
"""How long the last frame is taken to be shown where nobody said how long the whole is."""


class Span(NamedTuple):
    """From when until when, in seconds from the start."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start


def spans(frames: Sequence[Frame], duration_seconds: float | None = None) -> list[Span]:
    """How long each of `frames` (in their order) is shown: until the next one is, the last until the end."""
    found: list[Span] = []
    last = frames[-1].at_seconds if frames else 0.0
    end = max(duration_seconds or 0.0, last)
    following = end if end > last else last + STANDS_SECONDS
    for place in range(len(frames) - 1, -1, -1):
        at = frames[place].at_seconds
        if place + 1 < len(frames) and frames[place + 1].at_seconds > at:
            following = frames[place + 1].at_seconds
        found.append(Span(at, following))
    return found[::-1]


def searchable_spans(frames: Sequence[Frame], duration_seconds: float | None = None) -> list[Span]:
    """How long each frame is shown that says enough to be searched."""
    both = zip(frames, spans(frames, duration_seconds), strict=True)
    return [span for frame, span in both if frame.quality >= SEARCHABLE_QUALITY]


def clock_time(seconds: float) -> str:
    """A time in a video as players show it, such as 0:12 or 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
