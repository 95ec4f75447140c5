"""Views since first notice, as an SVG that needs no script and no style of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT = 640, 160
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 28


@dataclass(frozen=True, slots=True)
class Chart:
    """Where the line and its labels go, in the SVG's own units."""

    line: str
    area: str
    most: int
    first: datetime
    last: datetime
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    base: int = HEIGHT - BOTTOM


def chart(points: Sequence[tuple[datetime, int]], *, now: datetime) -> Chart | None:
    """A stepped line up to now: what was counted holds until it is counted again. None without a point."""
    if not points:
        return None
    first, last = points[0][0], max(now, points[-1][0])
    span = max(1.0, (last - first).total_seconds())
    most = max(1, *(count for _, count in points))
    places = [
        (
            LEFT + (WIDTH - LEFT - RIGHT) * (at - first).total_seconds() / span,
            TOP + (HEIGHT - TOP - BOTTOM) * (1 - count / most),
        )
        for at, count in points
    ]
    path = f"M{places[0][0]:.1f} {places[0][1]:.1f}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in places[1:])
    end = f"H{WIDTH - RIGHT}"
    base = HEIGHT - BOTTOM
    return Chart(
        path + end, f"{path}{end}V{base}H{places[0][0]:.1f}Z", max(n for _, n in points), first, last
    )
