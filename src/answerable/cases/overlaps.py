"""What two contents have in common where one of them is a video: stretches of time, shares, sentences."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from answerable.media.frames import Span, clock_time


class Part(NamedTuple):
    """A stretch that two have in common, in seconds from the start of each; None for one that is a still."""

    mine: Span | None
    theirs: Span | None


@dataclass(frozen=True, slots=True)
class Overlap:
    """What mine and theirs have in common, in both directions, and by which thresholds it was found.

    of_mine, of_theirs: the share of each (0 to 1) that is in the other: by time, of all that can be compared; 1 for a
    still. seconds: how long that is, in the one that is a video, or in mine where both are.
    bits, quality: how near two frames had to be, and how much they had to show. least_seconds, least_share: what
    counts as having something in common.
    """

    parts: tuple[Part, ...]
    of_mine: float
    of_theirs: float
    seconds: float
    bits: int
    quality: int
    least_seconds: float
    least_share: float

    def turned(self) -> "Overlap":
        """The same, seen from the other one."""
        parts = tuple(Part(theirs, mine) for mine, theirs in self.parts)
        return replace(self, parts=parts, of_mine=self.of_theirs, of_theirs=self.of_mine)

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        parts = [[_stored(one.mine), _stored(one.theirs)] for one in self.parts]
        return {**asdict(self), "parts": parts}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Overlap":
        """From JSON."""
        parts = tuple(Part(_read(mine), _read(theirs)) for mine, theirs in stored["parts"])
        return cls(**{**stored, "parts": parts})

    def sentences(self, theirs: str) -> list[str]:
        """What a reviewer reads about mine, on its own page. `theirs` names the other one, such as "item 7"."""
        return [_sentence(one, theirs) for one in self.parts]


def _sentence(part: Part, theirs: str) -> str:
    if part.mine is None:
        shown = f" at {_times(part.theirs)}" if part.theirs else ""
        return f"This picture is shown in {theirs}{shown}."
    there = f" ({_times(part.theirs)})" if part.theirs else ""
    return f"{_times(part.mine)} of this video is in {theirs}{there}."


def _times(span: Span) -> str:
    """From when until when, in whole seconds that hold all of it."""
    return f"{clock_time(span.start)}–{clock_time(-(-span.end // 1))}"


def _stored(span: Span | None) -> list[float] | None:
    return None if span is None else [round(span.start, 3), round(span.end, 3)]


def _read(pair: list[float] | None) -> Span | None:
    return None if pair is None else Span(*pair)
